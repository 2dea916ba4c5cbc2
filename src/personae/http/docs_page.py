"""The API reference as one HTML page that needs no script and no network.

Rendered from the OpenAPI document of this server, so it shows the limits in force, and from the same
tables of `core` that the server runs on.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from ..core.faults import FAULTS
from ..core.fields import FIELDS
from ..core.query.operators import OPERATORS as QUERY_OPERATORS
from .openapi.records import operator_rows

Json = dict[str, Any]

STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2563eb; }
@media (prefers-color-scheme: dark) { :root { --accent: #7aa2f7; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 6rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
a { color: var(--accent); } nav a { margin-right: 1rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .8rem; overflow-x: auto; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: .2rem 0; } .verb { color: var(--accent); font-weight: 600; }
"""


def page(document: Json) -> bytes:
    """The whole page, UTF-8."""
    info = document["info"]
    sections = [
        ("paths", "Paths", paths(document)),
        ("codes", "Error codes", codes()),
        ("fields", "Reserved fields", fields()),
        ("operators", "Operators", operators()),
        ("query-operators", "Operators of queries", query_operators()),
        ("limits", "Limits", limits(document)),
    ]
    body = "".join(f'<section id="{name}"><h2>{title}</h2>{content}</section>' for name, title, content in sections)
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title, _ in sections)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>{escape(info['summary'])}. {prose(info['description'])}</p>"
        f'<nav>{links}<a href="/openapi.json">openapi.json</a></nav>{body}</body></html>'
    ).encode()


def paths(document: Json) -> str:
    """Every operation with its parameters, body and answers."""
    return "".join(
        operation(verb, path, described, document)
        for path, verbs in document["paths"].items()
        for verb, described in verbs.items()
    )


def operation(verb: str, path: str, described: Json, document: Json) -> str:
    parts = [
        f'<h3><span class="verb">{verb.upper()}</span> <code>{escape(path)}</code></h3>',
        f"<p>{prose(described['summary'])}. {prose(described.get('description', ''))}</p>",
    ]
    if described["security"]:
        schemes = document["components"]["securitySchemes"].values()
        parts.append(table(("Header", "Meaning"), [(code(scheme["name"]), prose(scheme["description"])) for scheme in schemes]))
    if "parameters" in described:
        rows = [(code(row["name"]), row["in"], prose(row["description"])) for row in described["parameters"]]
        parts.append(table(("Parameter", "In", "Meaning"), rows))
    if "requestBody" in described:
        body = described["requestBody"]
        parts.append(f"<p>Body. {prose(body['description'])}</p>{examples(body)}")
    parts += [answer(status, resolved(row, document)) for status, row in described["responses"].items()]
    return "".join(parts)


def answer(status: str, described: Json) -> str:
    headers = "".join(
        f" Header {code(name)}: {prose(row['description'])}" for name, row in described.get("headers", {}).items()
    )
    line = f"<summary><code>{status}</code> {prose(described['description'])}{headers}</summary>"
    return f"<details>{line}{examples(described)}</details>"


def examples(holder: Json) -> str:
    """The examples of a body or an answer, each under its name."""
    shown = [row for kind in holder["content"].values() for row in kind.get("examples", {}).items()]
    return "".join(f"<p>{escape(name)}</p>{listing(example['value'])}" for name, example in shown)


def resolved(described: Json, document: Json) -> Json:
    """An answer itself, or the one it refers to."""
    if "$ref" not in described:
        return described
    found: Json = document["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
    return found


def codes() -> str:
    rows = [(str(row.code), prose(row.meaning), code(row.error(1, "…")), prose(row.fix)) for row in FAULTS]
    return table(("Code", "Meaning", "Text, for record 1", "What to do"), rows)


def fields() -> str:
    rows = [(code(row.name), prose(row.accepts), str(row.fault.code) if row.fault else "") for row in FIELDS]
    return table(("Field", "Accepts", "Code"), rows)


def operators() -> str:
    return table(
        ("Operator", "Takes", "Does"), [(code(name), prose(takes), prose(does)) for name, takes, does in operator_rows()]
    )


def query_operators() -> str:
    rows = [(code(row.name), prose(row.takes), ", ".join(map(code, row.other_names))) for row in QUERY_OPERATORS]
    return table(("Operator", "Takes", "Also written"), rows)


def limits(document: Mapping[str, Any]) -> str:
    return table(("Setting", "In force"), [(code(name), escape(str(value))) for name, value in document["x-limits"].items()])


def table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are HTML already."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def prose(text: str) -> str:
    """Text as HTML, with what stands between backticks as code."""
    parts = text.split("`")
    return "".join(code(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def listing(value: object) -> str:
    """A value as JSON; text as it is."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f"<pre>{escape(text)}</pre>"
