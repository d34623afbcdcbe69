"""A small chapter that passes every gate, and the book around it, written where a test wants them."""

import textwrap
from pathlib import Path

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt"><text>a</text></svg>'
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
BOOTSTRAP = """\
import sys

if "google.colab" in sys.modules:
    %pip install -q --no-deps "pruneutils[book] @ git+https://example.org/book@v0.1.0"
"""
CHECKS = """\
@check("2.{number}", "right.")
def answer_{number}(answer):
    expect(answer == {number}, "wrong.")
"""
BADGE = "[Open](https://colab.research.google.com/github/owner/book/blob/v0.1.0/chapters/02-masks.ipynb)"
BIBLIOGRAPHY = """\
@article{han2015, author = {Han, Song and Pool, Jeff}, title = {Learning both}, journal = {arXiv}, year = {2015},
  url = {https://arxiv.org/abs/1506.02626}}
@article{lecun1989, author = {LeCun, Yann}, title = {Optimal brain damage}, journal = {NIPS}, year = {1989},
  doi = {10.1000/obd}}
"""


def text(source: str):
    return new_markdown_cell(textwrap.dedent(source).strip("\n"))


def code(source: str, *outputs, **metadata):
    return new_code_cell(textwrap.dedent(source).strip("\n"), outputs=list(outputs), metadata=metadata)


def printed(words: str):
    return new_output("stream", name="stdout", text=words + "\n")


def claimed(name: str, statement: str):
    record = {"id": name, "statement": statement, "holds": True, "answers": None, "verdict": "holds"}
    data = {"text/markdown": f"✓ {statement} (`{name}`)", "text/plain": statement}
    return new_output("display_data", data=data, metadata={"claim": record})


def picture():
    return new_output("display_data", data={"image/svg+xml": SVG, "text/plain": "<Figure>"})


def explorer(name: str):
    html = f"""<figure id="{name}">
<img src="data:image/png;base64,{PNG}" alt="The mask of a matrix, as sparsity rises.">
<label for="{name}-input">Sparsity</label><input class="explorer" id="{name}-input" type="range" max="1">
<output aria-live="polite">50 %</output>
<details><summary>All values</summary><table><tr><th scope="col">Sparsity</th><th scope="col">left</th></tr>
<tr><th>50 %</th><td>8</td></tr><tr><th>75 %</th><td>4</td></tr></table></details></figure>"""
    return new_output("execute_result", data={"text/html": html, "text/plain": "Sparsity | left"})


def exercise(number: int) -> list:
    solution = f"#@title Solution 2.{number}\nanswer = {number}\nchecks.answer_{number}(answer)"
    return [
        text(f"### Exercise 2.{number}: count zeros ({number} minutes)\n\nCount what the mask removes."),
        code(f"answer = None\nchecks.answer_{number}(answer)", printed("not solved yet: answer is None")),
        code(solution, printed("solved"), tags=["hide-input"], cellView="form"),
    ]


def notebook() -> nbformat.NotebookNode:
    """A good chapter 02, as it would be stored after execution."""
    cells = [
        text(f"# Masks\n\nYou multiply weights by zeros and ones, and keep them so.\n\n{BADGE}"),
        code(BOOTSTRAP, tags=["remove-cell"]),
        text("## You will be able to\n\n- hold a mask, see [the start](01-first.ipynb#start)"),
        text("## You need\n\nArrays, and patience.\nScores [come later](../pages/contents.md#04-scores)."),
        text("## Five minutes\n\nMultiply, and look."),
        text("## The question\n\nWhat is left of 90 % zeros in Python 3.11, after equation (2.1)?"),
        text("## By hand\n\nOf 2.75 and 0.125 only 2.75 stays.\n\n> **Note.** `{role}` is code here."),
        text("## The mathematics\n\n$$\nW' = W \\odot M \\tag{2.1}\n$$\n\nwhere $M$ holds $97.3$, by (2.1)."),
        text("## The code\n\nWe set `sparsity`.\n\n| name | value |\n|---|---|\n| sparsity | 0.9 |"),
        code("sparsity = 0.9\nsparsity", new_output("execute_result", data={"text/plain": "0.9"})),
        code("from pruneutils import checks\nfrom pruneutils.book.claims import claim"),
        text("## The experiment: three seeds"),
        code("seeds = range(3)\nkept = {}"),
        code("for seed in seeds:\n    kept[seed] = train(seed)\n    print(seed)", printed("0\n1\n2")),
        code("print(kept)", printed("{0: 0.91}"), tags=["nbval-ignore-output"]),
        code(
            "display(explore.slider(kept))",
            explorer("explorer-1"),
            explorer("explorer-2"),
            tags=["explorer", "hide-input", "nbval-ignore-output"],
        ),
        code(
            'claim("most-stays", f"{kept[0]:.0%} stays.", holds=kept[0] > 0.5)',
            claimed("most-stays", "91% stays."),
            tags=["nbval-ignore-output"],
        ),
        code('claim("all-finite", "All is finite.", holds=True)', claimed("all-finite", "All is finite.")),
        code('claim("one-is-one", "One is one.", holds=True)', claimed("one-is-one", "One is one.")),
        code('claim("two-is-two", "Two is two.", holds=True)', claimed("two-is-two", "Two is two.")),
        code(
            "plots.accuracy(kept);",
            picture(),
            mystnb={"image": {"alt": "Accuracy falls as sparsity rises, for three seeds."}},
        ),
        text(
            "## What can go wrong\n\nPruning to 13.7 % failed in [Han et al., 2015](https://arxiv.org/pdf/1506.02626v3)."
        ),
        text("## Exercises\n\n<details>\n<summary>Hint</summary>\n\nCount.\n\n</details>"),
        *(cell for number in (1, 2, 3) for cell in exercise(number)),
        text("## Summary\n\nA mask is held, or it is nothing."),
        text("## References\n\n[LeCun, 1989](https://doi.org/10.1000/obd)"),
    ]
    number_cells(cells)
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=cells, metadata=metadata)


IN_SHORT = """\
> **In short.** Three results.
>
> - [Most stays](#claim-most-stays), 91 % of it.
> - [Half](#claim-half-is-half) is 50 per cent, as `1 / 2` says.
> - Ninety per cent is [all](#claim-all-finite)."""


TWELVE_LINES = "\n".join(["kept = dict(kept)"] * 6 + ["", ""] + ["kept = dict(kept)"] * 6)
WORDS = " ".join(["Words are read."] * 400)


def new_form() -> nbformat.NotebookNode:
    """The good chapter with a box In short, and as long as such a chapter has to be."""
    chapter = notebook()
    sentence = "1 of 2 is 50 % or 0.5."
    added = [code(f'claim("half-is-half", "{sentence}", holds=True)', claimed("half-is-half", sentence))]
    added += [code(TWELVE_LINES) for _ in range(4)]
    added += [text(WORDS)]
    place = next(position for position, cell in enumerate(chapter.cells) if "kept = {}" in cell.source)
    chapter.cells[place + 1 : place + 1] = added
    chapter.cells.insert(2, text(IN_SHORT))
    drawn = next(cell for cell in chapter.cells if "plots.accuracy" in cell.source)
    drawn.outputs *= 3
    number_cells(chapter.cells)
    return chapter


def number_cells(cells):
    """Let the cells of code have run in their order."""
    for number, cell in enumerate((c for c in cells if c.cell_type == "code"), 1):
        cell.execution_count = number


def write(root: Path, chapter: nbformat.NotebookNode) -> Path:
    """A book with a first chapter and this second one; returns the second's notebook."""
    for folder in ("chapters", "pages"):
        (root / folder).mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text('[project]\nname = "book"\nversion = "0.1.0"\n')
    (root / "_config.yml").write_text("repository:\n  branch: v0.1.0\n")
    checks = root / "pruneutils" / "book" / "checks"
    checks.mkdir(parents=True, exist_ok=True)
    (checks / "chapter_02.py").write_text("\n".join(CHECKS.format(number=number) for number in (1, 2, 3)))
    (root / "references.bib").write_text(BIBLIOGRAPHY)
    (root / "pages" / "contents.md").write_text("# Contents\n\n(02-masks)=\n## Masks\n\n(04-scores)=\n## Scores\n")
    first = new_notebook(cells=[text("# Start"), code(BOOTSTRAP, tags=["remove-cell"])])
    nbformat.write(first, root / "chapters" / "01-first.ipynb")
    path = root / "chapters" / "02-masks.ipynb"
    nbformat.write(chapter, path)
    path.with_suffix(".md").write_text(jupytext.writes(chapter, fmt="md:myst"), encoding="utf-8")
    return path
