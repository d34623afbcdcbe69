"""Defects, each planted in a copy of the good synthetic chapter: what to change, and which gate must complain."""

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from . import synthetic

DEFECTS = []


@dataclass(frozen=True)
class Defect:
    """A change to the notebook (both files follow), or to the files after they are written."""

    gate: str
    name: str
    plant: Callable[[nbformat.NotebookNode], None] = lambda notebook: None
    spoil: Callable[[Path], None] = lambda root: None
    others: frozenset = field(default=frozenset())


def defect(gate: str, name: str, plant=None, spoil=None, others=()):
    given = {key: value for key, value in {"plant": plant, "spoil": spoil}.items() if value}
    DEFECTS.append(Defect(gate, name, others=frozenset(others), **given))


def find(notebook, words: str):
    """The cell of the good chapter that contains these words."""
    return next(cell for cell in notebook.cells if words in cell.source)


def replace(old: str, new: str):
    """Replace words in the cell that has them."""

    def plant(notebook):
        cell = find(notebook, old)
        cell.source = cell.source.replace(old, new)

    return plant


def change(words: str, action: Callable):
    """Do something to the cell that has these words."""
    return lambda notebook: action(find(notebook, words))


def add(*lines: str):
    """Append lines to the prose of the code section."""
    return replace("We set `sparsity`.", "\n".join(("We set `sparsity`.", *lines)))


def edit(file: str, old: str, new: str):
    """Edit a file of the book behind the notebook's back."""

    def spoil(root):
        path = root / file
        assert old in path.read_text(encoding="utf-8")
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    return spoil


def output(words: str, **changes):
    return change(words, lambda cell: cell.outputs[0].update(changes))


def heavy_picture(cell, kilobytes=60):
    noise = random.Random(0).randbytes(kilobytes * 1024)
    cell.outputs[0].data["image/svg+xml"] = f"<svg>{base64.b64encode(noise).decode()}</svg>"


def heavy_pictures(cell):
    heavy_picture(cell, kilobytes=45)
    cell.outputs *= 4


def second_picture(cell):
    cell.outputs.append(synthetic.picture())
    cell.metadata["mystnb"] = find(synthetic.notebook(), "plots.accuracy").metadata["mystnb"]


def cleared_figure(cell):
    cell.source, cell.outputs = "plots.accuracy(kept)", []


def in_explorer(old: str, new: str):
    """Replace words in the HTML of the first explorer."""

    def action(cell):
        html = cell.outputs[0].data["text/html"]
        assert old in html
        cell.outputs[0].data["text/html"] = html.replace(old, new)

    return change("explore.slider", action)


def two_claims(notebook):
    for name in ("one-is-one", "two-is-two"):
        replace(f'claim("{name}"', f'print("{name}"')(notebook)


def rename(old: str, new: str):
    """Rename a claim in its call and in its stored output."""

    def action(cell):
        cell.source = cell.source.replace(old, new)
        cell.outputs[0].metadata["claim"]["id"] = new

    return change(f'claim("{old}"', action)


def two_exercises(notebook):
    notebook.cells = [cell for cell in notebook.cells if "2.3" not in cell.source and "answer = 3" not in cell.source]
    notebook.cells.remove([cell for cell in notebook.cells if "answer = None" in cell.source][-1])
    synthetic.number_cells(notebook.cells)


def claim_fails(cell):
    cell.outputs[0].metadata["claim"]["holds"] = False


def answers_nobody(cell):
    cell.outputs[0].metadata["claim"]["answers"] = "nobody1999"


def few_cells(notebook):
    """Join every run of Markdown cells into one, and leave out the explorers."""
    notebook.cells.remove(find(notebook, "explore.slider"))
    synthetic.number_cells(notebook.cells)
    for position in range(len(notebook.cells) - 1, 0, -1):
        above, cell = notebook.cells[position - 1 : position + 1]
        if above.cell_type == cell.cell_type == "markdown":
            above.source += "\n\n" + cell.source
            del notebook.cells[position]


def long_chapter(notebook):
    notebook.cells[5:5] = [synthetic.text("More words.") for _ in range(40)]


def in_new_form(plant: Callable):
    """Plant a defect in the good chapter with a box In short."""

    def action(notebook):
        notebook.cells = synthetic.new_form().cells
        plant(notebook)

    return action


def says(name: str, statement: str):
    """Let a claim say another sentence."""

    def action(cell):
        cell.outputs[0].metadata["claim"]["statement"] = statement

    return change(f'claim("{name}"', action)


def without(words: str):
    """Leave out the first cell of code that has these words."""

    def plant(notebook):
        notebook.cells.remove(next(c for c in notebook.cells if c.cell_type == "code" and words in c.source))
        synthetic.number_cells(notebook.cells)

    return plant


def fourth_exercise(notebook):
    place = notebook.cells.index(find(notebook, "## Summary"))
    notebook.cells[place:place] = synthetic.exercise(4)
    synthetic.number_cells(notebook.cells)


def many_lines(notebook):
    few_cells(notebook)
    place = notebook.cells.index(find(notebook, "kept = {}")) + 1
    notebook.cells[place:place] = [synthetic.code(synthetic.TWELVE_LINES) for _ in range(13)]
    synthetic.number_cells(notebook.cells)


def more_claims(notebook):
    place = notebook.cells.index(find(notebook, 'claim("half-is-half"'))
    names = [f"{word}-is-{word}" for word in ("three", "four", "five", "six")]
    calls = "\n".join(f'claim("{name}", "So.", holds=True)' for name in names)
    notebook.cells.insert(place, synthetic.code(calls, *(synthetic.claimed(name, "So.") for name in names)))
    synthetic.number_cells(notebook.cells)


def swapped_checks(root):
    for old, new in (('"2.1"', "first"), ('"2.2"', '"2.1"'), ("first", '"2.2"')):
        edit(CHECKS, old, new)(root)


MD = "chapters/02-masks.md"
LONG_LINE = "sparsity = 0.9" + " + 0" * 30
CLAIM = 'claim("all-finite"'

defect("pair", "text edited, not refreshed", spoil=edit(MD, "What is left", "What stays"))
defect("pair", "tag only in the text", spoil=edit(MD, "tags: [nbval-ignore-output]", "tags: [explorer]"))
defect("pair", "cell only in the text", spoil=edit(MD, "## Summary", "Two cells now.\n\n+++\n\n## Summary"))
defect("executed", "cleared", change("print(kept)", lambda cell: cell.outputs.clear()))
defect("executed", "bare name, cleared", change("sparsity = 0.9", lambda cell: cell.outputs.clear()))
defect("executed", "figure ignored by nbval, cleared", change("print(kept)", cleared_figure))
defect("executed", "run out of order", change("print(kept)", lambda cell: cell.update(execution_count=99)))
defect("executed", "never run", change("seeds =", lambda cell: cell.update(execution_count=None)))
defect("executed", "loop prints, cleared", change("print(seed)", lambda cell: cell.outputs.clear()))
defect("executed", "syntax error", replace("import checks", "import (checks"))
defect(
    "executed",
    "stored error",
    change(
        "kept = {}",
        lambda cell: cell.outputs.append(nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[])),
    ),
)
defect("bootstrap", "differs between chapters", replace("-q --no-deps", "--no-deps"))
defect("bootstrap", "without what only chapters need", replace("pruneutils[book]", "pruneutils"))
defect("bootstrap", "of an older version", spoil=edit("pyproject.toml", "0.1.0", "0.2.0"))
defect("bootstrap", "of another ref than the badge", replace("/blob/v0.1.0/", "/blob/main/"))
defect("bootstrap", "of another ref than the launch button", spoil=edit("_config.yml", "v0.1.0", "main"))
defect("bootstrap", "of another ref in the text only", spoil=edit(MD, "/blob/v0.1.0/", "/blob/main/"), others=["pair"])
defect("bootstrap", "installs nothing", replace("%pip install", "%pip uninstall"))
defect("bootstrap", "shown on the page", change("google.colab", lambda cell: cell.metadata.pop("tags")))
defect("unsafe_tags", "nbval-skip", change("seeds =", lambda cell: cell.metadata.update(tags=["nbval-skip"])))
defect("unsafe_tags", "skipped by comment", replace("kept = {}", "# NBVAL_SKIP\nkept = {}"))
defect(
    "unsafe_tags", "claim allowed to raise", change(CLAIM, lambda cell: cell.metadata.update(tags=["raises-exception"]))
)
defect("size", "too few cells", few_cells, others=["anatomy"])
defect("size", "too many cells", long_chapter)
defect("size", "long cell", replace("kept = {}", "\n".join(["kept = {}"] * 20)))
defect("size", "long line", replace("sparsity = 0.9", LONG_LINE))
defect("anatomy", "sections swapped", replace("## The question", "## The answer"))
defect("anatomy", "promise of two sentences", replace("and keep them so.", "and keep them. It works."))
defect(
    "anatomy", "five minutes that take longer", replace("Multiply, and look.", "Multiply, and look.\n" * 200 + "Done.")
)
defect("anatomy", "five minutes inside a cell", replace("## Five minutes", "Now.\n\n## Five minutes"))
defect("anatomy", "no promise", replace("\n\nYou multiply weights by zeros and ones, and keep them so.", ""))
defect(
    "anatomy", "minutes that the page measures", replace("Arrays, and patience.", "Arrays. Reading takes 20 minutes.")
)
defect(
    "anatomy",
    "uncited pitfall",
    replace("Pruning to 13.7 % failed in [Han et al., 2015](https://arxiv.org/pdf/1506.02626v3).", "Much."),
)
defect("anatomy", "exercise without minutes", replace("(2 minutes)", ""), others=["registered_checks"])
defect(
    "anatomy", "exercises misnumbered", replace("### Exercise 2.2", "### Exercise 2.5"), others=["registered_checks"]
)
defect("anatomy", "no task", replace("\n\nCount what the mask removes.", ""))
defect("anatomy", "two exercises", two_exercises, others=["registered_checks"])
defect("anatomy", "no solution", lambda notebook: notebook.cells.remove(find(notebook, "Solution 2.3")))
defect("anatomy", "stub solved", output("answer = None", text="solved\n"))
defect("anatomy", "solution not solved", output("Solution 2.2", text="not solved yet\n"))
defect("anatomy", "solution in view", change("Solution 2.2", lambda cell: cell.metadata.pop("cellView")))
defect("anatomy", "solution without title", replace("#@title Solution 2.2", "# Solution 2.2"))
defect("anatomy", "another check", replace("answer = 2\nchecks.answer", "answer = 2\nchecks.other"))
defect(
    "anatomy", "stub without check", replace("checks.answer_1(answer)", "print(answer)"), others=["registered_checks"]
)
CHECKS = "pruneutils/book/checks/chapter_02.py"
defect("registered_checks", "of another number", spoil=edit(CHECKS, '"2.3"', '"2.4"'))
defect("registered_checks", "of another chapter", spoil=edit(CHECKS, '"2.3"', '"3.3"'))
defect("registered_checks", "two exercises swapped", spoil=swapped_checks)
defect("registered_checks", "without a number", spoil=edit(CHECKS, '"2.3", ', ""))
defect("registered_checks", "not registered", spoil=edit(CHECKS, '@check("2.3", "right.")\n', ""))
defect("registered_checks", "of another name", spoil=edit(CHECKS, "def answer_3", "def answer_4"))
defect("registered_checks", "twice", spoil=lambda root: (root / CHECKS).write_text(2 * (root / CHECKS).read_text()))
defect("registered_checks", "no module", spoil=lambda root: (root / CHECKS).unlink())
FOREIGN = {
    "directive": ("```{note}", "Look.", "```"),
    "colon fence": (":::{note}", "Look.", ":::"),
    "role": ("See {ref}`masks`.",),
    "comment": ("% hidden",),
    "target": ("(masks)=", "", "Here."),
    "HTML": ('<div class="note">Look.</div>',),
    "inline HTML": ("A <span>word</span>.",),
    "styled details": ('<details style="color: red">', "", "</details>"),
    "HTML comment": ("<!-- hidden -->",),
    "footnote": ("Really.[^1]",),
    "substitution": ("Version {{ version }}.",),
    "image attributes": ("![A mask over a matrix](01-first.ipynb){width=50}",),
    "LaTeX environment": (r"\begin{align} a \end{align}",),
    "equation tag twice": (r"$$ a \tag{2.1} $$",),
    "labelled equation": ("$$", "a = b", "$$ (label)"),
    "heading jumps": ("#### Deep",),
    "second title": ("# Another",),
}
for name, lines in FOREIGN.items():
    defect("colab_safe_markdown", name, add("", *lines))
defect(
    "colab_safe_markdown",
    "equation of another chapter",
    replace(r"\tag{2.1}", r"\tag{3.1}"),
    others=["no_measured_numbers"],
)
for typed in (
    "87.3 %",
    "41 percent",
    "0.873",
    "12 ms",
    "1,234 bytes",
    "7 times",
    "8x",
    "4-fold",
    "6 percentage points",
):
    defect("no_measured_numbers", typed, add(f"It reaches {typed} here."))
defect("no_measured_numbers", "in a table", replace("| sparsity | 0.9 |", "| accuracy | 0.873 |"))
defect("citations", "not in references.bib", add("As [Li, 2017](https://arxiv.org/abs/1608.08710) has it."))
defect("citations", "wrong year", replace("[LeCun, 1989]", "[LeCun, 1990]"))
defect("citations", "wrong author", replace("[LeCun, 1989]", "[Hinton, 1989]"))
defect("links", "dead file", replace("01-first.ipynb#start", "07-none.ipynb"))
defect("links", "dead anchor", replace("#start", "#finish"))
defect("links", "dead entry of the contents", replace("#04-scores", "#05-scope"))
defect("links", "by the contents though the chapter exists", replace("#04-scores", "#02-masks"))
defect("links", "to a chapter's text", replace("01-first.ipynb#start", "02-masks.md"))
defect("links", "dead image", add("", "![A mask over a matrix](mask.png)"))
defect("claims", "only two", two_claims)
defect("claims", "cleared", change(CLAIM, lambda cell: cell.outputs.clear()), others=["executed"])
defect("claims", "does not hold", change(CLAIM, claim_fails))
defect("claims", "answers an unknown paper", change(CLAIM, answers_nobody))
defect("claims", "not in kebab-case", rename("all-finite", "AllFinite"))
defect("claims", "another id stored", replace("all-finite", "all-zero"))
defect("claims", "same id twice", rename("one-is-one", "all-finite"))
defect("claims", "id computed", replace(CLAIM, 'claim("all" + "-finite"'))
defect("ignored_outputs_are_claimed", "nothing asserts it", replace("print(kept)", "print(time.time())"))
defect("ignored_outputs_are_claimed", "only a setting shared", replace("print(kept)", "print(sparsity, seeds)"))
defect("experiment_seeds", "two seeds", replace("range(3)", "range(2)"))
defect("experiment_seeds", "one seed", replace("seeds = range(3)", "seeds = [0]"))
defect("alt_text", "none", change("plots.accuracy", lambda cell: cell.metadata.pop("mystnb")))
defect("alt_text", "too short", change("plots.accuracy", lambda cell: cell.metadata.mystnb.image.update(alt="Plot.")))
defect("alt_text", "same for two figures", change("seeds =", second_picture))
defect("alt_text", "heavy SVG", change("plots.accuracy", heavy_picture))
defect("alt_text", "four heavy-ish SVGs", change("plots.accuracy", heavy_pictures))
defect("alt_text", "PNG", change("plots.accuracy", lambda cell: cell.outputs[0].data.update({"image/png": ""})))
defect("alt_text", "Markdown image", add("", "![](01-first.ipynb)"))
defect("explorers", "no label", in_explorer("<label", "<span"))
defect("explorers", "label of another control", in_explorer('for="explorer-1-input"', 'for="explorer-2-input"'))
defect("explorers", "empty label", in_explorer(">Sparsity</label>", "></label>"))
defect("explorers", "silent", in_explorer(' aria-live="polite"', ""))
defect("explorers", "no alt text", in_explorer('alt="The mask of a matrix, as sparsity rises."', 'alt=""'))
defect("explorers", "no still picture", in_explorer("<img", "<span"))
defect("explorers", "no table", in_explorer("<table>", "<table></table></details><table>"))
defect("explorers", "table without headings", in_explorer(' scope="col"', ""))
for address in ('src="https://example.org/a.js"', 'src="//example.org/a.js"'):
    defect("explorers", address, in_explorer("</figure>", f"<script {address}></script></figure>"))
defect("explorers", "heavy", in_explorer("</figure>", random.Random(0).randbytes(50 * 1024).hex()))
defect("explorers", "same ids twice", in_explorer("explorer-1", "explorer-2"))
for tag in ("explorer", "hide-input"):
    defect("explorers", f"no {tag}", change("explore.slider", lambda cell, tag=tag: cell.metadata.tags.remove(tag)))
defect(
    "explorers", "tagged, but cleared", change("explore.slider", lambda cell: cell.outputs.clear()), others=["executed"]
)

WIDE = "The mask keeps " + "9" * 64
defect("wide_output", "printed", output("print(kept)", text=WIDE + "\n"))
defect("wide_output", "one line of several", output("print(seed)", text=f"0\n{WIDE}\n"))
defect(
    "wide_output",
    "a bare name",
    change("sparsity = 0.9", lambda cell: cell.outputs[0].data.update({"text/plain": WIDE})),
)
defect("wide_output", "a verdict with lines", output("answer = None", text=f"not solved yet:\n{WIDE}\n"))
IN_SHORT = {
    "two boxes": replace("Arrays, and patience.", "Arrays.\n\n" + synthetic.IN_SHORT),
    "two results": replace("\n> - Ninety per cent is [all](#claim-all-finite).", ""),
    "four results": replace("(#claim-all-finite).", "(#claim-all-finite).\n> - [50 per cent](#claim-half-is-half)."),
    "no link": replace("[Half](#claim-half-is-half)", "Half"),
    "a link elsewhere": replace("#claim-half-is-half", "#summary"),
    "no number": replace("Ninety per cent is", "Here is"),
    "a number of another claim": replace("[Most stays]", "[Of 2 most stays]"),
    "a part of a number": replace("91 % of it", "a 9 of it"),
    "another number in code": replace("`1 / 2`", "`1 / 3`"),
}
for name, plant in IN_SHORT.items():
    defect("in_short", name, in_new_form(plant))
defect(
    "in_short",
    "a number that a refresh changed",
    in_new_form(says("most-stays", "95% stay.")),
    others=["no_measured_numbers"],
)
defect(
    "in_short",
    "a claim that is not there",
    in_new_form(replace("#claim-all-finite", "#claim-no-more")),
    others=["links"],
)
defect(
    "no_measured_numbers",
    "of another claim",
    in_new_form(replace("Ninety per cent is", "95 % is")),
    others=["in_short"],
)
LIMITS = {
    "words below": replace(synthetic.WORDS, synthetic.WORDS[:-4800]),
    "words above": replace(synthetic.WORDS, 2 * synthetic.WORDS),
    "lines below": without(synthetic.TWELVE_LINES),
    "cells above": lambda notebook: notebook.cells.extend(synthetic.text("And so on.") for _ in range(14)),
    "claims below": without('claim("one-is-one"'),
    "claims above": more_claims,
    "figures below": change("plots.accuracy", lambda cell: cell.outputs.pop()),
    "figures above": change("plots.accuracy", lambda cell: cell.outputs.extend(cell.outputs[:] * 2)),
    "words in a claim": says("one-is-one", "One " * 26),
    "numbers in a claim": says("one-is-one", "1 of 2, 3, 4 and 5.5 are one."),
    "lines in a cell": replace("kept = {}", "\n".join(["kept = {}"] * 13)),
}
for name, plant in LIMITS.items():
    defect("limits", name, in_new_form(plant))
defect("limits", "lines above", in_new_form(many_lines), others=["anatomy"])
defect("limits", "exercises above", in_new_form(fourth_exercise), others=["registered_checks"])
