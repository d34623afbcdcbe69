"""What pruning would save: bytes against what is really stored, structures against what is really removed."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pruneutils import masks, measure, prospects, pytorch, scores
from pruneutils.book import train

ROOT = Path(__file__).parents[1]
X = np.random.default_rng(0).random((16, 64), dtype=np.float32)


@pytest.fixture(scope="module", params=["mlp", "cnn"])
def pair(request):
    model = train.mlp(64, 96, 32, 10, seed=0) if request.param == "mlp" else train.cnn(8, 16, seed=0)
    return model, measure.prospects(model, X, repeats=3)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_bytes_of_zeros_are_those_of_the_pruned_model(pair, share):
    model, found = pair
    W = pytorch.weights(model)
    pruned = {n: w * masks.unstructured(scores.magnitude(w), share) for n, w in W.items()}
    stored, name = measure.storage(pruned), f"{100 * share:.0f} % zeros"
    assert found.rows[0].bytes == stored["dense"] == found[f"{name}, masked"].bytes
    assert found[f"{name}, bitmask"].bytes == stored["bitmask"]
    assert found[f"{name}, CSR"].bytes == stored["csr"]


def test_half_of_the_channels_is_what_removal_leaves(pair):
    model, found = pair
    layers, smaller = dict(model.named_modules()), model
    for name, *_ in pytorch.coupled_layers(model):
        remove = pytorch.remove_neurons if isinstance(layers[name], nn.Linear) else pytorch.remove_channels
        width = len(layers[name].weight)
        smaller = remove(smaller, {name: np.arange(width) < width // 2})
    assert found["half of the channels"].bytes == measure.storage(pytorch.weights(smaller))["dense"]


def test_what_no_kernel_computes_has_no_time(pair):
    _, found = pair
    for change in ("50 % zeros, bitmask", "2:4"):
        assert found[change].seconds is None and found.time_of(change) is None and found[change].note
    assert found.time_of("90 % zeros, masked") > 0
    assert found.bytes_of("2:4") <= 0.75


def test_int8_takes_a_byte_a_weight_and_a_scale_a_row():
    model = nn.Sequential(nn.Linear(64, 5))
    assert measure.prospects(model, X, repeats=1)["int8"].bytes == 64 * 5 + 4 * 5


def test_a_residual_network_is_halved_whole():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.a, self.b = nn.Conv2d(1, 8, 3, padding=1), *(nn.Conv2d(8, 8, 3, padding=1) for _ in "ab")
            self.fc = nn.Linear(8, 3)

        def forward(self, x):
            x = self.first(x).relu()
            return self.fc((x + self.b(self.a(x).relu())).relu().mean((2, 3)))

    found = measure.prospects(Block().train(), X.reshape(-1, 1, 8, 8), repeats=1)
    assert found["half of the channels"].bytes == 4 * (9 * 4 + 2 * 9 * 16 + 12), found["half of the channels"].note


def test_the_model_and_the_generators_stay_as_they_were():
    model = nn.Sequential(nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2)).train()
    pytorch.apply_masks(model, {"0": np.arange(512).reshape(8, 64) % 2 == 0})
    before = {name: value.clone() for name, value in model.state_dict().items()}
    draws = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state()
    measure.prospects(model, X, repeats=1)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(module.training for module in model.modules())
    assert random.getstate() == draws[0] and (np.random.get_state()[1] == draws[1]).all()
    assert torch.equal(torch.get_rng_state(), draws[2])


class Draws(nn.Module):
    """Draws whenever it is called, and then fails if it should."""

    def __init__(self, answer):
        super().__init__()
        self.inside, self.answer = nn.Linear(64, 2), answer

    def forward(self, x):
        torch.rand(1), np.random.rand(), random.random()
        return self.answer(self.inside(x))


def fails(_):
    raise KeyError("lost")


@pytest.mark.parametrize(
    ("model", "given", "says"),
    [
        (Draws(fails), X, "model=Draws cannot be called on X of shape (16, 64): KeyError: 'lost'"),
        (nn.Sequential(nn.Linear(63, 2)), X, "model=Sequential cannot be called on X of shape (16, 64)"),
        (Draws(lambda x: (x, x)), X, "cannot be called on X"),
        (nn.Sequential(nn.ReLU()), X, "model=Sequential: expected at least one linear or convolutional layer"),
        (Draws(lambda x: x / 0), X, "32 of 32 values are NaN or infinite"),
        (Draws(torch.relu), X * np.nan, "values are NaN or infinite"),
        ("model", X, "model=str: expected a PyTorch module or a Keras 3 model"),
    ],
)
def test_refuses_by_name_and_changes_nothing(model, given, says):
    draws, mode = torch.get_rng_state(), getattr(model, "training", None)
    with pytest.raises(ValueError) as refused:
        measure.prospects(model, given, repeats=1)
    assert says in str(refused.value)
    assert torch.equal(torch.get_rng_state(), draws) and getattr(model, "training", None) == mode


def test_what_torch_fx_cannot_trace_is_halved_by_torch_pruning_or_refused_with_a_reason():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(64, 8), nn.Linear(8, 2)

        def forward(self, x):
            return self.b(self.a(x).relu()) if x.sum() > -1e9 else x

    row = measure.prospects(Branches(), X, repeats=1)["half of the channels"]
    assert row.bytes == 4 * (64 * 4 + 8) if "Torch-Pruning" in row.note else row.note.startswith("not built")


def test_table_and_figure_show_every_row(pair):
    _, found = pair
    text = found.table()
    assert text.count("\n") == len(found.rows) + 1 and all(f"| {row.change} |" in text for row in found.rows)
    assert found._repr_markdown_() == text
    figure = found.plot()
    assert [len(ax.patches) for ax in figure.axes] == [len(found.rows)] * 2
    with pytest.raises(KeyError, match="'3:4': expected one of"):
        found["3:4"]


@pytest.mark.slow
def test_a_keras_model_is_halved_as_its_twin_and_stays():
    import keras

    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(96, "relu"), keras.layers.Dense(10)])
    before, draws = [w.copy() for w in model.get_weights()], random.getstate()
    found = measure.prospects(model, X, repeats=1)
    twin = measure.prospects(train.mlp(64, 96, 10, seed=0), X, repeats=1)
    assert random.getstate() == draws
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert found["half of the channels"].seconds is not None
    for change in ("half of the channels", "90 % zeros, bitmask", "50 % zeros, masked"):
        assert found[change].bytes == twin[change].bytes


@pytest.mark.slow
def test_the_command_prints_the_table(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nfrom torch import nn\n\n\ndef case():\n"
        "    return nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)), np.ones((3, 4), np.float32)\n"
    )
    command = [sys.executable, "-m", "pruneutils.prospects", "mine:case"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("| change | bytes |") and "| int8 |" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["module"], [":f"], ["m:"]])
def test_the_command_says_what_it_wants(arguments):
    with pytest.raises(ValueError, match="module:function"):
        prospects.main(arguments)


@pytest.mark.slow
def test_times_agree_with_structures_that_are_really_removed():
    """A quarter off at most, as the median of five measurements, for a network that takes long enough to time."""
    model = train.cnn(32, 64, seed=0)
    many = np.random.default_rng(1).random((256, 64), dtype=np.float32)
    layers, smaller = dict(model.named_modules()), model
    for name, *_ in pytorch.coupled_layers(model):
        remove = pytorch.remove_neurons if isinstance(layers[name], nn.Linear) else pytorch.remove_channels
        smaller = remove(smaller, {name: np.arange(len(layers[name].weight)) % 2 == 0})
    from pruneutils.pytorch._measured import forward

    calls, ratios = {"before": forward(model, many), "after": forward(smaller, many)}, []
    for _ in range(5):
        found = measure.prospects(model, many, repeats=10).time_of("half of the channels")
        times = measure.latency(calls, repeats=10, settle=1)
        ratios.append(found / (times["after"].median / times["before"].median))
    assert 0.75 < np.median(ratios) < 1.25, ratios


def test_a_settled_call_is_made_once_more_untimed():
    made = []
    measure.latency({"a": lambda: made.append("a"), "b": lambda: made.append("b")}, repeats=2, warmup=1, settle=2)
    assert "".join(made) == "aaabbb" * 3


def test_a_figure_without_matplotlib_says_what_to_install(monkeypatch):
    found = measure.prospects(train.mlp(6, 5, 3, seed=0), np.zeros((2, 6), dtype=np.float32), repeats=1)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pruneutils\[book\]"):
        found.plot()
