"""The package as others get it: a wheel that is built, checked, and used where there is nothing but NumPy."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(sysconfig.get_paths()["purelib"])
OURS = {"pruneutils", "tools", "benchmarks", "tests", "book", "browser", "colab", "examination", "_ext", "conftest"}
OURS |= {
    path.stem for folder in ("tests", "tests/book", "tests/browser", "_ext") for path in (ROOT / folder).glob("*.py")
}
NOT_HERE = {"google", "IPython"}  # google.colab is Colab's; IPython is declared as ipython
CORE = """\
import numpy as np
from pruneutils import allocation, masks, measure, schedules, scores
W = np.arange(-6.0, 6.0).reshape(3, 4)
mask = masks.unstructured(scores.magnitude(W), 0.5)
assert measure.sparsity({"a": mask}) == 0.5 and measure.storage({"a": W * mask})["dense"] == 48
assert schedules.Iterative(final_sparsity=0.75, rounds=2)(0) == 0.5
assert allocation.uniform({"a": W.shape}, 0.5) == {"a": 0.5}
for name, extra in {"pytorch": "torch", "keras": "keras", "book.data": "book"}.items():
    try:
        __import__("pruneutils." + name)
    except ImportError as error:
        assert f"pip install 'pruneutils[{extra}]'" in str(error), error
    else:
        raise AssertionError(name)
"""
KERAS_ON_TORCH = """\
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import numpy as np, keras
from pruneutils.keras import GradualPruner, masks_of
from pruneutils.measure import sparsity
from pruneutils.schedules import Constant
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.Dense(1)])
model.compile("sgd", "mse")
pruner = GradualPruner(model, Constant(sparsity=0.6))
model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0, callbacks=[pruner])
assert abs(sparsity(masks_of(model)) - 0.6) < 0.05
assert "tensorflow" not in sys.modules
"""


def python(*arguments, cwd=ROOT, program=sys.executable):
    done = subprocess.run([program, *map(str, arguments)], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The wheel and the source distribution, built from a copy, so that nothing lands in the repository."""
    from book.workspace import copy_repository

    root = copy_repository(tmp_path_factory.mktemp("source"))
    python("-m", "build", "--no-isolation", "--outdir", root / "dist", root)
    return sorted((root / "dist").iterdir())


@pytest.fixture(scope="module")
def wheel(distributions):
    return next(path for path in distributions if path.suffix == ".whl")


def environment(folder, wheel, *hidden):
    """A new environment with the wheel and NumPy; or with all packages of .venv but the hidden ones."""
    venv.create(folder, with_pip=False, symlinks=True)
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    for path in SITE.iterdir():
        name = path.name.lower()
        is_numpy = re.match(r"numpy(\.libs|-|$)", name)
        wanted = is_numpy if not hidden else not name.startswith(hidden) and path.suffix != ".pth"
        if wanted and "pruneutils" not in name:
            (site / path.name).symlink_to(path)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return folder / "bin" / "python"


@pytest.mark.slow
def test_both_distributions_pass_the_check(distributions):
    """A description that a package index cannot show, or metadata that it refuses."""
    assert len(distributions) == 2
    python("-m", "twine", "check", "--strict", *distributions)


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pruneutils"}
    assert "pruneutils/py.typed" in names
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "pruneutils").rglob("*.py")}
    assert sources <= set(names)


@pytest.mark.slow
def test_the_wheel_asks_for_numpy_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(next(n for n in archive.namelist() if n.endswith("METADATA"))).decode()
    needs = [line.partition(": ")[2] for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert [need for need in needs if "extra ==" not in need] == ["numpy>=2.0"]
    assert not any("tensorflow" in need for need in needs)


@pytest.mark.slow
def test_the_core_runs_where_there_is_numpy_alone(wheel, tmp_path):
    """And what is missing says which extra brings it."""
    python("-c", CORE, cwd=tmp_path, program=environment(tmp_path / "empty", wheel))


@pytest.mark.slow
def test_gradual_pruning_trains_on_keras_with_torch_and_no_tensorflow(wheel, tmp_path):
    program = environment(tmp_path / "keras", wheel, "tensorflow", "tf_keras", "tensorboard")
    python("-c", "import importlib.util as u; assert u.find_spec('tensorflow') is None", cwd=tmp_path, program=program)
    python("-c", KERAS_ON_TORCH, cwd=tmp_path, program=program)


def declared():
    """Distributions that the requirements and the package name, normalised."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("requirements.txt", "requirements-book.txt")]
    lines = [line.split("#")[0].strip() for text in texts for line in text.splitlines()]
    return {re.split(r"[=<>\[; ]", line)[0].lower().replace("_", "-") for line in lines if line and line[0] != "-"}


def imported():
    """Top-level modules that our code imports, with a file that does."""
    found = {}
    for folder in ("pruneutils", "tools", "tests", "_ext", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
                found.update({name.partition(".")[0]: path for name in names})
    return found


def test_what_is_imported_is_declared():
    """A package that comes along with another one may leave with it."""
    providers = importlib.metadata.packages_distributions()
    strays = {}
    for module, path in imported().items():
        if module in sys.stdlib_module_names | OURS | NOT_HERE:
            continue
        names = {name.lower().replace("_", "-") for name in providers.get(module, [])}
        if not names & declared():
            strays[module] = str(path.relative_to(ROOT))
    assert not strays
