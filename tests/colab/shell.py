"""Run cells in a fresh IPython shell, and tell what that did. Arguments: a JSON file with the task, one to write.

Task: {"colab": whether google.colab is there, "cells": [source, ...]}. Needs nothing but IPython: it runs in
environments that lack everything else of the book.
"""

import json
import os
import re
import sys
import types
from importlib.metadata import distributions

from IPython.core.interactiveshell import InteractiveShell

WATCHED = re.compile(r"subprocess\.|os\.(system|exec|posix_spawn|fork|forkpty)$|socket\.|urllib\.|os\.(mkdir|remove)$")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def packages() -> dict:
    """Versions of the installed packages; of two with one name, the first on the path."""
    found = {}
    for package in distributions():
        found.setdefault(re.sub(r"[-_.]+", "-", package.name).lower(), package.version)
    return found


def main(task: dict) -> dict:
    """Packages before and after, what each cell raised, and what processes, sockets and files it opened for writing."""
    if task["colab"]:
        sys.modules["google.colab"] = types.ModuleType("google.colab")
    shell, before, actions, errors = InteractiveShell.instance(), packages(), [], []
    shell.history_manager.enabled = False
    names = set(shell.user_ns)

    def hook(event, arguments):
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES
        if writes or WATCHED.match(event):
            actions.append(f"{event} {arguments[:1]}")

    sys.addaudithook(hook)
    sys.dont_write_bytecode = True
    for source in task["cells"]:
        result = shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        errors.append(repr(error) if error else None)
    seen, names = list(actions), {name for name in set(shell.user_ns) - names if not name.startswith("_")}
    module = sys.modules.get("pruneutils")
    return {
        "before": before,
        "after": packages(),
        "errors": errors,
        "actions": seen,
        "names": sorted(names - {"exit", "quit", "get_ipython"}),
        "pruneutils": module and module.__file__,
    }


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    told = main(given)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(told, file)
