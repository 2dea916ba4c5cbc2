"""Dependencies point inward, and every module can be named for what is in it. Source: architecture."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import personae

ROOT = Path(personae.__file__).parent
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


class Import(NamedTuple):
    """One imported name, absolute; `lazy` when it is inside a function."""

    name: str
    lazy: bool


def dotted(module: Path) -> str:
    """The module's name inside the package: "core.records.profile.screen", "" for the package itself."""
    parts = module.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text())


def names(node: ast.Import | ast.ImportFrom, module: Path) -> list[str]:
    """The absolute names an import statement of this module binds."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = ["personae", *module.parent.parts]
    prefix = ".".join(base[: len(base) - node.level + 1]) + "." if node.level else ""
    source = (prefix + (node.module or "")).rstrip(".")
    return [f"{source}.{alias.name}" for alias in node.names]


@cache
def imports(module: Path) -> list[Import]:
    functions = [node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    return [
        Import(name, id(node) in inside)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in names(node, module)
    ]


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def modules_of(*packages: str) -> Iterator[Path]:
    return (module for module in MODULES if within(dotted(module), *packages))


def own(module: Path) -> list[str]:
    """What a module imports of the package, without its name in front."""
    return [entry.name.removeprefix("personae.") for entry in imports(module) if within(entry.name, "personae")]


ALLOWED = {
    "core": ("core",),
    "storage": ("core", "storage"),
    "testing": ("core", "storage", "testing"),
    "ingest": ("core", "storage", "ingest"),
    "life": ("core", "storage", "ingest", "life"),
    "queries": ("core", "storage", "queries"),
    "copying": ("core", "storage", "secret_key", "copying"),
    "export": ("core", "storage", "export"),
    "retention": ("storage", "retention"),
    "projects": ("core", "storage", "projects", "secret_key", "settings"),
    "secret_key": ("core", "storage", "secret_key"),
    "settings": ("core", "storage", "settings"),
}
"""What each inner part may import of the package."""

SHELLS = ("http", "cli", "dashboard", "wiring", "testing")
KNOWS = {"http": ("http",), "cli": ("cli", "wiring"), "wiring": ("http",), "__main__": ("cli",), "reference": ("http",)}
"""Which of the outer parts may know which; all other modules know none."""


@pytest.mark.parametrize("part", ALLOWED)
def test_dependencies_point_inward(part: str) -> None:
    """Each part imports only what lies further in."""
    outward = [(str(m), name) for m in modules_of(part) for name in own(m) if not within(name, *ALLOWED[part])]
    assert outward == []


def test_the_parts_are_there() -> None:
    """The table above speaks of parts that exist."""
    assert [part for part in ALLOWED if not any(modules_of(part))] == []


IMPURE = (
    "time", "random", "secrets", "os", "logging", "structlog", "asyncio", "uuid", "threading", "socket", "subprocess", "io",
    "pathlib", "sys", "tempfile", "concurrent", "apsw", "sqlite3", "uvicorn",
)  # fmt: skip


def test_the_core_is_pure() -> None:
    """No clock, randomness, environment, logging or files are imported inside the core."""
    assert [(str(m), entry.name) for m in modules_of("core") for entry in imports(m) if within(entry.name, *IMPURE)] == []


CLOCKS = ("now", "utcnow", "today")


def test_the_core_reads_no_clock_and_awaits_nothing() -> None:
    """Neither `datetime.now` and its kin nor a coroutine stands inside the core."""
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    found = [
        (str(module), node.lineno)
        for module in modules_of("core")
        for node in ast.walk(tree(module))
        if isinstance(node, waiting) or (isinstance(node, ast.Attribute) and node.attr in CLOCKS and clock(node.value))
    ]
    assert found == []


def clock(owner: ast.expr) -> bool:
    """Whether this expression is the `datetime` or `date` class or module."""
    return ast.unparse(owner).split(".")[-1] in ("datetime", "date")


def test_only_wiring_knows_concrete_backends() -> None:
    """Outside the storage package only `wiring` names a backend."""
    backends = [f"storage.{path.name}" for path in (ROOT / "storage").iterdir() if (path / "__init__.py").exists()]
    assert backends
    others = [module for module in MODULES if not within(dotted(module), "storage", "wiring")]
    assert [(str(module), name) for module in others for name in own(module) if within(name, *backends)] == []


def test_backends_do_not_know_each_other() -> None:
    """A backend imports nothing of another."""
    backends = [f"storage.{path.name}" for path in (ROOT / "storage").iterdir() if (path / "__init__.py").exists()]
    others = {backend: [other for other in backends if other != backend] for backend in backends}
    assert [
        (str(m), n) for backend in backends for m in modules_of(backend) for n in own(m) if within(n, *others[backend])
    ] == []


def shells_known_to(module: Path) -> list[str]:
    """What a module imports of the shells without being one that may."""
    allowed = KNOWS.get(dotted(module).split(".")[0], ())
    return [name for name in own(module) if within(name, *SHELLS) and not within(name, *allowed)]


def test_shells_do_not_know_each_other() -> None:
    """http, cli and the suites know nothing of one another, and inner modules nothing of them; only wiring joins them."""
    outside = [module for module in MODULES if not within(dotted(module), "testing")]
    assert [(str(module), name) for module in outside for name in shells_known_to(module)] == []


def test_commands_wire_nothing_until_they_run() -> None:
    """cli imports `wiring` only inside the command that needs it."""
    lazy = {
        (entry.name, entry.lazy) for m in modules_of("cli") for entry in imports(m) if within(entry.name, "personae.wiring")
    }
    assert [name for name, is_lazy in lazy if not is_lazy] == []


DRAWERS = ("util", "utils", "helper", "helpers", "common", "manager", "managers", "service", "services", "misc")


def test_no_module_is_a_drawer() -> None:
    """No module is named for being a place to put things."""
    parts = [(str(module), part) for module in MODULES for part in module.with_suffix("").parts]
    assert [(module, part) for module, part in parts if any(word in DRAWERS for word in part.split("_"))] == []


def test_every_module_says_what_it_is() -> None:
    """Each module has a docstring."""
    assert [str(module) for module in MODULES if not ast.get_docstring(tree(module))] == []
