"""How a browser is found or installed, and that axe-core is the one that was reviewed. Needs no browser."""

import hashlib
import os
import re
import subprocess
import sys

import pytest
from book.chapter import ROOT

from tools import browser

VENDOR = ROOT / "tests" / "vendor" / "axe-core"


def test_axe_core_is_unchanged():
    """A vendored file that somebody has edited, or renewed without saying so."""
    readme = (VENDOR / "README.md").read_text(encoding="utf-8")
    content = (VENDOR / "axe.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == re.search(r"\b[0-9a-f]{64}\b", readme).group()
    version = re.search(r"# axe-core ([\d.]+)", readme).group(1)
    assert content.startswith(f"/*! axe v{version}\n".encode())
    assert "Mozilla Public License" in (VENDOR / "LICENSE").read_text(encoding="utf-8")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A computer without a browser, on which programs can be put."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "PLACES", [])

    def put(name, script="exit 0"):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return put


def test_found_on_the_path(machine):
    assert browser.find() is None
    chrome = machine("google-chrome")
    assert browser.find() == chrome
    chromium = machine("chromium")
    assert browser.find() == chromium


def test_chosen_browser_is_the_only_one(machine, monkeypatch):
    """CHROMIUM is mistyped: the tests must not run another browser in silence."""
    machine("chromium")
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert browser.find() is None
    assert not browser.can_install()


def test_ubuntu_is_not_debian(tmp_path):
    release = tmp_path / "os-release"
    release.write_text("ID=ubuntu\nID_LIKE=debian\n")
    assert not browser.is_debian(release)
    release.write_text('NAME="Debian"\nID=debian\n')
    assert browser.is_debian(release)
    assert not browser.is_debian(tmp_path / "none")


def test_installs_as_root_on_debian(machine, monkeypatch, tmp_path, capsys):
    """apt-get is asked to update first, and the browser that it brings is found."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(browser, "is_debian", lambda: True)
    bring = f"echo > {tmp_path}/chromium; /bin/chmod 755 {tmp_path}/chromium"
    machine("apt-get", f'echo "$@" >> {tmp_path}/log; case "$*" in *install*) {bring};; esac')
    assert browser.main() == 0
    calls = (tmp_path / "log").read_text().splitlines()
    assert "update" in calls[0]
    assert "install" in calls[1] and "chromium" in calls[1]
    assert str(tmp_path / "chromium") in capsys.readouterr().out


@pytest.mark.parametrize("root, debian", [(True, False), (False, True), (True, True)])
def test_says_what_to_do_elsewhere(machine, monkeypatch, capsys, root, debian):
    """Not root, not Debian, or apt-get fails: a plain message and an exit code, no traceback."""
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(browser, "is_debian", lambda: debian)
    machine("apt-get", "exit 100")
    assert browser.main() == 1
    assert "install Chromium or Chrome" in capsys.readouterr().out


@pytest.mark.slow
def test_without_a_browser_tests_are_skipped_and_say_so(tmp_path):
    """A run that silently tests nothing looks like a pass."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["CHROMIUM"] = str(tmp_path / "none")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "tests/browser/test_use.py"]
    command += ["-k", "test_search_with_the_keyboard", "--basetemp", str(tmp_path / "pytest")]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "2 browser tests were skipped" in run.stdout
    assert "make browser" in run.stdout
