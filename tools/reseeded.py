"""Run one chapter's code with every seed moved, and write down what happened: the child of tools/reseed.py.

    python -m tools.reseeded CHAPTER.md OFFSET EVENTS.jsonl

What moves by OFFSET, once at each place where randomness begins:

- the seeds of the book's own functions, given or by default: `train.mlp`, `cnn`, `fit`, `scores.random`, and all of
  `data`, which with another seed splits another way, or makes other data (`mnist1d` by its `generator`);
- the seeds that a cell itself hands to NumPy, PyTorch, Python, scikit-learn, Keras or TensorFlow.

Not moved are seeds inside libraries, in the checks of exercises, and in programs that a cell starts. A claim that
fails is written down and does not stop the cell. A cell that raises, say because its assertion was true of one seed
only, ends there; the next cells run all the same, with whatever is defined.
"""

import builtins
import functools
import importlib
import inspect
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path

from tools.tally import code_cells

BY_CELLS = {  # module -> function -> its argument that is a seed; moved where a cell calls it
    "random": {"seed": "a"},
    "numpy.random": {"default_rng": "seed", "seed": "seed"},
    "torch": {"manual_seed": "seed"},
    "sklearn.datasets": {
        name: "random_state" for name in ("make_classification", "make_regression", "make_blobs", "make_friedman1")
    },
    "sklearn.model_selection": {"train_test_split": "random_state"},
    "keras.utils": {"set_random_seed": "seed"},
    "tf_keras.utils": {"set_random_seed": "seed"},
    "tensorflow._api.v2.random": {"set_seed": "seed"},
}
OF_THE_BOOK = {
    "pruneutils.book.train": {"mlp": "seed", "cnn": "seed", "fit": "seed"},
    "pruneutils.scores": {"random": "seed"},
    "pruneutils.book.data": {
        name: "seed"
        for name in ("digits", "friedman1", "mnist1d", "monks", "classification", "fashion_mnist", "imbalanced")
    },
}


def moved(seed, offset):
    """The seed on the other side; a sequence of seeds gains an entry if it is one seed, as NumPy's are."""
    return seed + offset if isinstance(seed, Integral) and not isinstance(seed, bool) else seed


def moving(function, argument, offset, namespace=None):
    """The function with that argument moved: always, or where code of this namespace calls it."""
    named = _accepts(function, argument)

    def entry(seed):
        if isinstance(seed, Sequence) and not isinstance(seed, str):
            several = function.__module__.startswith("pruneutils")  # a seed for each network; NumPy's list is one seed
            return [moved(one, offset) for one in seed] if several else [*seed, offset]
        return moved(seed, offset)

    @functools.wraps(function)
    def call(*args, **options):
        if namespace is not None and sys._getframe(1).f_globals is not namespace:
            return function(*args, **options)
        if not named:  # a function of C, whose only argument is the seed
            return function(*map(entry, args), **{name: entry(value) for name, value in options.items()})
        given = inspect.signature(function).bind(*args, **options)
        given.apply_defaults()
        given.arguments[argument] = entry(given.arguments[argument])
        if function.__name__ == "mnist1d":
            given.arguments["generator"] = moved(given.arguments["generator"], offset)
        return function(*given.args, **given.kwargs)

    return call


def _accepts(function, argument):
    try:
        return argument in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def move_seeds(offset, namespace):
    """Move the seeds of this process: at once in what is imported, later in what cells import."""
    for module, functions in OF_THE_BOOK.items():
        module = importlib.import_module(module)
        for name, argument in functions.items():
            setattr(module, name, moving(getattr(module, name), argument, offset))
    pending, original = dict(BY_CELLS), builtins.__import__

    def move_imported():
        for module in list(pending):
            functions, loaded = pending[module], sys.modules.get(module)
            if loaded is not None and all(hasattr(loaded, name) for name in functions):
                del pending[module]
                for name, argument in functions.items():
                    setattr(loaded, name, moving(getattr(loaded, name), argument, offset, namespace))
                if module == "torch":
                    loaded.Generator = _generator(loaded.Generator, offset, namespace)

    def importing(*args, **options):
        module = original(*args, **options)
        if pending:
            move_imported()
        return module

    move_imported()
    builtins.__import__ = importing


def _generator(base, offset, namespace):
    class Generator(base):
        def manual_seed(self, seed):
            super().manual_seed(moved(seed, offset) if sys._getframe(1).f_globals is namespace else seed)
            return self

    return Generator


def run(cells, offset, record):
    """Run the cells in a fresh IPython, and hand each event to ``record`` as a dict."""
    import matplotlib.pyplot as plt
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from pruneutils.book import claims

    checked = claims.claim

    @functools.wraps(checked)
    def recorded(id, statement, *, holds, **options):
        checked(id, statement, holds=type(holds)(True), **options)  # refuses what is no claim, as in the chapter
        record({"claim": id, "holds": bool(holds)})

    claims.claim = recorded
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.showtraceback = lambda *args, **options: None  # events tell
    move_seeds(offset, shell.user_ns)
    for number, source in enumerate(cells):
        result = shell.run_cell(source, store_history=False)
        plt.close("all")
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            record({"raised": number, "error": type(error).__name__, "text": str(error)[:300]})
    record({"finished": True})


def main(arguments):
    text, offset, events = Path(arguments[0]), int(arguments[1]), Path(arguments[2])
    cells = code_cells(text)
    with events.open("w") as file, tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        os.environ.update(MPLBACKEND="Agg", IPYTHONDIR=folder)
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        os.chdir(folder)
        sys.stdout = sys.stderr = nowhere
        run(cells, offset, lambda event: print(json.dumps(event), file=file, flush=True))
        os.chdir("/")


if __name__ == "__main__":
    main(sys.argv[1:])
