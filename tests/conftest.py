"""The pages, built once for all tests, and what the tests print at the end."""

import fcntl
import os

import pytest
from book.workspace import build, copy_repository, mini_book


@pytest.fixture(scope="session")
def html(tmp_path_factory):
    """Folder of the pages, built as `make book` does from a copy of the repository."""
    return pages(tmp_path_factory, copy_repository)


@pytest.fixture(scope="session")
def mini(tmp_path_factory):
    """Folder of the pages of a book with two chapters, for tests that spoil them."""
    return pages(tmp_path_factory, mini_book)


def pages(tmp_path_factory, copy):
    """Pages of a copy that the first of the parallel workers makes and builds, and all share."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / copy.__name__
    root.mkdir(exist_ok=True)
    with open(root / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        log = root / "log"
        if not log.exists():
            finished, _ = build(copy(root / "copy"))
            log.write_text("" if finished.returncode == 0 else finished.stderr or finished.stdout[-3000:] or "failed")
    if log.read_text():
        pytest.fail(f"The book does not build. {log.read_text()[:500]}", pytrace=False)
    return root / "copy" / "out" / "_build" / "html"


def pytest_terminal_summary(terminalreporter):
    """Print the tables that tests have recorded, and say what was skipped for want of a browser."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    for title, text in dict(pair for report in reports for pair in getattr(report, "user_properties", [])).items():
        if title.startswith("table: "):
            terminalreporter.section(title.removeprefix("table: "))
            terminalreporter.write_line(text)
    skipped = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if report.longrepr]
    without = [reason for reason in skipped if isinstance(reason, str) and "no Chromium" in reason]
    if without:
        terminalreporter.section(f"{len(without)} browser tests were skipped")
        terminalreporter.write_line(without[0])
