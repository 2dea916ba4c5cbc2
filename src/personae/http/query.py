"""Query strings as CleverTap's clients write them: a `+` is a plus. Source: contract A6.1."""

from urllib.parse import unquote


def parse_query(query: bytes) -> dict[str, str]:
    """Parameters by name, percent-decoded; of one given twice the first counts."""
    out: dict[str, str] = {}
    for part in query.decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        out.setdefault(unquote(name), unquote(value))
    return out


def blank_reading(query: bytes) -> bytes:
    """The query as a form would mean it: each raw `+` a blank."""
    return query.replace(b"+", b"%20")
