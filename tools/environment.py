"""Create .venv and install what a make target needs, once.

    python tools/environment.py book    requirements-book.txt; Python 3.11 or newer
    python tools/environment.py all     requirements.txt, then pruneutils itself, editable; Python 3.11 to 3.13

Any Python 3 can start this script; it looks for one that the book can use, which PYTHON=... overrides.
A stamp in .venv holds the digest of what was installed, and is written only after everything was.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
CANDIDATES = ["python3", "python3.13", "python3.12", "python3.11", "python", sys.executable]
USABLE = "import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= {newest})"
NEWEST = {"book": (3, 99), "all": (3, 13)}  # the chapters need TensorFlow, which ends there; the pages do not
WORDS = {"book": "Python 3.11 or newer", "all": "Python 3.11, 3.12 or 3.13"}
INPUTS = {
    "book": ["requirements-book.txt"],
    "all": ["requirements-book.txt", "requirements.txt", "pyproject.toml"],
}
INSTALLS = {
    "book": [["-r", "requirements-book.txt"]],
    "all": [["-r", "requirements.txt"], ["--no-deps", "--no-build-isolation", "-e", "."]],
}


def stop(paragraph):
    """End with one wrapped paragraph on stderr."""
    sys.exit("\n" + textwrap.fill(" ".join(paragraph.split()), 88))


def usable(python, kind="all"):
    """Whether this interpreter runs, has venv and ensurepip, and is of a version in which this kind installs."""
    try:
        command = [python, "-c", USABLE.format(newest=NEWEST[kind])]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def find_python(kind="all"):
    """The interpreter to build .venv with: PYTHON if set, else the first usable candidate."""
    wanted = os.environ.get("PYTHON")
    for python in [wanted] if wanted else CANDIDATES:
        if usable(python, kind):
            return python
    stop(f"""The book needs {WORDS[kind]} with its venv and ensurepip modules, and found none
        (tried: {wanted or ", ".join(CANDIDATES)}). Install one (on Debian and Ubuntu the package python3-venv
        as well), or say where it is: make PYTHON=/path/to/python3.12 ...""")


def create(kind):
    """Make .venv, unless it is there and works for this kind; what is half-made is removed."""
    if usable(PYTHON, kind):
        return
    python = find_python(kind)
    print(f"Creating .venv with {python}", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.run([python, "-m", "venv", VENV]).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(f"{python} could not create the virtual environment .venv; its message is above.")


def digest(kind):
    """One digest over the files that say what is installed."""
    total = hashlib.sha256()
    for name in INPUTS[kind]:
        with open(os.path.join(ROOT, name), "rb") as file:
            total.update(file.read())
    return total.hexdigest()


def stamped(kind):
    """Whether this very kind was installed completely."""
    try:
        with open(os.path.join(VENV, "installed-" + kind)) as file:
            return file.read() == digest(kind)
    except FileNotFoundError:
        return False


def install(kind):
    """Install with pip, and stamp only when all of it succeeded."""
    print(f"Installing {INSTALLS[kind][0][1]} into .venv, once; this takes a minute or more", flush=True)
    for arguments in INSTALLS[kind]:
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        if subprocess.run(pip, cwd=ROOT).returncode:
            stop(f"""Installing ({" ".join(arguments)}) failed; pip's own message is above. If it speaks of a
                connection, or finds no version at all, this computer cannot reach a package index: connect it, or
                set pip's usual proxy and index options, and run the same command again. It will go on from here;
                nothing counts as installed yet.""")
    with open(os.path.join(VENV, "installed-" + kind), "w") as file:
        file.write(digest(kind))


def main(kind):
    """Bring .venv to the wanted state; do nothing if it is there."""
    create(kind)
    if not stamped(kind) and not (kind == "book" and stamped("all")):
        install(kind)


if __name__ == "__main__":
    main(sys.argv[1])
