"""Parts of the package where what they need is not installed: the message says what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HIDDEN = "import sys; sys.modules[{0!r}] = None"
BLOCKED = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {0!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Finder())
"""
NEEDS = [
    ("torch", "from pruneutils import pytorch", "pruneutils.pytorch needs PyTorch: pip install 'pruneutils[torch]'"),
    ("torch", "import pruneutils.pytorch.curvature", "pruneutils.pytorch needs PyTorch: pip install"),
    ("torch", "import pruneutils.book.train", "pruneutils.book.train needs PyTorch: pip install 'pruneutils[book]'"),
    ("keras", "from pruneutils import keras", "pruneutils.keras needs Keras: pip install 'pruneutils[keras]'"),
    (
        "matplotlib",
        "from pruneutils.book import plots",
        "pruneutils.book needs matplotlib: pip install",
    ),
    ("IPython", "from pruneutils.book.claims import claim", "pruneutils.book needs IPython: pip install"),
    ("sklearn", "from pruneutils.book import data", "pruneutils.book needs sklearn: pip install 'pruneutils[book]'"),
]


def last_line(code):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("absent, statement, words", NEEDS)
@pytest.mark.parametrize("how", [HIDDEN, BLOCKED], ids=["hidden", "blocked"])
def test_what_is_not_installed_is_asked_for_by_its_extra(how, absent, statement, words):
    """'No module named torch' left it to the reader to find out what wants it, and which version."""
    line = last_line(how.format(absent) + "\n" + statement)
    assert line.startswith("ModuleNotFoundError: ") and words in line


@pytest.mark.parametrize(
    "absent, statement",
    [
        ("numpy", "from pruneutils import pytorch"),
        ("tensorflow", "from pruneutils import keras"),
        ("torch.func", "import pruneutils.book.train"),
    ],
)
def test_another_missing_package_is_not_blamed_on_the_framework(absent, statement):
    """Told to install what is there, one looks in the wrong place."""
    line = last_line(HIDDEN.format(absent) + "\n" + statement)
    assert absent in line and "pip install" not in line


def test_what_needs_numpy_alone_runs_without_the_rest():
    hide = "\n".join(
        HIDDEN.format(name) for name in ("torch", "keras", "tensorflow", "matplotlib", "IPython", "sklearn")
    )
    code = hide + "\nfrom pruneutils import allocation, masks, measure, schedules, scores"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
