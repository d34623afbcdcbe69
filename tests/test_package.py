"""The package as a whole: what importing it costs, what its documentation says, what it refuses."""

import ast
import inspect
import re
import subprocess
import sys
import textwrap
import tomllib
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pruneutils
from pruneutils import _arguments, allocation, masks, measure, prospects, pytorch, schedules, scores
from pruneutils.book import claims, train
from pruneutils.pytorch import attention, curvature

PACKAGE = Path(pruneutils.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
CODE_LINES = 180


@pytest.mark.parametrize(
    "name", ["", "scores", "masks", "schedules", "allocation", "measure", "prospects", "book.claims", "book.checks"]
)
def test_importing_what_needs_no_framework_imports_none(name):
    """The NumPy chapters start fast, and run where neither PyTorch nor TensorFlow is installed."""
    module = f"pruneutils.{name}".rstrip(".")
    code = f"import sys, {module}; print(*{{'torch', 'tensorflow', 'keras'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_version_is_that_of_the_distribution():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert pruneutils.__version__ == project["version"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_stay_short_enough_to_be_read(path):
    """Lines of code count: docstrings, comments and blank lines are what makes them readable."""
    assert code_lines(path.read_text(encoding="utf-8")) <= CODE_LINES


def test_lines_of_code_are_told_from_documentation():
    text = '"""Says\n\nwhat."""\n# why\n\nx = """a\nb"""\n\n\ndef f():\n    """Doc."""\n    return x  # so\n'
    assert code_lines(text) == 4


def code_lines(text):
    """Number of lines with code on them: neither docstring, nor comment, nor blank."""
    docs = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            docs |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(i not in docs and bool(line.strip()) and not line.lstrip().startswith("#") for i, line in lines)


def public_modules():
    """Import every module that a user may, by its name; the checks of exercises have an examination of their own."""
    for path in MODULES:
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if not any(part.startswith("_") for part in parts if part != "__init__") and not path.match("checks/chapter_*"):
            yield import_module(".".join(part for part in parts if part != "__init__"))


PUBLIC = [module for module in public_modules() if module.__name__ not in ("pruneutils", "pruneutils.book")]


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_every_public_module_lists_its_names(module):
    """A helper without an underscore is public by accident, and a new function that is not listed is not documented."""
    here = {
        name
        for name, thing in vars(module).items()
        if inspect.isclass(thing) or inspect.isfunction(thing)
        if thing.__module__ == module.__name__ and not name.startswith("_")
    }
    assert here <= set(module.__all__) <= set(vars(module))
    assert len(set(module.__all__)) == len(module.__all__)


def documented():
    """Every public function and class, where it is defined, each once."""
    listed = [getattr(module, name) for module in PUBLIC for name in module.__all__]
    for thing in dict.fromkeys(thing for thing in listed if inspect.isclass(thing) or inspect.isfunction(thing)):
        yield pytest.param(thing, id=f"{thing.__module__}.{thing.__name__}")


def parameters(thing):
    """Names of a function's parameters, or of those of a class's constructor."""
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return set()
    return set(inspect.signature(thing).parameters)


CHECKERS = {name for name, _ in inspect.getmembers(_arguments, inspect.isfunction)}


def refuses(node):
    """Whether the body raises, itself or by one of the shared checks of arguments."""
    called = {getattr(call.func, "id", None) for call in ast.walk(node) if isinstance(call, ast.Call)}
    return bool(called & CHECKERS) or any(isinstance(part, ast.Raise) for part in ast.walk(node))


@pytest.mark.parametrize("thing", documented())
def test_public_names_document_parameters_results_and_errors(thing):
    """A parameter added without a word, or an error that no reader was told of."""
    text, of_module = inspect.getdoc(thing), inspect.getdoc(sys.modules[thing.__module__])
    assert thing.__doc__, "no docstring"
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
    if inspect.isclass(thing):
        methods = [part for part in node.body if isinstance(part, ast.FunctionDef) and not part.name.startswith("_")]
        assert all(ast.get_docstring(method) for method in methods)
    words = set()
    for section in ("Parameters", "Attributes") if inspect.isclass(thing) else ("Parameters",):
        described = text.partition(f"{section}\n---")[2].partition("\n\n")[0]
        words |= set(re.findall(r"\w+", " ".join(re.findall(r"^([\w, *]+) : ", described, re.MULTILINE))))
    sections = set(re.findall(r"^(\w+)\n---", text, re.MULTILINE))
    if "Each function returns" in of_module and "raise ValueError" in " ".join(of_module.split()):
        words, sections = set(re.findall(r"\w+", of_module + text)), {"Returns", "Raises"}  # said once for all
    assert parameters(thing) <= words
    if isinstance(node, ast.FunctionDef) and (node.returns is None or ast.unparse(node.returns) != "None"):
        assert "Returns" in sections
    assert "Raises" in sections or not any(refuses(part) for part in undocumented(node))


def undocumented(node):
    """The function itself; of a class, the parts that do not say for themselves what they raise."""
    if isinstance(node, ast.FunctionDef):
        return [node]
    return [part for part in node.body if "Raises\n---" not in (documentation(part) or "")]


def documentation(part):
    return ast.get_docstring(part) if isinstance(part, ast.FunctionDef) else None


def bad(function, *args, says, **options):
    """One row of the table: a call, and the words of its ValueError, in their order."""
    name = getattr(function, "func", function).__qualname__
    return pytest.param(partial(function, *args, **options), says.split(" … "), id=f"{name}: {says}")


W = np.ones((4, 6))
NET = nn.Sequential(nn.Linear(3, 2))
TIED = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
TIED[1].weight = TIED[0].weight
RELU = nn.Sequential(nn.ReLU())
MASK = np.ones((2, 3), dtype=bool)
X, Y = np.zeros((4, 3), dtype=np.float32), np.zeros(4, dtype=int)
HALF = schedules.Constant(sparsity=0.5)
DECAY = partial(schedules.PolynomialDecay, initial_sparsity=0.1, final_sparsity=0.8, begin_step=5, end_step=9)
ITERATIVE = partial(schedules.Iterative, final_sparsity=0.8, rounds=3)
PRUNER = partial(pytorch.GradualPruner, NET, HALF)
FIT = partial(train.fit, [NET], X, Y, steps=1)
TWO = {"a": lambda: None}
NORMED = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)))
DERIVATIVES = (
    curvature.loss,
    curvature.gradients,
    curvature.hessian,
    curvature.fisher_diagonal,
    curvature.gauss_newton_diagonal,
    curvature.deletions,
    pytorch.grasp,
)

NOT_FRACTIONS = [1.0, -0.1, float("nan"), 90, "half", False, None]
BAD_ARRAYS = {
    " … 2 of 3 … NaN or infinite": [1.0, np.nan, np.inf],
    " … shape (0, 3) … at least one": np.zeros((0, 3)),
    " … dtype <U1 … real numbers": ["a"],
    " … dtype complex128 … real numbers": [1j],
}
BAD = [
    *(
        bad(make, sparsity=value, says=f"sparsity={value!r} … [0, 1)")
        for value in NOT_FRACTIONS
        for make in (
            schedules.Constant,
            partial(masks.unstructured, W),
            partial(masks.unstructured, W, within=0),
            partial(allocation.uniform, {"a": (4, 6)}),
            partial(allocation.erdos_renyi_kernel, {"a": (4, 6)}),
            partial(masks.global_unstructured, {"a": W}),
            partial(masks.structured, W),
            partial(masks.block, W, shape=(2, 2)),
        )
    ),
    bad(schedules.CosineDecay, initial_share=1.0, end_step=9, says="initial_share=1.0 … [0, 1)"),
    bad(schedules.CosineDecay, initial_share=0.3, end_step=0, says="end_step=0 … at least 1"),
    bad(masks.drop_and_grow, W, W, W, 0.5, says="mask of dtype float64 … boolean"),
    bad(masks.drop_and_grow, MASK, W, MASK, 0.5, says="drop_scores of shape (4, 6) … mask, (2, 3)"),
    bad(masks.drop_and_grow, MASK, MASK, MASK, 1.0, says="share=1.0 … [0, 1)"),
    bad(scores.movement, W, W.T, says="W_after of shape (6, 4) … W_before, (4, 6)"),
    *(
        bad(make, array, says=name + words)
        for words, array in BAD_ARRAYS.items()
        for name, make in [
            ("W", scores.magnitude),
            ("W", partial(scores.random, seed=0)),
            ("W", partial(scores.taylor, G=W)),
            ("G", partial(scores.taylor, W)),
            ("A", scores.activation),
            ("W", partial(scores.obd, H_diag=W)),
            ("H_diag", partial(scores.obd, W)),
            ("W", partial(scores.obs, H_inv=W)),
            ("H_inv", partial(scores.obs, W)),
            ("W", partial(scores.wanda, X=W)),
            ("X", partial(scores.wanda, W)),
            ("W", scores.lamp),
            ("scores", partial(masks.threshold, at=0.5)),
            ("scores", partial(masks.unstructured, sparsity=0.5)),
            ("scores", partial(masks.unstructured, sparsity=0.5, within=0)),
            ("scores", partial(masks.structured, sparsity=0.5)),
            ("scores", masks.n_of_m),
            ("scores", partial(masks.block, sparsity=0.5, shape=(1, 1))),
            ("scores['b']", lambda array: masks.global_unstructured({"a": W, "b": array}, 0.5)),
        ]
    ),
    *(bad(scores.random, W, seed=seed, says=f"seed={seed!r} … whole number") for seed in (0.5, -1, None, True)),
    bad(scores.taylor, W, W.T, says="G of shape (6, 4) … W, (4, 6)"),
    bad(scores.activation, W[0], says="A of shape (6,) … (samples, units)"),
    bad(scores.obd, W, W.T, says="H_diag of shape (6, 4) … W, (4, 6)"),
    bad(scores.obs, W, np.eye(6), says="H_inv of shape (6, 6) … (24, 24)"),
    bad(scores.obs, W[0], np.diag([1.0, 1, 0, 1, -1, 1]), says="H_inv … 2 entries of its diagonal … above 0"),
    *(
        bad(scores.wanda, *pair, says=f"W of shape {pair[0].shape}, X of shape {pair[1].shape} … (samples, inputs)")
        for pair in [(W, W.T), (W[0], W), (W, W[0]), (W[None], W)]
    ),
    bad(scores.lamp, np.zeros((2, 3)), says="W of shape (2, 3) … all weights are zero"),
    *(
        bad(make, shapes, 0.5, says=words)
        for make in (allocation.uniform, allocation.erdos_renyi_kernel)
        for shapes, words in [
            ({}, "shapes={} … at least one"),
            ([(2, 3)], "shapes=[(2, 3)] … at least one"),
            ({"a": (2, 3), "b": (0, 3)}, "shapes['b']=0 … at least 1"),
            ({"a": (2.0, 3)}, "shapes['a']=2.0 … whole number"),
            ({"a": ()}, "shapes['a']=() … at least one"),
            ({"a": 6}, "shapes['a']=6 … tuple of sides"),
        ]
    ),
    *(bad(masks.threshold, W, at, says="at= … finite number") for at in (np.nan, np.inf, "low", None, [0.5])),
    *(bad(masks.global_unstructured, none, 0.5, says="scores= … at least one") for none in ({}, [W], None)),
    *(
        bad(make, axis=axis, says=f"axis={axis!r} … shape (4, 6) … -2 to 1")
        for axis in (2, -3, 0.5, None, True)
        for make in (partial(masks.structured, W, 0.5), partial(masks.n_of_m, W))
    ),
    *(bad(masks.unstructured, W, 0.5, within=axis, says=f"within={axis!r} … -2 to 1") for axis in (2, -3, 0.5, True)),
    bad(masks.structured, -W, 0.5, says="scores … 24 below zero"),
    *(bad(masks.structured, W, 0.5, norm=norm, says=f"norm={norm!r} … 1") for norm in (0, -1, np.nan, "fro", None)),
    bad(masks.n_of_m, W, keep=5, says="keep=5 … at most of=4"),
    bad(masks.n_of_m, W, keep=0, says="keep=0 … at least 1"),
    bad(masks.n_of_m, W, of=0, says="of=0 … at least 1"),
    bad(masks.n_of_m, W, says="scores of shape (4, 6) … axis 1 … multiple of of=4"),
    bad(masks.block, W[0], 0.5, (1, 1), says="scores of shape (6,) … matrix"),
    *(bad(masks.block, W, 0.5, shape, says=f"shape={shape!r} … two") for shape in (2, (2,), (2, 2, 2))),
    bad(masks.block, W, 0.5, (3, 2), says="shape=(3, 2) … divide … (4, 6)"),
    bad(masks.block, W, 0.5, (0, 2), says="shape=0 … at least 1"),
    bad(schedules.Constant, sparsity=0.5, begin_step=-1, says="begin_step=-1 … at least 0"),
    *(
        bad(make, **{name: value}, says=f"{name}={value!r} … [0, 1)")
        for value in NOT_FRACTIONS
        for name, make in [("initial_sparsity", DECAY), ("final_sparsity", DECAY), ("final_sparsity", ITERATIVE)]
    ),
    bad(DECAY, initial_sparsity=0.9, says="initial_sparsity=0.9 … at most final_sparsity=0.8"),
    bad(DECAY, begin_step=0.5, says="begin_step=0.5 … whole number"),
    bad(DECAY, begin_step=9, says="end_step=9 … at least 10"),
    *(bad(DECAY, power=power, says=f"power={power!r} … above 0") for power in (0, -1, np.nan, np.inf, "3", None)),
    *(bad(make, frequency=0, says="frequency=0 … at least 1") for make in (DECAY, ITERATIVE)),
    bad(ITERATIVE, rounds=0, says="rounds=0 … at least 1"),
    bad(ITERATIVE, begin_step=-1, says="begin_step=-1 … at least 0"),
    *(
        bad(partial(type(schedule).__call__, schedule), step, says=f"step={step!r} … whole number")
        for step in (-1, 0.5, None)
        for schedule in (HALF, DECAY(), ITERATIVE())
    ),
    *(
        bad(function, model, *more, says=words)
        for model, words in {RELU: "model=Sequential … linear or convolutional", TIED: "'0' and '1' share"}.items()
        for function, *more in [
            (pytorch.weights,),
            (pytorch.masks_of,),
            (pytorch.make_permanent,),
            (pytorch.apply_masks, {"0": MASK}),
            (pytorch.GradualPruner, HALF),
            (measure.parameters,),
            (measure.macs, X),
            (measure.evaluate_pruning, model, X, Y),
            *((derivative, X, Y) for derivative in DERIVATIVES),
        ]
    ),
    *(
        bad(derivative, NET, X[: len(y)], y[: len(X)], says="X of shape … one target a sample")
        for derivative in DERIVATIVES
        for y in (Y[1:][:, None], Y[:0])
    ),
    *(bad(derivative, NET, X, Y[1:], says="X of shape (4, 3), y of shape (3,)") for derivative in DERIVATIVES),
    *(bad(derivative, NORMED, X, Y, says="layer '0' … parametrised") for derivative in DERIVATIVES),
    *(
        row
        for flow in (pytorch.synflow, partial(pytorch.synflow_masks, sparsity=0.5))
        for row in (
            bad(flow, NET, 3, says="inputs=3 … shape of one sample"),
            bad(flow, NET, (0,), says="inputs=0 … at least 1"),
            bad(flow, NORMED, (3,), says="layer '0' … parametrised"),
        )
    ),
    bad(pytorch.synflow_masks, NET, (3,), 1.0, says="sparsity=1.0 … [0, 1)"),
    bad(pytorch.synflow_masks, NET, (3,), 0.5, rounds=0, says="rounds=0 … at least 1"),
    bad(curvature.hessian, nn.Linear(50, 41), X, Y, says="2,050 prunable weights … at most 2,000"),
    bad(curvature.fisher_diagonal, NET, X, Y, batch=0, says="batch=0 … at least 1"),
    bad(curvature.gauss_newton_diagonal, NET, X, Y, batch=0, says="batch=0 … at least 1"),
    *(bad(pytorch.apply_masks, NET, none, says="masks= … at least one") for none in ({}, None, [MASK])),
    bad(pytorch.apply_masks, NET, {"fc": MASK}, says="masks['fc'] … no such layer … ['0']"),
    bad(pytorch.apply_masks, NET, {"0": MASK.T}, says="masks['0'] … shape (3, 2) … boolean … (2, 3)"),
    bad(pytorch.apply_masks, NET, {"0": MASK * 1.0}, says="masks['0'] of dtype float64 … boolean"),
    *(bad(PRUNER, scope=scope, says=f"scope={scope!r} … 'global' or 'layer'") for scope in ("all", None, ["layer"])),
    bad(pytorch.GradualPruner, NET, 0.5, says="schedule=0.5 … function"),
    bad(PRUNER, score="magnitude", says="score='magnitude' … function"),
    bad(PRUNER, ignored_layers="0", says="ignored_layers='0' … list of layer names … ['0']"),
    bad(PRUNER, ignored_layers=["fc"], says="ignored_layers=['fc'] … no layer 'fc' … ['0']"),
    bad(PRUNER, ignored_layers=["0"], says="ignored_layers=['0'] … at least one layer of ['0']"),
    bad(PRUNER(score=lambda given: given.nothing).step, says="score=<function … score(array) -> array … score(model)"),
    bad(PRUNER(score=lambda model: {"fc": MASK}).step, says="score(model) … scores of ['fc'] … each of ['0']"),
    bad(PRUNER(scope=lambda shapes, sparsity: {}).step, says="scope(shapes, sparsity) returned {} … each of ['0']"),
    bad(pytorch.GradualPruner(NET, lambda step: 1.0).step, says="sparsity=1.0 … [0, 1)"),
    *(
        bad(remove, NET, none, says="kept= … at least one")
        for remove in (pytorch.remove_neurons, pytorch.remove_channels, attention.remove_heads)
        for none in ({}, None, [MASK])
    ),
    bad(pytorch.remove_neurons, NET, {"0": MASK}, says="kept['0'] … shape (2, 3) … boolean … (2,)"),
    bad(pytorch.remove_channels, NET, {"0": MASK}, says="kept['0'] … no such convolutional layer"),
    bad(pytorch.coupled_layers, nn.ReLU(), says="model=ReLU … linear or convolutional layer"),
    bad(attention.remove_heads, NET, {"0": MASK}, says="kept['0'] … no such self-attention … []"),
    bad(attention.SelfAttention, 8, 0, says="heads=0 … at least 1"),
    bad(pytorch.refit, NET, NET, X, ridge=-1, says="ridge=-1 … at least 0"),
    bad(pytorch.refit, NET, nn.Sequential(nn.Linear(3, 2)), X * np.nan, says="dense … '0' called 1 times … finite"),
    bad(attention.SelfAttention, 8, 3, says="heads=3 … divisor of width=8"),
    bad(attention.SelfAttention, 8, 2, head_width=0, says="head_width=0 … at least 1"),
    bad(attention.SelfAttention, 8, 2, dropout=1, says="dropout=1 … [0, 1)"),
    *(bad(measure.sparsity, none, says="masks= … at least one") for none in ({}, MASK)),
    bad(measure.sparsity, {"a": MASK * 1}, says="masks['a'] of dtype int64 … boolean"),
    bad(measure.sparsity, {"a": MASK[:0]}, says="masks['a'] of shape (0, 3) … at least one"),
    *(bad(measure.storage, none, says="weights= … at least one") for none in ({}, W)),
    bad(measure.save_sparse, "none.sparse", {}, says="weights= … at least one"),
    bad(measure.save_sparse, "none.sparse", {"a": W * 1j}, says="weights['a'] of dtype complex128 … expected"),
    bad(measure.load_sparse, __file__, says=f"path={__file__!r} … expected"),
    bad(measure.latency, {}, says="calls= … at least one"),
    bad(measure.latency, TWO, repeats=0, says="repeats=0 … at least 1"),
    bad(measure.latency, TWO, warmup=-1, says="warmup=-1 … at least 0"),
    bad(measure.latency, TWO, settle=-1, says="settle=-1 … at least 0"),
    bad(measure.evaluate_pruning, NET, NET, X, Y[1:], says="X of shape (4, 3), y of shape (3,)"),
    bad(measure.evaluate_pruning, NET, NET, X, Y, score="r2", says="score='r2' … function of outputs and y"),
    bad(
        measure.evaluate_pruning,
        NET,
        NET,
        X,
        Y[:, None],
        says="outputs of shape (4, 2), y of shape (4, 1) … (samples,)",
    ),
    *(
        bad(measure.accuracy, *pair, says=f"outputs of shape {pair[0].shape}, y of shape {pair[1].shape} … (samples,)")
        for pair in [(X, Y[1:]), (X, Y[:, None]), (X[:, 0], Y), (X[:0], Y[:0])]
    ),
    bad(measure.calibration_error, np.eye(3), Y, says="probabilities of shape (3, 3), y of shape (4,) … (samples,)"),
    bad(measure.calibration_error, np.zeros((0, 2)), Y[:0], says="probabilities of shape (0, 2) … at least one"),
    bad(measure.calibration_error, 3 * np.eye(4), Y, says="probabilities: rows sum to 3 … distributions"),
    bad(measure.calibration_error, np.eye(4), Y, bins=0, says="bins=0 … at least 1"),
    *(
        bad(measured, model, *more, says=f"model={type(model).__name__} … PyTorch module or a Keras 3 model")
        for model in (None, W, "net")
        for measured, *more in [
            (measure.parameters,),
            (measure.macs, X),
            (measure.evaluate_pruning, NET, X, Y),
            (partial(measure.evaluate_pruning, NET), X, Y),
        ]
    ),
    bad(measure.evaluate_pruning, NET, NET, X, Y, repeats=0, says="repeats=0 … at least 1"),
    bad(measure.prospects, NET, X, repeats=0, says="repeats=0 … at least 1"),
    bad(measure.prospects, NET, X[:, :1], says="cannot be called on X of shape (4, 1)"),
    bad(prospects.main, [], says="[]: expected one word, module:function"),
    bad(train.mlp, 3, seed=0, says="widths=(3,) … two"),
    bad(train.mlp, 3, 0, seed=0, says="widths=0 … at least 1"),
    bad(train.mlp, 3, 2, seed=-1, says="seed=-1 … at least 0"),
    bad(train.cnn, seed=0, says="channels=() … at least one"),
    *(
        bad(train.cnn, *channels, **{"seed": 0} | options, says=words)
        for channels, options, words in [
            ((4, 0), {}, "channels=0 … at least 1"),
            ((4,), {"outputs": 0}, "outputs=0 … at least 1"),
            ((4,), {"side": 2.5}, "side=2.5 … whole number"),
            ((4,), {"seed": -1}, "seed=-1 … at least 0"),
        ]
    ),
    *(bad(FIT, before_step=steps, says="before_step … expected") for steps in ({1: print}, {0: None}, {-1: print})),
    bad(train.fit, [], X, Y, steps=1, says="nets=[] … at least one"),
    bad(train.fit, [NET, nn.Sequential(nn.Linear(3, 4))], X, Y, steps=1, says="nets … one architecture … (0)"),
    *(bad(FIT, **{name: -1}, says=f"{name}=-1 … at least 0") for name in ("steps", "lr", "weight_decay", "seed")),
    *(bad(FIT, lr=lr, says=f"lr={lr!r} … finite number") for lr in (np.nan, np.inf, "fast", None)),
    bad(FIT, teachers=[], says="teachers: 0 of them, expected 1, one a network"),
    bad(FIT, teachers=[NET], soft=2, says="soft=2 … fraction"),
    bad(FIT, teachers=[NET], temperature=0, says="temperature=0 … above 0"),
    bad(FIT, batch=0, says="batch=0 … at least 1"),
    *(
        bad(function, [NET], X, y, **more, says=f"X of shape (4, 3), y of shape {y.shape} … one target a sample")
        for y in (Y[1:], Y[:, None])
        for function, more in [(train.fit, {"steps": 1}), (train.accuracy, {}), (train.r2, {})]
    ),
    bad(claims.claim, "Word", "So it is.", holds=True, says="id='Word' … kebab case"),
    bad(claims.claim, "a-b", "", holds=True, says="statement='' … sentence"),
    bad(claims.claim, "a-b", "So it is.", holds=1, says="holds=1 … True or False"),
    bad(claims.claim, "a-b", "So it is.", holds=True, answers="x", says="answers='x' … verdict=None … both"),
]


@pytest.mark.parametrize("call, words", BAD)
def test_wrong_input_is_refused_by_name_value_and_expectation(call, words):
    """An error from deep inside NumPy, or a wrong result in silence, costs the reader an evening."""
    before = {name: tensor.clone() for name, tensor in NET.state_dict().items()}
    with pytest.raises(ValueError, match="(?s)" + ".*".join(map(re.escape, words))):
        call()
    assert list(NET.state_dict()) == list(before) and not NET[0]._forward_pre_hooks
    assert all(torch.equal(before[name], tensor) for name, tensor in NET.state_dict().items())


def test_every_function_that_says_it_refuses_is_in_the_table_above():
    """A new function without a row would refuse nothing, and no test would say so."""
    functions = [getattr(row.values[0].func, "func", row.values[0].func) for row in BAD]
    covered = {(function.__module__, function.__qualname__.partition(".")[0]) for function in functions}
    modules = (scores, masks, allocation, schedules, pytorch, attention, curvature, measure, prospects, train, claims)
    listed = {getattr(module, name) for module in modules for name in module.__all__}
    refusing = {(thing.__module__, thing.__name__) for thing in listed if "Raises\n" in (thing.__doc__ or "")}
    assert refusing - covered == set()
