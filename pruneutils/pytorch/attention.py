"""Multi-head self-attention whose heads can be removed, and their removal."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from pruneutils._arguments import boolean, fraction, some, whole
from pruneutils.pytorch._hold import clone
from pruneutils.pytorch._layers import prunable_layers, pruned_tensors
from pruneutils.pytorch._slicing import keep_inputs, keep_outputs

__all__ = ["SelfAttention", "remove_heads"]

PROJECTIONS = ("query", "key", "value")


class SelfAttention(nn.Module):
    """Self-attention of four linear layers: ``query``, ``key``, ``value`` and ``output``.

    It is called as ``nn.MultiheadAttention`` with ``batch_first=True`` is, and computes the same.
    But the width of a head is a number of its own, so that there can be fewer heads than the model's width asks for:
    ``nn.MultiheadAttention`` insists on ``embed_dim == num_heads * head_dim``. Head number h has the outputs
    ``h * head_width`` to ``(h + 1) * head_width - 1`` of the first three layers, and these inputs of the fourth.

    Parameters
    ----------
    width : features of a token.
    heads : number of heads.
    head_width : features of a head; by default ``width / heads``, which must be whole.
    bias : whether the layers have biases.
    dropout : share of the attention's weights that is set to zero in training.

    Raises
    ------
    ValueError
        if a number is not a whole one above 0, or ``width`` is no multiple of ``heads`` and ``head_width`` not given.

    References
    ----------
    Vaswani et al. (2017), section 3.2; https://arxiv.org/abs/1706.03762.

    Examples
    --------
    >>> attention = SelfAttention(8, 2, head_width=3)
    >>> x = torch.zeros(5, 7, 8)  # samples, tokens, width
    >>> attention(x, x, x)[0].shape, attention.query.out_features
    (torch.Size([5, 7, 8]), 6)
    """

    batch_first = True
    in_proj_bias = None  # tells nn.TransformerEncoderLayer to call this module: it has no fast path

    def __init__(
        self, width: int, heads: int, *, head_width: int | None = None, bias: bool = True, dropout: float = 0.0
    ):
        super().__init__()
        width, heads = whole("width", width, at_least=1), whole("heads", heads, at_least=1)
        if head_width is None and width % heads:
            raise ValueError(f"heads={heads}: expected a divisor of width={width}, or head_width to be given")
        inner = heads * whole("head_width", width // heads if head_width is None else head_width, at_least=1)
        self.heads, self.dropout = heads, fraction("dropout", dropout)
        self.query, self.key, self.value = (nn.Linear(width, inner, bias) for _ in PROJECTIONS)
        self.output = nn.Linear(inner, width, bias)

    @classmethod
    def from_torch(cls, attention: nn.MultiheadAttention) -> "SelfAttention":
        """Convert torch's module, with copies of its parameters, on its device, in its mode.

        Parameters
        ----------
        attention : module with ``batch_first=True`` and none of the options ``kdim``, ``vdim``, ``add_bias_kv``
            and ``add_zero_attn``.

        Returns
        -------
        a module with the same outputs.

        Raises
        ------
        ValueError
            if the module has another ``batch_first`` or one of these options, or holds a mask of
            ``torch.nn.utils.prune``.
        """
        _refuse_options(attention)
        width, bias = attention.embed_dim, attention.in_proj_bias is not None
        like = attention.in_proj_weight
        converted = cls(width, attention.num_heads, bias=bias, dropout=attention.dropout).to(like.device, like.dtype)
        with torch.no_grad():
            for i, name in enumerate(PROJECTIONS):
                rows, layer = slice(i * width, (i + 1) * width), getattr(converted, name)
                layer.weight.copy_(attention.in_proj_weight[rows])
                if bias:
                    layer.bias.copy_(attention.in_proj_bias[rows])
        converted.output.load_state_dict(attention.out_proj.state_dict())
        for parameter in converted.parameters():
            parameter.requires_grad_(like.requires_grad)
        return converted.train(attention.training)

    def forward(
        self, query, key=None, value=None, key_padding_mask=None, need_weights=False, attn_mask=None,
        average_attn_weights=True, is_causal=False,
    ):  # fmt: skip
        """Attend; ``query`` of shape (samples, tokens, width) is all three, masks are as in ``nn.MultiheadAttention``.

        Returns
        -------
        outputs of the shape of ``query``, and always None in place of the attention's weights.

        Raises
        ------
        ValueError
            if ``key`` or ``value`` is another tensor than ``query``, ``attn_mask`` differs from head to head, or
            ``is_causal``, which only says what ``attn_mask`` is, comes without it.
        """
        if not all(other is None or other is query for other in (key, value)):
            raise ValueError("key, value: expected the query itself, this is self-attention")
        if is_causal and attn_mask is None:
            raise ValueError("is_causal=True: expected attn_mask, of which it is a description")
        mask = _added_to_scores(attn_mask, key_padding_mask, query.dtype)
        q, k, v = (getattr(self, name)(query).unflatten(-1, (self.heads, -1)).transpose(1, 2) for name in PROJECTIONS)
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5  # (samples, heads, tokens, tokens)
        shares = (scores if mask is None else scores + mask).softmax(-1)
        mixed = F.dropout(shares, self.dropout, self.training) @ v
        return self.output(mixed.transpose(1, 2).flatten(-2)), None


def _added_to_scores(attn_mask, key_padding_mask, dtype) -> torch.Tensor | None:
    """Join both masks, of truth values (True = do not attend) or of numbers, into what is added to the scores."""
    if attn_mask is not None and attn_mask.dim() != 2:
        raise ValueError(f"attn_mask of shape {tuple(attn_mask.shape)}: expected (tokens, tokens), equal for all heads")
    padding = key_padding_mask if key_padding_mask is None else key_padding_mask[:, None, None, :]
    total = None
    for mask in (attn_mask, padding):
        if mask is not None:
            if mask.dtype == torch.bool:
                mask = torch.zeros_like(mask, dtype=dtype).masked_fill(mask, -torch.inf)
            total = mask if total is None else total + mask
    return total


def remove_heads(model: nn.Module, kept: Mapping[str, np.ndarray]) -> nn.Module:
    """Copy a model without some heads of its self-attention.

    A head takes with it its rows of the query, key and value projections and its columns of the output projection.
    ``nn.MultiheadAttention``, which cannot have fewer heads of the same width, is replaced by ``SelfAttention``.

    Parameters
    ----------
    model : PyTorch module; unchanged.
    kept : name of a ``SelfAttention`` or ``nn.MultiheadAttention`` -> boolean array of shape (heads,), True = keep.

    Returns
    -------
    a module of the same class; its outputs are those of the model with the removed heads' outputs held at zero.
    Its parameters are new: an optimiser must be made anew.

    Raises
    ------
    ValueError
        if ``kept`` is empty or names no such module; an array is not boolean, of another shape or without any True (an
        attention without heads is a block to remove); as for ``from_torch``; or a layer of the attention holds a mask.

    References
    ----------
    Michel et al. (2019), Are sixteen heads really better than one?; https://arxiv.org/abs/1905.10650.

    Examples
    --------
    >>> model = nn.TransformerEncoderLayer(8, 2, dropout=0.0, batch_first=True)
    >>> smaller = remove_heads(model, {"self_attn": np.array([False, True])})
    >>> smaller.self_attn.heads, smaller.self_attn.value.weight.shape
    (1, torch.Size([4, 8]))
    """
    modules = {name: part for name, part in model.named_modules() if isinstance(part, _KINDS)}
    kept = {name: np.asarray(mask) for name, mask in some("kept", kept).items()}
    for name, mask in kept.items():
        if name not in modules:
            raise ValueError(f"kept[{name!r}]: the model has no such self-attention, expected one of {sorted(modules)}")
        _check(name, mask, modules[name])
    smaller = nn.ModuleList([clone(model)])  # so that the model itself, too, is a part with a name
    for name, mask in kept.items():
        parent, _, child = f"0.{name}".rstrip(".").rpartition(".")
        parent = smaller.get_submodule(parent)
        setattr(parent, child, _with_heads(getattr(parent, child), mask))
    for part in smaller.modules():
        if isinstance(part, nn.TransformerEncoder):
            part.use_nested_tensor = False  # its fast path reads nn.MultiheadAttention's parameters
    return smaller[0]


_KINDS = (SelfAttention, nn.MultiheadAttention)


def _check(name: str, mask: np.ndarray, attention: nn.Module) -> None:
    heads = attention.heads if isinstance(attention, SelfAttention) else attention.num_heads
    boolean(f"kept[{name!r}]", mask, (heads,))
    if not mask.any():
        raise ValueError(f"kept[{name!r}] keeps no head: expected at least one True")
    if isinstance(attention, nn.MultiheadAttention):
        _refuse_options(attention)
    else:
        prunable_layers(attention)
        if any(pruned_tensors(attention)):
            raise ValueError(f"{name!r} holds a mask: expected none, make_permanent(model) writes its zeros")


@torch.no_grad()
def _with_heads(attention: nn.Module, kept: np.ndarray) -> SelfAttention:
    """Slice a copy's attention in place, converted if it is torch's."""
    if isinstance(attention, nn.MultiheadAttention):
        attention = SelfAttention.from_torch(attention)
    places = np.repeat(kept, attention.value.out_features // len(kept))
    for name in PROJECTIONS:
        keep_outputs(getattr(attention, name), places)
    keep_inputs(attention.output, places)
    attention.heads = int(kept.sum())
    return attention


def _refuse_options(attention: nn.MultiheadAttention) -> None:
    if any(pruned_tensors(attention)):
        raise ValueError("attention holds a mask: expected none, make it permanent first")
    checks = {
        "batch_first=False": not attention.batch_first,
        "kdim or vdim": not attention._qkv_same_embed_dim,
        "add_bias_kv": attention.bias_k is not None,
        "add_zero_attn": attention.add_zero_attn,
    }
    for option, found in checks.items():
        if found:
            raise ValueError(
                f"attention with {option}: expected batch_first=True, and no kdim, vdim, add_bias_kv or add_zero_attn"
            )
