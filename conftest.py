"""For all tests, notebooks included: one thread, set before anything numerical is imported; what nbval skips."""

import os

import pytest

from tools.processors import ONE_THREAD

os.environ.update(ONE_THREAD)
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # whatever ~/.keras/keras.json says


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Let nbval compare everything but stderr and pictures, where libraries and platforms differ."""
    collectors = yield
    for collector in collectors:
        if hasattr(collector, "skip_compare"):
            collector.skip_compare += ("stderr", "image/svg+xml")
    return collectors
