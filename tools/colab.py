"""Build the environments with Colab's versions, in which the notebooks and the Colab tests run.

    python -m tools.colab        for the Python of .venv, and the kernel
    python -m tools.colab all    for every other Python that this machine has as well

.venv-colab/3.11, 3.12 and 3.13 hold what tests/colab/requirements.txt lists, at the versions that Colab has. The one
with the Python of .venv is needed, since it executes the chapters: it also gets requirements-tensorflow.txt, and torch
by links to .venv's copy, since a second one would weigh 700 MB. The others have neither; where one is not built, its
tests say so and are skipped. What differs from Colab is printed. A stamp in each folder holds the digest of what was
installed, and is written only after everything was.

.venv-colab/kernel lies on top of the one with the Python of .venv, and is the Jupyter kernel `colab` in which
`make test` executes every chapter: it has besides, by links to .venv's copies, what chapters install in Colab, and the
working tree's pruneutils. Jupyter finds it where JUPYTER_PATH names KERNELS.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions, files
from pathlib import Path

from tools.environment import stop, usable

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "tests" / "colab" / "requirements.txt"
TENSORFLOW = REQUIREMENTS.with_name("requirements-tensorflow.txt")
FOLDER = ROOT / ".venv-colab"
PYTHONS = ("3.11", "3.12", "3.13")
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
COLAB = {"Python": "3.13", "torch": "2.11.0"}  # beside what is listed in the requirements
KERNEL = FOLDER / "kernel"
KERNELS = KERNEL / "share" / "jupyter"
INSTALLED_BY_CHAPTERS = ("mnist1d", "tensorflow-model-optimization", "mock", "torch-pruning")


def site_packages(folder, python):
    """Where an environment of this Python keeps its packages."""
    return folder / "lib" / f"python{python}" / "site-packages"


def interpreters():
    """A usable interpreter for each Python found: .venv's own, on PATH, or among pyenv's."""
    found = {OWN: sys.executable}
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for python in PYTHONS:
        candidates = [f"python{python}", *(str(p) for p in sorted(pyenv.glob(f"{python}.*/bin/python"), reverse=True))]
        for candidate in candidates if python not in found else []:
            if usable(candidate):
                found[python] = candidate
                break
    return found


def pinned():
    """Colab's version of each package that the requirements list, by lower-case name with hyphens."""
    texts = (file.read_text(encoding="utf-8") for file in (REQUIREMENTS, TENSORFLOW))
    lines = (line.split("#")[0].strip() for text in texts for line in text.splitlines())
    pairs = (line.split("==") for line in lines if line)
    return {name.lower().replace("_", "-"): pin for name, pin in pairs}


def wanted(python):
    """The files that list what goes into the environment of this Python, and a digest of what they say."""
    files = [REQUIREMENTS, TENSORFLOW] if python == OWN else [REQUIREMENTS]
    return files, hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def built(python):
    """Whether the environment of this Python was installed completely, from the requirements as they are."""
    stamp = FOLDER / python / "installed"
    return stamp.exists() and stamp.read_text() == wanted(python)[1]


def build(python, interpreter):
    """Make the environment anew and install everything in it; whether that succeeded."""
    folder, (files, digest) = FOLDER / python, wanted(python)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"Creating .venv-colab/{python} with Colab's versions, once", flush=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--only-binary=:all:"]
    commands = [[interpreter, "-m", "venv", folder], *([*pip, "-r", file] for file in files)]
    if any(subprocess.run(command).returncode for command in commands):
        return False
    (folder / "installed").write_text(digest)
    return True


def link(package, site):
    """Let a package in a folder of packages be that of .venv; what it needs is not linked."""
    for old in site.glob(f"{package.replace('-', '_')}-*.dist-info"):
        if old.name not in {file.parts[0] for file in files(package)}:
            old.unlink()
    for name in {file.parts[0] for file in files(package)} - {"..", "__pycache__"}:
        target = Path(sysconfig.get_paths()["purelib"]) / name
        if not (site / name).is_symlink() or (site / name).readlink() != target:
            (site / name).unlink(missing_ok=True)
            (site / name).symlink_to(target)


def build_kernel():
    """Make the environment in which chapters are executed, and the specification by which Jupyter finds it."""
    interpreter, site = KERNEL / "bin" / "python", site_packages(KERNEL, OWN)
    if not site.is_dir() or not usable(interpreter):
        shutil.rmtree(KERNEL, ignore_errors=True)
        subprocess.run([FOLDER / OWN / "bin" / "python", "-m", "venv", "--without-pip", KERNEL], check=True)
    (site / "below.pth").write_text(f"{site_packages(FOLDER / OWN, OWN)}\n{ROOT}\n")
    for package in INSTALLED_BY_CHAPTERS:
        link(package, site)
    specification = KERNELS / "kernels" / "colab" / "kernel.json"
    specification.parent.mkdir(parents=True, exist_ok=True)
    command = [str(interpreter), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    specification.write_text(json.dumps({"argv": command, "display_name": "Colab's versions", "language": "python"}))


def differences():
    """In what the environment for the notebooks differs from Colab: name, Colab's version, the version here."""
    have = {
        d.name.lower().replace("_", "-"): d.version for d in distributions(path=[str(site_packages(FOLDER / OWN, OWN))])
    }
    have["Python"] = OWN
    return {name: (pin, have.get(name)) for name, pin in {**pinned(), **COLAB}.items() if have.get(name) != pin}


def main(everywhere=False):
    """Bring the environments to the wanted state; do nothing for those that are there."""
    found = interpreters() if everywhere else {OWN: sys.executable}
    for python, interpreter in sorted(found.items()):
        if not built(python) and not build(python, interpreter):
            if python == OWN:
                stop(f"""Installing tests/colab/requirements*.txt into .venv-colab/{python} failed; pip's own message is
                    above. Run the same command again when it can reach a package index.""")
            print(f".venv-colab/{python} could not be built: the Colab tests skip Python {python}", flush=True)
    link("torch", site_packages(FOLDER / OWN, OWN))
    build_kernel()
    unlike = ", ".join(f"{name} {here} for {colab}" for name, (colab, here) in differences().items())
    print(f".venv-colab/{OWN}: {len(pinned())} packages at Colab's versions; unlike Colab: {unlike}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] == ["all"])
