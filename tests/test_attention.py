"""Self-attention whose heads can be removed: the same as torch's, and the same without the heads that are silent."""

import copy
import io

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune

from pruneutils.book.train import fit
from pruneutils.measure import macs, parameters
from pruneutils.pytorch import apply_masks, coupled_layers, remove_neurons
from pruneutils.pytorch.attention import SelfAttention, remove_heads


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, width, heads, inner, bias, kind):
        super().__init__()
        make = {"ours": SelfAttention, "torch's": lambda *a, **k: nn.MultiheadAttention(*a, batch_first=True, **k)}
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.attention = make[kind](width, heads, bias=bias)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        y = self.norms[0](x)
        x = x + self.attention(y, y, y)[0]
        return x + self.down(F.gelu(self.up(self.norms[1](x))))


def transformer(width=8, heads=4, blocks=2, inner=6, bias=True, kind="ours"):
    return nn.Sequential(*(Block(width, heads, inner, bias, kind) for _ in range(blocks)), nn.Linear(width, 3))


def silent(model, kept):
    """The same model with some heads' outputs held at zero, by what reads them."""
    model = copy.deepcopy(model)
    for name, mask in kept.items():
        attention = model.get_submodule(name)
        last = attention.output if isinstance(attention, SelfAttention) else attention.out_proj
        with torch.no_grad():
            last.weight[:, ~np.repeat(mask, last.in_features // len(mask))] = 0
    return model.eval()


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.booleans(), st.sampled_from(["ours", "torch's"]),
    st.data(),
)  # fmt: skip
def test_transformer_without_heads_equals_the_one_where_they_are_silent(head_width, heads, blocks, bias, kind, data):
    width = head_width * heads
    model = transformer(width, heads, blocks, bias=bias, kind=kind).eval()
    before = copy.deepcopy(model.state_dict())
    names = data.draw(st.sets(st.sampled_from([f"{i}.attention" for i in range(blocks)]), min_size=1))
    masks = st.lists(st.booleans(), min_size=heads, max_size=heads).filter(any).map(np.array)
    kept = {name: data.draw(masks) for name in names}
    smaller = remove_heads(model, kept)
    x = torch.randn(3, 6, width)
    with torch.no_grad():
        assert torch.allclose(smaller(x), silent(model, kept)(x), atol=1e-5)
    gone = sum(int((~mask).sum()) for mask in kept.values()) * head_width
    assert parameters(model) - parameters(smaller) == gone * (4 * width + 3 * bias)
    if kind == "ours":
        scores = 2 * 6 * 6 * gone  # of 6 tokens, with queries and keys, and with values
        assert macs(model, x[:1].numpy()) - macs(smaller, x[:1].numpy()) == 6 * 4 * width * gone + scores
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(smaller.get_submodule(name).heads == mask.sum() for name, mask in kept.items())


def test_smaller_transformer_saves_loads_and_trains():
    model = transformer()
    smaller = remove_heads(model, {"1.attention": np.array([False, True, False, True])})
    expected = transformer()
    expected[1].attention = SelfAttention(8, 2, head_width=2)
    file = io.BytesIO()
    torch.save(smaller.state_dict(), file)
    file.seek(0)
    expected.load_state_dict(torch.load(file))
    x = torch.randn(2, 5, 8)
    assert torch.equal(expected(x), smaller(x))
    before = [parameter.clone() for parameter in smaller.parameters()]
    smaller(x).square().sum().backward()
    torch.optim.SGD(smaller.parameters(), lr=0.1).step()
    assert all(not torch.equal(old, new) for old, new in zip(before, smaller.parameters(), strict=True) if new.ndim > 1)


def test_networks_with_attention_train_as_a_batch():
    class Tokens(nn.Sequential):
        def forward(self, x):
            return super().forward(x.unflatten(1, (4, 8))).mean(1)

    torch.manual_seed(0)
    nets = [Tokens(transformer()) for _ in range(2)]
    nets = [remove_heads(net, {"0.0.attention": np.array([True, False, True, True])}) for net in nets]
    X = np.random.default_rng(0).normal(size=(12, 32)).astype(np.float32)
    losses = fit(nets, X, np.arange(12) % 3, steps=40, lr=0.01, batch=12)
    assert (losses[:, -1] < losses[:, 0] / 2).all()


PADDING = torch.tensor([[False] * 5, [False, False, False, True, True]])
CAUSAL = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "masks",
    [
        {},
        {"key_padding_mask": PADDING},
        {"attn_mask": CAUSAL},
        {"attn_mask": CAUSAL, "is_causal": True},
        {"attn_mask": CAUSAL * -3.0, "key_padding_mask": PADDING * -2.0},
    ],
    ids=lambda masks: "+".join(masks) or "none",
)
def test_converted_attention_computes_what_torchs_does(masks, bias):
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(8, 2, bias=bias, batch_first=True).double()
    for parameter in theirs.parameters():
        parameter.data.normal_()
    ours = SelfAttention.from_torch(theirs)
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    assert torch.allclose(ours(x, x, x, **masks)[0], theirs(x, x, x, need_weights=False, **masks)[0], atol=1e-12)
    assert not {id(p) for p in ours.parameters()} & {id(p) for p in theirs.parameters()}


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("masks", [{}, {"src_key_padding_mask": PADDING}, {"mask": CAUSAL, "is_causal": True}])
def test_torchs_encoder_goes_on_with_fewer_heads(training, gradients, masks):
    """Its fast path, taken without gradients in evaluation, would read parameters that are no longer there."""
    torch.manual_seed(0)
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True), 2)
    model.train(training)
    kept = {"layers.0.self_attn": np.array([False, True])}
    reference = silent(model, kept).train(training)
    x = torch.randn(2, 5, 8)
    seen = ~masks.get("src_key_padding_mask", torch.zeros(2, 5, dtype=torch.bool))
    with torch.set_grad_enabled(gradients):
        assert torch.allclose(remove_heads(model, kept)(x, **masks)[seen], reference(x, **masks)[seen], atol=1e-5)


def test_dropout_and_mode_are_taken_over():
    theirs = nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)
    ours, x = SelfAttention.from_torch(theirs), torch.randn(2, 5, 8)
    assert not torch.equal(ours(x)[0], ours(x)[0])
    assert torch.equal(ours.eval()(x)[0], ours(x)[0]) and not SelfAttention.from_torch(theirs.eval()).training


def test_an_attention_that_is_the_whole_model_can_lose_heads():
    smaller = remove_heads(nn.MultiheadAttention(8, 2, batch_first=True), {"": np.array([True, False])})
    assert smaller.output.in_features == 4 and smaller(torch.zeros(1, 3, 8))[0].shape == (1, 3, 8)


def test_feed_forward_units_go_heads_or_not():
    model = remove_heads(transformer(), {"0.attention": np.array([True, False, True, True])})
    assert coupled_layers(model) == [("0.up",), ("1.up",)]
    assert remove_neurons(model, {"0.up": np.arange(6) > 1})[0].down.in_features == 4


def pruned(kind):
    model = transformer(kind=kind)
    attention = model[0].attention
    if kind == "ours":
        apply_masks(model, {"0.attention.key": np.eye(8, dtype=bool)})
    else:
        prune.l1_unstructured(attention, "in_proj_weight", 0.5)
    return model


def other(**options):
    return nn.Sequential(nn.MultiheadAttention(8, 4, **{"batch_first": True} | options))


FOUR = np.array([True, False, True, True])
REFUSED = [
    (transformer(), {"attention": FOUR}, r"no such self-attention, expected one of \['0.attention', '1.attention'\]"),
    (transformer(), {"0.attention": FOUR[:3]}, r"shape \(3,\): expected a boolean array of shape \(4,\)"),
    (transformer(), {"0.attention": np.array([0, 9])}, "dtype int64"),
    (transformer(), {"0.attention": FOUR, "1.attention": FOUR & False}, "'1.attention'.*keeps no head"),
    (pruned("ours"), {"0.attention": FOUR}, "holds a mask"),
    (pruned("torch's"), {"0.attention": FOUR}, "holds a mask"),
    (other(batch_first=False), {"0": FOUR}, "batch_first=False"),
    (other(kdim=4), {"0": FOUR}, "kdim or vdim"),
    (other(add_bias_kv=True), {"0": FOUR}, "add_bias_kv"),
    (other(add_zero_attn=True), {"0": FOUR}, "add_zero_attn"),
]


@pytest.mark.parametrize("model, kept, words", REFUSED)
def test_what_cannot_be_removed_is_refused_and_the_model_stays(model, kept, words):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match=words):
        remove_heads(model, kept)
    after = model.state_dict()
    assert list(after) == list(before) and all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"key": torch.zeros(1, 3, 8)}, "expected the query itself"),
        ({"value": torch.zeros(1, 3, 8)}, "expected the query itself"),
        ({"is_causal": True}, "is_causal=True: expected attn_mask"),
        ({"attn_mask": torch.zeros(2, 3, 3)}, r"attn_mask of shape \(2, 3, 3\)"),
    ],
)
def test_calls_that_are_no_self_attention_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        SelfAttention(8, 2)(torch.zeros(1, 3, 8), **options)
