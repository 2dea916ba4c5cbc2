"""The figures of one measured stage, their medians, and the table they are printed in: ratios first."""

from collections.abc import Mapping, Sequence
from math import isnan
from statistics import median
from typing import Final, NamedTuple


class Figures(NamedTuple):
    """One stage; `nan` where a figure does not apply.

    `ratio` is the rate to the ceiling's, or to another stage's, `own_ratio` to that of the engine writing
    every row the server writes; `rate` and `ceiling` are records, or GETs, a second; `cpu_us` is the
    server's for each record, `database_us` that of the processes of its database.
    """

    ratio: float
    own_ratio: float
    rate: float
    ceiling: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    database_us: float
    peak_mib: float


Stages = Mapping[str, Figures]

COLUMNS: Final = (
    ("ratio", "{:.1%}"),
    ("own rows", "{:.1%}"),
    ("rate/s", "{:,.0f}"),
    ("ceiling/s", "{:,.0f}"),
    ("p50 ms", "{:.2f}"),
    ("p99 ms", "{:.2f}"),
    ("CPU us", "{:.1f}"),
    ("database us", "{:.1f}"),
    ("peak MiB", "{:.0f}"),
)
"""Title and form, in the order of `Figures`."""


def medians(runs: Sequence[Stages]) -> dict[str, Figures]:
    """For each stage and figure the median over the runs."""
    return {stage: Figures(*map(median, zip(*(run[stage] for run in runs), strict=True))) for stage in runs[0]}


def table(stages: Stages) -> str:
    """A Markdown table, one row for each stage; a column that none of them has is left out."""
    rows = [[name, *cells(figures)] for name, figures in stages.items()]
    columns = list(zip(["", *(title for title, _ in COLUMNS)], *rows, strict=True))
    return markdown([column for column in columns if any(column[1:])])


def markdown(columns: Sequence[Sequence[str]]) -> str:
    """A Markdown table of columns, each with its title; all but the first are figures."""
    widths = [max(map(len, column)) for column in columns]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    titles, *rows = zip(*columns, strict=True)
    return "\n".join(line(row, widths) for row in (titles, rule, *rows))


def cells(figures: Figures) -> list[str]:
    pairs = zip(COLUMNS, figures, strict=True)
    return ["" if isnan(value) else form.format(value) for (_, form), value in pairs]


def line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = row
    return (
        " | ".join(
            ["| " + first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        )
        + " |"
    )
