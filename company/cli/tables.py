"""Plain tables, the same in a terminal and in a pipe."""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str, widest: int = 60) -> str:
    """Return aligned columns; a cell wider than `widest` is cut with an ellipsis."""
    if not rows:
        return empty
    cells = [[_cell(value, widest) for value in row] for row in [head, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def minute(at: str) -> str:
    """Return a time in ISO form as people read it, to the minute."""
    return at[:16].replace("T", " ")


def _cell(value: object, widest: int) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= widest else text[: widest - 1] + "…"
