"""Break the package in a copy of the repository: its unit tests and chapter 02 both notice."""

import re

import pytest

from .workspace import COLAB, NBVAL, PYTEST, copy_repository, run

pytestmark = pytest.mark.all
FLIPPED = """

_honest = unstructured


def unstructured(scores, sparsity):
    return _honest(-np.asarray(scores), sparsity)
"""
NOT_HELD = """

def apply_masks(model, masks):
    with torch.no_grad():
        for name, mask in masks.items():
            model.get_submodule(name).weight.mul_(torch.from_numpy(np.array(mask)))
"""
MISSING = re.compile(r"ModuleNotFoundError|ImportError|FileNotFoundError|no tests ran")
SABOTAGE = {
    "masks": ("masks.py", FLIPPED),  # removes the highest scores instead of the lowest, as many of them
    "pytorch": ("pytorch/_hold.py", NOT_HELD),  # multiplies once; training then moves the zeros
}


@pytest.fixture(scope="module", params=SABOTAGE)
def sabotaged(request, tmp_path_factory):
    """A module's name and a copy of the repository in which it is broken."""
    root = copy_repository(tmp_path_factory.mktemp(request.param))
    file, spoilt = SABOTAGE[request.param]
    module = root / "pruneutils" / file
    module.write_text(module.read_text(encoding="utf-8") + spoilt, encoding="utf-8")  # a file that is not there fails
    return request.param, root


def failed_properly(finished) -> bool:
    """Tests ran and failed, and not for want of a file or a package in the copy."""
    return finished.returncode == 1 and " failed" in finished.stdout and not MISSING.search(finished.stdout)


def test_the_broken_package_is_the_one_in_use(sabotaged):
    """The package is installed from the repository itself: were that one imported, the others would prove nothing."""
    _, root = sabotaged
    program = "import pruneutils; print(pruneutils.__file__)"
    assert str(root) in run("-c", program, cwd=root / "chapters", packages=root).stdout


def test_unit_tests_fail(sabotaged):
    module, root = sabotaged
    finished = run(*PYTEST, "-q", "-x", f"tests/test_{module}.py", cwd=root, packages=root)
    assert failed_properly(finished), finished.stdout[-3000:] + finished.stderr


def test_chapter_fails(sabotaged):
    _, root = sabotaged
    finished = run(*NBVAL, COLAB, "-q", "-x", "chapters/02-masks.ipynb", cwd=root, packages=root)
    assert failed_properly(finished), finished.stdout[-3000:] + finished.stderr
