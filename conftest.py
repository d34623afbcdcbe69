"""For all tests, notebooks included: one thread, set before anything numerical is imported; nbval ignores stderr."""

import os

import pytest

from tools.processors import ONE_THREAD

os.environ.update(ONE_THREAD)
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # whatever ~/.keras/keras.json says


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Let nbval compare everything but stderr, where libraries and platforms differ in what they warn of."""
    collectors = yield
    for collector in collectors:
        if hasattr(collector, "skip_compare"):
            collector.skip_compare += ("stderr",)
    return collectors
