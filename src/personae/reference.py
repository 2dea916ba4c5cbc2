"""The pages of `docs/` that are written from the tables: `python -m personae.reference` in the repository.

A test renders them again and fails when a page is stale.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from .core.faults import FAULTS, REFUSALS
from .core.fields import FIELDS
from .core.query.operators import OPERATORS, Operator
from .fidelity import MARKS, SECTIONS, Row
from .http.openapi.pieces import sentence
from .http.openapi.records import operator_rows
from .metrics import METRICS
from .settings import SETTINGS, Setting

NOTE: Final = "<!-- Written by `make docs` from the tables in src/personae. Change those, not this page. -->"


def errors() -> str:
    """docs/errors.md: every fault and every refusal."""
    faults = [(str(row.code), row.meaning, code(row.text.rstrip()), row.fix, row.mark) for row in FAULTS]
    refusals = [(str(row.status), str(row.code), code(row.error), sentence(row.meaning), row.mark) for row in REFUSALS]
    return page(
        "Error codes",
        "[Fidelity](fidelity.md) says what the marks mean.",
        "## Records",
        "`/1/upload`, `/1/subscribe` and `/1/disassociate` answer HTTP 200. Each record that was refused is in "
        "`unprocessed` with a code and a text.",
        "The text ends with `Skipped record number : N`; the first record is 1. The first fault found is the one reported.",
        "`{detail}` stands for the key, what was found and what is allowed.",
        table(("Code", "Meaning", "Text", "What to do", "Mark"), faults),
        "## Requests",
        'A request that is refused as a whole changes nothing. Its body is `{"status":"fail","error":"<text>","code":<code>}`.',
        table(("HTTP", "Code", "Text", "When", "Mark"), refusals),
        "`{max_batch}` stands for the number in force, `{event}` for the name that was asked for, `{detail}` for what was "
        "found and what to change. [Running it](guide/operations.md) says what a client does about 429, 408, 413 and 503.",
    )


def settings() -> str:
    """docs/settings.md: every setting."""
    return page(
        "Settings",
        "A later source wins: default, TOML file (`--config FILE` or `PERSONAE_CONFIG`), environment, flag.",
        "`personae settings` prints every value in force and where it came from. "
        "A value that is not allowed stops the start with one line for each.",
        table(("Setting", "Environment", "Flag", "Default", "Allowed", "Meaning"), map(setting_row, SETTINGS)),
        "A setting without a flag is a secret, which other users of the machine could read from the list of processes.",
        "In the TOML file the names are those of the first column:",
        '```toml\nport = 9000\nproperty_violations = "drop"\n```',
    )


def setting_row(setting: Setting) -> tuple[str, ...]:
    default = setting.shown(setting.default)
    names = (setting.name, setting.variable, setting.flag, default)
    return (*(code(name) if name else "" for name in names), setting.allowed, setting.help)


def fields() -> str:
    """docs/fields.md: what `profileData` may hold, and what a query may ask of it."""
    rows = [(code(row.name), row.accepts, str(row.fault.code) if row.fault else "", row.mark) for row in FIELDS]
    return page(
        "Fields and operators",
        "Names in `profileData` are matched without regard to case and blanks. A name that is not in this table is a custom "
        "property.",
        "## Reserved fields",
        "In the order they are checked. The code is that of the refusal when the check fails.",
        table(("Field", "Accepts", "Code", "Mark"), rows),
        "## Operators",
        'Instead of a value a property may have an object with one operator, as in `{"Points": {"$incr": 10}}`.',
        table(("Operator", "Takes", "Does"), [(code(name), takes, does) for name, takes, does in operator_rows()]),
        "## Operators of queries",
        "What a filter of a [query](guide/queries.md) may ask of a property.",
        table(("Operator", "Takes", "Also written", "Mark"), map(query_operator_row, OPERATORS)),
    )


def query_operator_row(operator: Operator) -> tuple[str, ...]:
    return code(operator.name), operator.takes, ", ".join(map(code, operator.other_names)), operator.mark


def metrics() -> str:
    """docs/metrics.md: every metric of `/metrics`."""
    rows = [(code(row.name), row.kind, ", ".join(map(code, row.labels)), row.help) for row in METRICS]
    return page(
        "Metrics",
        "What `GET /metrics` shows. A histogram has the usual `_bucket`, `_sum` and `_count`.",
        table(("Metric", "Kind", "Labels", "Meaning"), rows),
    )


def fidelity() -> str:
    """docs/fidelity.md: every behaviour with its mark."""
    counts = Counter(row.mark for rows in SECTIONS.values() for row in rows)
    marks = [(mark, text, str(counts[mark])) for mark, text in MARKS.items()]
    return page(
        "Fidelity",
        "How each behaviour compares with CleverTap's. The rule is the number the source code cites, as in `contract A3.2`; "
        "search for it to find the code behind a row.",
        table(("Mark", "Meaning", "Rows"), marks),
        *(part for title, rows in SECTIONS.items() for part in (f"## {title}", fidelity_table(rows))),
    )


def fidelity_table(rows: Iterable[Row]) -> str:
    return table(("Rule", "Behaviour", "Mark", "Why"), rows)


PAGES: Final[dict[str, Callable[[], str]]] = {
    "errors.md": errors,
    "settings.md": settings,
    "fields.md": fields,
    "metrics.md": metrics,
    "fidelity.md": fidelity,
}
"""The generated pages by their path below `docs/`."""


def page(title: str, *parts: str) -> str:
    return "\n\n".join((NOTE, f"# {title}", *parts)) + "\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`"


def write(docs: Path) -> None:
    """Write every page below `docs`."""
    for name, render in PAGES.items():
        (docs / name).write_text(render(), "utf-8")


if __name__ == "__main__":
    write(Path("docs"))
