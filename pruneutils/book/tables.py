"""Results as tables that a page, Colab and a terminal show alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Table", "table"]

WIDTH = 78  # characters that a column of the page holds
NOTHING = "–"


@dataclass(frozen=True)
class Table:
    """Cells of text, the first column left-aligned, the others right-aligned; the notebook shows it as Markdown.

    Attributes
    ----------
    head : cells of the first line.
    rows : cells of each other line, as many.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def _repr_markdown_(self) -> str:
        lines = [self.head, (":---", *("---:" for _ in self.head[1:])), *self.rows]
        return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)

    def __repr__(self) -> str:
        plain = [tuple(cell.replace("**", "") for cell in line) for line in (self.head, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
            for line in plain
        )


def table(
    rows: Mapping[str, Sequence[object]],
    columns: Sequence[str],
    *,
    of: str = "",
    digits: int = 1,
    best: Mapping[str, str] | None = None,
) -> Table:
    """Lay out results, a row for each thing compared; the best value of a column is set in bold.

    Parameters
    ----------
    rows : label -> values, one for each column; numbers are formatted, text stays, None shows a dash.
    columns : headings with units, such as "test accuracy (%)".
    of : what the rows are, the heading of the first column.
    digits : decimals of numbers that are not whole.
    best : column -> "high" or "low", the end of the column that is best; equal values, as shown, are all marked.

    Returns
    -------
    ``Table``.

    Raises
    ------
    ValueError
        if there is no row, a row has another number of values than there are columns, ``best`` names no column or
        neither end, or the table is wider than 78 characters, which a page does not hold.

    Examples
    --------
    >>> table({"magnitude": [93.26, 5], "random": [85.9, 5]}, ["accuracy (%)", "seeds"], best={"accuracy (%)": "high"})
               accuracy (%)  seeds
    magnitude          93.3      5
    random             85.9      5
    """
    if not isinstance(rows, Mapping) or not rows:
        raise ValueError(f"rows={rows!r}: expected a mapping of labels to values with at least one entry")
    for label, values in rows.items():
        if len(values) != len(columns):
            raise ValueError(f"rows[{label!r}] has {len(values)} values: expected one for each of {list(columns)}")
    for column, end in (best or {}).items():
        if column not in columns or end not in ("high", "low"):
            raise ValueError(f"best[{column!r}]={end!r}: expected a column of {list(columns)}, and 'high' or 'low'")
    cells = {label: [_text(value, digits) for value in values] for label, values in rows.items()}
    for column, end in (best or {}).items():
        at = list(columns).index(column)
        numbers = {label: values[at] for label, values in rows.items() if _is_number(values[at])}
        if numbers:
            winner = _text((max if end == "high" else min)(numbers.values()), digits)
            for label in numbers:
                if cells[label][at] == winner:
                    cells[label][at] = f"**{winner}**"
    made = Table((of, *columns), tuple((label, *texts) for label, texts in cells.items()))
    width = max(map(len, repr(made).splitlines()))
    if width > WIDTH:
        raise ValueError(f"the table is {width} characters wide: expected at most {WIDTH}, shorten headings or labels")
    return made


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) or hasattr(value, "dtype")


def _text(value: object, digits: int) -> str:
    if value is None:
        return NOTHING
    if not _is_number(value):
        return str(value)
    whole = not isinstance(value, float) and float(value).is_integer()
    text = f"{int(value):,}" if whole else f"{value:,.{digits}f}"
    return text.replace("-", "−")
