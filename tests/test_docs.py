"""The documentation: generated pages are fresh, links lead somewhere, nothing is left out."""

import json
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from personae.cli import parser
from personae.core.faults import FAULTS, REFUSALS
from personae.core.fields import FIELDS
from personae.core.operators import OPERATORS
from personae.core.query.operators import BY_NAME
from personae.fidelity import MARKS, SECTIONS
from personae.metrics import METRICS
from personae.reference import PAGES
from personae.settings import SETTINGS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WRITTEN = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(
    r"(?:^|`|&& |\S+=\S+ )personae ((?:project|passcode|database) \w+|serve|settings|version)\b([^`\n&|]*)", re.MULTILINE
)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    return [unquote(link) for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]


@pytest.mark.parametrize("name", PAGES)
def test_generated_page_is_fresh(name: str) -> None:
    """A generated page is what the tables say now; `make docs` writes it."""
    expected = PAGES[name]()
    assert expected == (DOCS / name).read_text("utf-8")


@pytest.mark.parametrize("page", WRITTEN, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file or a heading of the repository finds it."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked() -> None:
    """Every page of docs can be reached from the README by links; of the decisions, the first."""
    found, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        found.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
        waiting += [target for target in targets if target.suffix == ".md" and target not in found]
    pages = {page for page in DOCS.rglob("*.md") if page.parent.name != "decisions"}
    assert set() == pages - found


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("settings.md", [row.name for row in SETTINGS]),
        ("errors.md", [*(str(row.code) for row in FAULTS), *(row.error for row in REFUSALS)]),
        ("fields.md", [*(row.name for row in FIELDS), *OPERATORS, "$set", *BY_NAME]),
        ("metrics.md", [row.name for row in METRICS]),
    ],
)
def test_no_row_is_missing(name: str, rows: list[str]) -> None:
    """Each row of a table is in its page."""
    text = (DOCS / name).read_text("utf-8")
    assert [row for row in rows if row not in text] == []


def test_fidelity_has_every_rule() -> None:
    """Each clause of the contract has at least one row, each row a known mark."""
    clauses = {1: 6, 2: 6, 3: 6, 4: 8, 5: 4, 6: 5}
    expected = {f"A{part}.{number}" for part, last in clauses.items() for number in range(1, last + 1)} | {"A7", "A8"}
    expected |= {"B 5", *(f"B 6.{number}" for number in range(1, 8))}
    expected |= {"docs, events", "docs, export", "docs, history"}
    rows = [row for section in SECTIONS.values() for row in section]
    assert expected == {row.rule for row in rows}
    assert {row.mark for row in rows} == set(MARKS)


def test_no_row_stands_twice() -> None:
    """No behaviour is in the fidelity table twice."""
    behaviours = [row.behaviour for section in SECTIONS.values() for row in section]
    assert len(set(behaviours)) == len(behaviours)


@pytest.mark.parametrize("page", WRITTEN, ids=shown)
def test_samples_parse(page: Path) -> None:
    """JSON and TOML samples are JSON and TOML."""
    readers = {"json": json.loads, "toml": tomllib.loads}
    for language, text in BLOCK.findall(page.read_text("utf-8")):
        readers.get(language, str)(text)


@pytest.mark.parametrize("page", WRITTEN, ids=shown)
def test_make_targets_exist(page: Path) -> None:
    """Every `make` command that is named is a target of the Makefile."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make (?:[A-Z]+=\S+ )?([a-z]+)", page.read_text("utf-8"), re.MULTILINE))
    assert set() == named - targets


@pytest.mark.parametrize("page", WRITTEN, ids=shown)
def test_commands_parse(page: Path) -> None:
    """Every `personae` command of a shell sample is one the parser takes."""
    for language, text in BLOCK.findall(page.read_text("utf-8")):
        if language == "sh":
            for command, rest in COMMAND.findall(text):
                parser().parse_args([*command.split(), *re.findall(r'"[^"]*"|\S+', rest)])
