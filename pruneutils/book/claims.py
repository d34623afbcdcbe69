"""Claims: sentences about measured results, each checked whenever its cell runs."""

import re

from IPython.display import display

from .._titles import title

__all__ = ["VERDICTS", "claim"]

VERDICTS = ("reproduced", "partly", "not at this scale")


def claim(id: str, statement: str, *, holds: bool, answers: str | None = None, verdict: str | None = None) -> None:
    """Show a sentence with its title and a tick if it holds; raise if it does not.

    The sentence may carry measured numbers, for it is written by the cell that measured them.
    The output's metadata hold the claim, from which the ledger of all claims is made.

    Parameters
    ----------
    id : name in kebab case, unique in the book.
    statement : one sentence in Markdown, true exactly when ``holds`` is.
    holds : whether the measurement bears it out; write conditions that survive another seed.
    answers : key in references.bib of the paper whose claim was tried.
    verdict : how that paper's claim fared here: "reproduced", "partly" or "not at this scale".

    Raises
    ------
    AssertionError
        if ``holds`` is false.
    ValueError
        if ``id`` is not in kebab case, ``statement`` is empty, ``holds`` is not a truth value,
        or only one of ``answers`` and ``verdict`` is given.

    Examples
    --------
    >>> claim("half-is-gone", "Half of four is two.", holds=4 * 0.5 == 2)  # doctest: +SKIP
    """
    if not isinstance(id, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", id):
        raise ValueError(f"id={id!r}: expected kebab case, such as 'naive-tuning-regrows'")
    if not isinstance(statement, str) or not statement.strip():
        raise ValueError(f"statement={statement!r}: expected a sentence")
    if getattr(holds, "shape", ()) != () or type(holds).__name__ not in ("bool", "bool_"):
        raise ValueError(f"holds={holds!r}: expected True or False")
    if (answers is None) != (verdict is None) or verdict not in (None, *VERDICTS):
        raise ValueError(f"answers={answers!r}, verdict={verdict!r}: expected both or neither, verdict in {VERDICTS}")
    if not holds:
        raise AssertionError(f"claim {id} does not hold: {statement}")
    answer = f" · {answers}: {verdict}" if answers else ""
    box = f"> **Claim: {title(id)}.** {statement}\n>\n> ✔ `{id}`{answer}"
    data = {"text/markdown": box, "text/plain": f"✔ {statement} ({id})"}
    record = {"id": id, "statement": statement, "holds": True, "answers": answers, "verdict": verdict}
    display(data, raw=True, metadata={"claim": record})
