"""For all tests, notebooks included: one thread, set before anything numerical is imported; what nbval skips.

Parallel workers get whole files (--dist loadscope), in which tests share fixtures, and cells a kernel.
"""

import os

import pytest

from tools import verified
from tools.processors import ONE_THREAD

os.environ.update(ONE_THREAD)
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # whatever ~/.keras/keras.json says


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Let nbval compare everything but stderr and pictures, where libraries and platforms differ, and Markdown.

    What is shown as Markdown has the same content in plain text, which is compared.
    """
    collectors = yield
    for collector in collectors:
        if hasattr(collector, "skip_compare"):
            collector.skip_compare += ("stderr", "image/svg+xml", "text/markdown")
    return collectors


def pytest_collection_modifyitems(config, items):
    """Let parallel workers start with the files that take longest, lest one is left with such a file in the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        files, entries = {}, verified.load(config.rootpath)
        for item in items:
            files.setdefault(item.path, []).append(item)
        longest_first = sorted(files, key=lambda path: seconds(path, files[path], entries), reverse=True)
        items[:] = [item for path in longest_first for item in files[path]]


def seconds(path, items, entries):
    """Roughly what a file of tests takes; a chapter's seconds are measured, a new chapter's are taken for many."""
    if path.suffix == ".ipynb":
        return entries.get(path.stem, {}).get("seconds", 1000)
    return sum(
        60 if item.get_closest_marker("all") else 2 if item.get_closest_marker("slow") else 0.05 for item in items
    )
