"""What commands print: aligned text for people, JSON for scripts."""

import json
import sys
from collections.abc import Mapping, Sequence

Cell = str | int | None
Row = dict[str, Cell]


def write(document: Mapping[str, object] | Sequence[Row], text: str, *, as_json: bool) -> None:
    """Print one of the two forms of the same thing."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n" if as_json else text)


def table(rows: Sequence[Row]) -> str:
    """Rows as aligned columns; "(none)" where there are no rows."""
    if not rows:
        return "(none)\n"
    cells = [[_title(key).upper() for key in rows[0]], *([_text(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "".join(_line(row, widths) for row in cells)


def lines(row: Row) -> str:
    """One thing as aligned lines of name and value."""
    width = max(map(len, row))
    return "".join(_line([_title(key).capitalize(), _text(value)], [width, 0]) for key, value in row.items())


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() + "\n"


def _title(key: str) -> str:
    return key.replace("_", " ")


def _text(value: Cell) -> str:
    return "-" if value is None or value == "" else str(value)
