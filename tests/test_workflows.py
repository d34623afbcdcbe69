"""What runs by itself: nothing is published that the tests have not passed, and links are looked at every week."""

import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"


def workflow(name: str) -> dict:
    """A workflow; YAML reads its key `on` as true."""
    content = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in content.items()}


def unguarded(publish: dict, test: dict) -> list[str]:
    """Ways in which publishing would not wait for the tests, or publish something else than they saw."""
    complaints = [f"starts by {event}" for event in publish["on"] if event != "workflow_run"]
    after = publish["on"].get("workflow_run", {})
    if after.get("workflows") != [test["name"]] or after.get("branches") != ["main"]:
        complaints.append("does not wait for the workflow of the tests on main")
    if "main" not in test["on"].get("push", {}).get("branches", []):
        complaints.append("waits for tests that do not run on main")
    for job in publish["jobs"].values():
        if "workflow_run.conclusion == 'success'" not in job.get("if", ""):
            complaints.append("runs after tests that failed")
        if "workflow_run.event == 'push'" not in job.get("if", ""):
            complaints.append("runs after tests of a pull request")
        out = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout")]
        if [step.get("with", {}).get("ref") for step in out] != ["${{ github.event.workflow_run.head_sha }}"]:
            complaints.append("publishes another commit than was tested")
    return complaints


def test_only_what_was_tested_is_published():
    """A red main was published, with whatever was wrong."""
    assert unguarded(workflow("publish"), workflow("test")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("workflow_run:\n    workflows: [test]", "push:\n    workflows: [test]"),
        ("workflows: [test]", "workflows: [tests]"),
        ("branches: [main]", "branches: [next]"),
        ("conclusion == 'success'", "conclusion != 'skipped'"),
        ("event == 'push'", "event != 'schedule'"),
        ("head_sha", "head_branch"),
        ("  workflow_run:", "  workflow_dispatch:\n  workflow_run:"),
    ],
)
def test_an_unguarded_publication_is_seen(old, new):
    text = (WORKFLOWS / "publish.yml").read_text(encoding="utf-8")
    assert old in text
    publish = yaml.safe_load(text.replace(old, new))
    assert unguarded({"on": publish.pop(True), **publish}, workflow("test"))


def test_links_are_checked_every_week_as_by_hand():
    """Papers move; the configuration must be the one that authors use, and leave out the book's own address alone."""
    links, config = workflow("links"), tomllib.loads((ROOT / "lychee.toml").read_text(encoding="utf-8"))
    assert [entry["cron"].split()[2:4] for entry in links["on"]["schedule"]] == [["*", "*"]]
    (step,) = [s for s in links["jobs"]["links"]["steps"] if s.get("uses", "").startswith("lycheeverse/lychee-action@")]
    assert f"lychee {step['with']['args']}" in (ROOT / "Makefile").read_text(encoding="utf-8")
    addresses = [pattern.removeprefix("^") for pattern in config["exclude"]]  # `make repository` must find them
    book = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
    owner, name = book.split("/")[-2:]
    expected = ["https://colab.research.google.com/", book, f"https://{owner.lower()}.github.io/{name}"]
    assert addresses == expected
