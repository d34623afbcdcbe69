"""The package as others get it: a wheel that is built, checked, and used where there is nothing but NumPy."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest
from book.book_gates import repository_files
from book.workspace import copy_repository
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(sysconfig.get_paths()["purelib"])
OURS = {"pruneutils", "tools", "benchmarks", "tests", "book", "browser", "colab", "examination", "_ext", "conftest"}
OURS |= {
    path.stem for folder in ("tests", "tests/book", "tests/browser", "_ext") for path in (ROOT / folder).glob("*.py")
}
NOT_HERE = {"google", "IPython"}  # google.colab is Colab's; IPython is declared as ipython
NOT_HERE |= {"onnx", "onnxruntime", "onnxscript"}  # benchmarks/runtimes.py asks for them, and stores what it measured
LAZILY = {"_prospects.py": {"matplotlib", "torch_pruning"}}  # inside `needed`, or done without
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
README = """\
import os, sys
os.chdir(sys.argv[2])
import numpy as np
if "pytorch" in sys.argv[1]:
    import torch
    from pruneutils.pytorch import masks_of
    model = torch.nn.Sequential(torch.nn.Linear(20, 10), torch.nn.ReLU(), torch.nn.Linear(10, 1))
    loss, optimizer = torch.nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.1)
    batches = [(torch.ones(8, 20), torch.ones(8, 1))] * 100
else:
    import keras
    from pruneutils.keras import weights
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(10, "relu"), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    X, y = np.ones((800, 20)), np.ones((800, 1))
    masks_of = lambda model: {name: W != 0 for name, W in weights(model).items()}
exec(sys.argv[1])
from pruneutils.measure import sparsity
assert 0.85 < sparsity(masks_of(model)) < 0.95, sparsity(masks_of(model))
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
    sources = {str(path.relative_to(ROOT)) for path in repository_files(ROOT) if "pruneutils" in path.parts}
    assert {name for name in names if ".dist-info/" not in name} == sources  # what modules read beside them, too


@pytest.mark.slow
def test_the_source_holds_no_half_of_the_tests(distributions):
    """setuptools adds tests/test*.py by itself, which then fail for want of all that they import."""
    with tarfile.open(next(path for path in distributions if path.name.endswith(".tar.gz"))) as archive:
        folders = {name.split("/")[1] for name in archive.getnames() if name.count("/") > 1}
    assert folders == {"pruneutils", "pruneutils.egg-info"}


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


def snippets():
    return re.findall(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.mark.slow
@pytest.mark.parametrize("which", ["pytorch", "keras"])
def test_what_the_readme_shows_runs(which, tmp_path):
    """The first lines that a stranger copies, after a name has changed."""
    (code,) = (text for text in snippets() if f" {which}," in text)
    assert len([line for line in code.splitlines() if line]) <= 8
    python("-c", README, code, tmp_path)


def requirements(*files):
    """What requirements files ask for."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in files]
    lines = [line.split("#")[0].strip() for text in texts for line in text.splitlines()]
    return [Requirement(line) for line in lines if line and line[0] != "-"]


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*files):
    """Names of the distributions that they ask for."""
    return {normal(requirement.name) for requirement in requirements(*files)}


def brought_along(queue):
    """What these requirements install here, with what that needs in turn: name -> version."""
    found = {}
    while queue:
        asked = queue.pop()
        if (key := (normal(asked.name), *asked.extras)) not in found:
            installed = found[key] = importlib.metadata.distribution(asked.name)
            needs = map(Requirement, installed.requires or [])
            queue += [
                n for n in needs if not n.marker or any(n.marker.evaluate({"extra": e}) for e in ("", *asked.extras))
            ]
    return {key[0]: installed.version for key, installed in found.items()}


@pytest.mark.skipif(sys.platform != "linux", reason="the list is kept on Linux")
def test_what_comes_along_is_constrained():
    """With the direct requirements alone pinned, two clones a month apart build with different packages."""
    asked = requirements("requirements.txt", "requirements-book.txt")
    direct, constrained = {normal(requirement.name) for requirement in asked}, declared("constraints.txt")
    assert not direct & constrained
    needed = {name: version for name, version in brought_along(asked).items() if name not in direct}
    of_torch = re.compile(r"nvidia-|cuda-|triton$")  # they come with its CUDA wheel only, at versions that it pins
    assert [f"{n}=={v}" for n, v in needed.items() if n not in constrained and not of_torch.match(n)] == []
    assert constrained - needed.keys() == set()


def modules(code):
    """Top-level modules that Python code imports."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
        found |= {name.partition(".")[0] for name in names}
    return found


def imported():
    """Top-level modules that our code and the chapters import, with a file that does."""
    found = {}
    for folder in ("pruneutils", "tools", "tests", "_ext", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            found.update(dict.fromkeys(modules(path.read_text(encoding="utf-8")), path))
    for path in (ROOT / "chapters").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                code = re.sub(r"^( *)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE)
                found.update(dict.fromkeys(modules(code), path))
    return found


def test_all_but_the_book_imports_numpy_and_frameworks_alone():
    """One import of matplotlib or scipy, and `pip install pruneutils[torch]` is not enough."""
    allowed = {"numpy", "torch", "keras", "tensorflow", "pruneutils", *sys.stdlib_module_names}
    files = [path for path in (ROOT / "pruneutils").rglob("*.py") if "book" not in path.relative_to(ROOT).parts]
    found = {path: modules(path.read_text(encoding="utf-8")) - LAZILY.get(path.name, set()) for path in files}
    assert [path for path, names in found.items() if not names <= allowed] == []


def strays(found, *files):
    """Those of the modules that neither Python, nor we, nor a distribution that these requirements name has."""
    providers = importlib.metadata.packages_distributions()
    known = declared(*files)
    others = {module: path for module, path in found.items() if module not in sys.stdlib_module_names | OURS | NOT_HERE}
    names = {module: {normal(name) for name in providers.get(module, [])} for module in others}
    return {module: str(path.relative_to(ROOT)) for module, path in others.items() if not names[module] & known}


def test_what_is_imported_is_declared():
    """A package that comes along with another one may leave with it."""
    assert strays(imported(), "requirements.txt", "requirements-book.txt") == {}


def test_what_builds_the_pages_is_in_the_requirements_of_the_book():
    """With all packages installed, as they are for every other test, `make book` on a fresh clone seems to work."""
    found, queue, seen = {}, sorted((ROOT / "_ext").glob("*.py")), set()
    while queue:
        path = queue.pop()
        seen.add(path)
        code = path.read_text(encoding="utf-8")
        found.update(dict.fromkeys(modules(code), path))
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module == "tools":
                queue += [path for name in node.names if (path := ROOT / "tools" / f"{name.name}.py") not in seen]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tools."):
                queue += [path] if (path := ROOT / f"{node.module.replace('.', '/')}.py") not in seen else []
    assert ROOT / "tools" / "ledger.py" in seen
    assert strays(found, "requirements-book.txt") == {}


def test_pages_are_built_without_what_chapters_need():
    """An extension that takes a word of `pruneutils.book` needs Matplotlib, which `make book` does not install."""
    absent = ["keras", "matplotlib", "mnist1d", "pooch", "sklearn", "tensorflow", "torch"]
    names = [f"_ext.{path.stem}" for path in sorted((ROOT / "_ext").glob("*.py")) if path.stem != "__init__"]
    code = "import importlib, sys\nsys.modules.update(dict.fromkeys(sys.argv[1].split()))\n"
    code += "for name in sys.argv[2].split():\n    importlib.import_module(name)"
    command = [sys.executable, "-c", code, " ".join(absent), " ".join(names)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert len(names) > 5 and done.returncode == 0, done.stderr
