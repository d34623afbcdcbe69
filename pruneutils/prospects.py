"""``python -m pruneutils.prospects module:function`` prints what pruning would save.

The function takes nothing and returns (model, X).
"""

import sys

from pruneutils._prospects import command

__all__ = ["main"]


def main(arguments: list[str]) -> str:
    """Measure what ``module:function`` returns, and give the table of ``measure.prospects``.

    Parameters
    ----------
    arguments : one word, ``module:function``.

    Returns
    -------
    table as Markdown.

    Raises
    ------
    ValueError
        if there is another number of words, or the word is not of that form; and as for ``measure.prospects``.

    Examples
    --------
    >>> main(["no_colon"])
    Traceback (most recent call last):
    ValueError: 'no_colon': expected module:function, the function returning (model, X)
    """
    if len(arguments) != 1:
        raise ValueError(f"{arguments}: expected one word, module:function")
    return command(arguments[0]).table()


if __name__ == "__main__":
    sys.path.insert(0, "")
    print(main(sys.argv[1:]))
