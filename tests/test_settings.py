"""The table of settings and the order of its sources."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from personae.core.rules import Rules
from personae.settings import BY_NAME, SETTINGS, BadSettings, Settings, load
from personae.storage.url import without_passwords


def lines(flags: dict[str, str], environ: dict[str, str], file: Path | None = None) -> list[str]:
    """The complaints about these values."""
    with pytest.raises(BadSettings) as bad:
        load(flags, environ, file)
    return bad.value.lines


def test_attributes_and_table_agree() -> None:
    """Every row has an attribute of its name, in the same order, and there are no others."""
    assert [field.name for field in fields(Settings)] == [setting.name for setting in SETTINGS]


def test_defaults_are_values_their_rows_allow() -> None:
    """A default written as text is read back as itself; only what is made or derived if not set has none."""
    for setting in SETTINGS:
        if setting.name not in ("database", "secret_key", "project_id", "passcode"):
            assert setting.kind.read(setting.shown(setting.default)) == setting.default


def test_defaults_are_the_contracts() -> None:
    """With no source at all, the limits are those of the rules and every origin is the default."""
    settings, origins = load({}, {}, None)
    assert settings.rules == Rules()
    assert origins == {setting.name: "default" for setting in SETTINGS}


def test_a_later_source_wins(tmp_path: Path) -> None:
    """File over default, environment over file, flag over environment; the origin says which."""
    file = tmp_path / "personae.toml"
    file.write_text('port = 1\nhost = "::1"\nmax_batch = 100\nlog_requests = true\n')
    environ = {"PERSONAE_PORT": "2", "PERSONAE_HOST": "0.0.0.0", "PERSONAE_CONFIG": str(file), "HOME": "/"}
    settings, origins = load({"port": "3"}, environ, file)
    assert (settings.port, settings.host, settings.max_batch, settings.log_requests) == (3, "0.0.0.0", 100, True)
    assert [origins[name] for name in ("port", "host", "max_batch", "log_format")] == [
        "flag --port",
        "environment PERSONAE_HOST",
        f"file {file}",
        "default",
    ]


RULES = [
    ({"max_identifier_chars": "7"}, Rules(max_identifier_chars=7)),
    ({"max_key_bytes": "7"}, Rules(max_key_bytes=7)),
    ({"max_value_bytes": "7"}, Rules(max_value_bytes=7)),
    ({"max_custom_keys": "7"}, Rules(max_custom_keys=7)),
    ({"max_list_items": "7"}, Rules(max_list_items=7)),
    ({"max_nesting": "7"}, Rules(max_nesting=7)),
    ({"property_violations": "drop"}, Rules(drop=True)),
]


@pytest.mark.parametrize(("flags", "rules"), RULES)
def test_every_rule_is_a_setting(flags: dict[str, str], rules: Rules) -> None:
    """A limit that is set is the limit records are judged by."""
    assert load(flags, {}, None).settings.rules == rules


ALLOWED = [
    ("port", "0", 0),
    ("port", 65_535, 65_535),
    ("max_body_bytes", "1024", 1024),
    ("max_body_bytes", 1024**3, 1024**3),
    ("body_timeout", "1", 1.0),
    ("body_timeout", 2, 2.0),
    ("body_timeout", 0.5e1, 5.0),
    ("body_timeout", "3600", 3600.0),
    ("upload_concurrency", "0", 0),
    ("not_found_status", "200", 200),
    ("not_found_status", 404, 404),
    ("show_passcodes", "False", False),
    ("log_requests", True, True),
    ("data", "/srv/p", Path("/srv/p")),
    ("host", "::", "::"),
    ("project_id", "a" * 64, "a" * 64),
    ("secret_key", "0aF" + "0" * 61, "0aF" + "0" * 61),
    ("workers", "256", 256),
    ("database_timeout", "0.5e1", 5.0),
    ("database_connections", 100, 100),
]


@pytest.mark.parametrize(("name", "raw", "expected"), ALLOWED)
def test_allowed_values_are_read(name: str, raw: object, expected: object) -> None:
    """Text of the environment and values of TOML give the same typed value."""
    value = BY_NAME[name].kind.read(raw)
    assert (value, type(value)) == (expected, type(expected))


REFUSED: list[tuple[str, list[object]]] = [
    ("port", ["", "abc", "-1", "65536", "80.0", " 80", "8_0", "٣", "9" * 30, 80.0, True, None, [80]]),
    ("max_batch", ["0", "100001"]),
    ("max_body_bytes", ["1023", 1024**3 + 1]),
    ("body_timeout", ["", "0", "0.9", "3600.1", "nan", "inf", "1s", True, 10**400]),
    ("log_format", ["", "JSON", "xml", True]),
    ("not_found_status", ["0200", "500", True, 404.0]),
    ("log_requests", ["", "yes", "1", 1]),
    ("host", ["", "a b", 5]),
    ("data", ["", "a\0b", 5]),
    ("project_id", ["", "a b", "é", "a\n", "a" * 65]),
    ("passcode", ["", "a b", "a" * 257]),
    ("secret_key", ["", "0" * 63, "0" * 65, "g" * 64, 0]),
    ("workers", ["0", "257", "1.0"]),
    ("database_timeout", ["0", "3601"]),
    ("database_connections", ["0", "101"]),
]


@pytest.mark.parametrize(("name", "raw"), [(name, raw) for name, raws in REFUSED for raw in raws])
def test_other_values_are_refused(name: str, raw: object) -> None:
    """What is out of range, of another type or almost right is not taken."""
    assert BY_NAME[name].kind.read(raw) is None


def test_all_bad_values_are_told_at_once(tmp_path: Path) -> None:
    """One line each: the setting, what was found, where, and what is allowed."""
    file = tmp_path / "personae.toml"
    file.write_text('max_batch = "many"\nprot = 1\n[server]\nport = 1\n')
    environ = {"PERSONAE_LOG_FORMAT": "xml", "PERSONAE_MAX_BACH": "1"}
    assert lines({"port": "99999"}, environ, file) == [
        f"max_batch: 'many' is not allowed (file {file}); allowed: an integer from 1 to 100000",
        f"prot: there is no such setting (file {file}); did you mean port?",
        f"server: there is no such setting (file {file}); `personae settings` lists them",
        "log_format: 'xml' is not allowed (environment PERSONAE_LOG_FORMAT); allowed: text or json",
        "max_bach: there is no such setting (environment PERSONAE_MAX_BACH); did you mean max_batch?",
        "port: '99999' is not allowed (flag --port); allowed: an integer from 0 to 65535",
    ]


def test_a_bad_value_is_told_even_if_a_later_source_is_good() -> None:
    """A flag does not hide a mistake in the environment."""
    assert len(lines({"port": "80"}, {"PERSONAE_PORT": "x"})) == 1


def test_an_empty_variable_is_not_set() -> None:
    """Compose files pass on variables nobody set as empty ones."""
    assert load({}, {"PERSONAE_PORT": "", "PERSONAE_PASSCODE": ""}, None) == load({}, {}, None)


SERVICE_LINKS = {
    "PERSONAE_SERVICE_HOST": "10.0.0.1",
    "PERSONAE_SERVICE_PORT": "8080",
    "PERSONAE_SERVICE_PORT_HTTP": "8080",
    "PERSONAE_PORT": "tcp://10.0.0.1:8080",
    "PERSONAE_PORT_8080_TCP": "tcp://10.0.0.1:8080",
    "PERSONAE_PORT_8080_TCP_PROTO": "tcp",
    "PERSONAE_PORT_8080_TCP_PORT": "8080",
    "PERSONAE_PORT_8080_TCP_ADDR": "10.0.0.1",
    "PERSONAE_DATABASE_SERVICE_HOST": "10.0.0.2",
    "PERSONAE_DATABASE_PORT": "tcp://10.0.0.2:5432",
    "PERSONAE_DATABASE_PORT_5432_TCP": "tcp://10.0.0.2:5432",
}


def test_variables_of_a_kubernetes_service_are_no_settings() -> None:
    """Services named `personae` and `personae-database` put these into every pod; the start does not see them."""
    assert load({}, SERVICE_LINKS, None) == load({}, {}, None)


LIKE_SERVICE_LINKS = [
    ("PERSONAE_PORT", "udp://10.0.0.1:8080"),
    ("PERSONAE_HOST", "tcp://a b"),
    ("PERSONAE_SERVICE", "x"),
    ("PERSONAE_SERVICE_HOSTS", "x"),
    ("PERSONAE_PORT_TCP", "x"),
    ("PERSONAE_PORT_8080_TCP_X", "x"),
    ("PERSONAE_DATABASE", "tcp://10.0.0.2:5432"),
]


@pytest.mark.parametrize(("variable", "value"), LIKE_SERVICE_LINKS)
def test_other_variables_are_judged(variable: str, value: str) -> None:
    """Only exactly those forms are passed over."""
    assert len(lines({}, {variable: value})) == 1


FILES: list[tuple[bytes, str]] = [
    (b"port = ", "is not TOML"),
    (b"port = 1\nport = 2\n", "is not TOML"),
    (b"\xff", "is not TOML"),
]


@pytest.mark.parametrize(("content", "expected"), FILES)
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    """A file that cannot be parsed is told by name, with the reason."""
    file = tmp_path / "personae.toml"
    file.write_bytes(content)
    (line,) = lines({}, {}, file)
    assert line.startswith(f"config: the file {file} {expected}: ")
    assert "\n" not in line


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """A file that was asked for has to be there; what else is wrong is told too."""
    file = tmp_path / "none.toml"
    told = lines({"port": "x"}, {}, file)
    assert told[0] == f"config: the file {file} cannot be read: No such file or directory"
    assert len(told) == 2


def test_long_values_are_cut() -> None:
    """A line stays a line, however long the value."""
    (line,) = lines({"port": "x\n" * 5000}, {})
    assert len(line) < 250
    assert "\n" not in line


def test_a_passcode_needs_its_project() -> None:
    """A passcode alone would go to a project nobody named."""
    assert lines({}, {"PERSONAE_PASSCODE": "s3cret"}) == [
        "passcode: given without project_id (environment PERSONAE_PASSCODE); set both"
    ]


def test_secrets_are_never_shown() -> None:
    """Neither a complaint nor the settings' own text has the passcode in it, and no flag takes it."""
    (line,) = lines({}, {"PERSONAE_PASSCODE": "top secret", "PERSONAE_PROJECT_ID": "P"})
    settings = load({}, {"PERSONAE_PASSCODE": "top-secret", "PERSONAE_PROJECT_ID": "P"}, None).settings
    assert settings.passcode == "top-secret"
    assert BY_NAME["passcode"].flag == ""
    texts: list[Any] = [line, repr(settings), BY_NAME["passcode"].shown(settings.passcode)]
    assert [text for text in texts if "top" in text] == []


@pytest.mark.parametrize("variable", ["PERSONAE_SECRET_KEY", "PERSONAE_PASSCODE"])
def test_a_secret_that_is_not_allowed_is_not_repeated(variable: str) -> None:
    """The complaint has the name, the origin and what is allowed."""
    (line,) = lines({}, {variable: "top secret", "PERSONAE_PROJECT_ID": "P"})
    assert variable in line
    assert "top" not in line


FILES_OF_URLS = [
    ("sqlite:///data/personae.db", "data/personae.db"),
    ("sqlite:////srv/my data/p?#@:.db", "/srv/my data/p?#@:.db"),
]


@pytest.mark.parametrize(("url", "file"), FILES_OF_URLS)
def test_a_url_of_a_file_has_its_path_as_it_is_written(url: str, file: str) -> None:
    """Relative after three strokes, absolute after four, and nothing in it means anything else."""
    settings = load({"database": url, "data": "elsewhere"}, {}, None).settings
    assert (settings.database_file, settings.place) == (Path(file), url)


def test_without_a_url_the_database_is_in_the_data_directory() -> None:
    """It has a URL all the same."""
    settings = load({"data": "/srv/p"}, {}, None).settings
    assert settings.database_url == "sqlite:////srv/p/personae.db"
    assert (settings.database_file, settings.place) == (Path("/srv/p/personae.db"), "/srv/p")


SERVERS = [
    ("postgresql://localhost", "postgresql://localhost"),
    ("postgres://u@h:5432/db", "postgres://u@h:5432/db"),
    ("postgresql://u:hush@h:65535/db", "postgresql://u:********@h:65535/db"),
    ("postgresql://:hush@h", "postgresql://:********@h"),
    ("postgresql://u:hush:%40%2F%3F%23@h/db", "postgresql://u:********@h/db"),
    ("postgresql://u:hush@h1:5432,h2,127.0.0.1:6432/db", "postgresql://u:********@h1:5432,h2,127.0.0.1:6432/db"),
    ("postgresql://u:hush@[::1]:6432,h2/db", "postgresql://u:********@[::1]:6432,h2/db"),
    ("postgresql://u:hush@/db?host=/run/pg", "postgresql://u:********@/db?host=/run/pg"),
    ("postgresql:///db?host=h&password=hush&port=1", "postgresql:///db?host=h&password=********&port=1"),
    ("postgresql://h/db?sslpassword=hush", "postgresql://h/db?sslpassword=********"),
    ("postgresql://h/db?passwd=hush&port=1", "postgresql://h/db?passwd=********&port=1"),
    ("postgresql://h/db?port=1&PGPASS=hush", "postgresql://h/db?port=1&PGPASS=********"),
]


@pytest.mark.parametrize(("url", "shown"), SERVERS)
def test_a_url_of_a_server_is_shown_without_its_password(url: str, shown: str) -> None:
    """Taken as it is, shown without, also in the middle of any text, and never in the settings' own text."""
    settings = load({"database": url}, {}, None).settings
    assert (settings.database_url, settings.database_file, settings.place) == (url, None, shown)
    assert BY_NAME["database"].shown(settings.database) == shown
    assert without_passwords(f'at "{url}" and {url} there') == f'at "{shown}" and {shown} there'
    assert "hush" not in repr(settings)


NO_URLS: list[tuple[object, str]] = [
    ("mysql://u:hush@h/db", "mysql://…"),
    ("https://u:hush@h/db", "https://…"),
    ("postgresql+asyncpg://u:hush@h/db", "postgresql+asyncpg://…"),
    ("POSTGRESQL://u:hush@h/db", "POSTGRESQL://…"),
    ("hush", "…"),
    ("u:hush@h", "…"),
    ("host=h password=hush", "…"),
    (" postgresql://u:hush@h", "…"),
    ("postgresql:/u:hush@h", "…"),
    ("postgresql://u:hush", "postgresql://…"),
    ("postgresql://u:hu sh@h", "postgresql://…"),
    ("postgresql://u:hu/sh@h", "postgresql://…"),
    ("postgresql://u:1/hush@h", "postgresql://…"),
    ("postgresql://u:1?hush@h", "postgresql://…"),
    ("postgresql://u:1?a=hush@h", "postgresql://…"),
    ("postgresql://u:hu#sh@h", "postgresql://…"),
    ("postgresql://u:hu@sh@h", "postgresql://…"),
    ("postgresql://u:hush@h:65536", "postgresql://…"),
    ("postgresql://u:hush@h:x", "postgresql://…"),
    ("postgresql://u:hush@[:1:1]", "postgresql://…"),
    ("postgresql://u:hush@h/db?ssl", "postgresql://…"),
    ("postgresql://u:hush@h/db?p%61ssword=hush", "postgresql://…"),
    ("postgresql://u:hush\u00e9@h/db", "postgresql://…"),
    ("sqlite://hush", "sqlite://…"),
    ("sqlite:///", "sqlite://…"),
    ("sqlite:///hush/", "sqlite://…"),
    ("sqlite:///:memory:", "sqlite://…"),
    (["postgresql://u:hush@h"], "…"),
    ({"password": "hush"}, "…"),
    (5, "…"),
]


@pytest.mark.parametrize(("raw", "shown"), NO_URLS)
def test_other_urls_are_refused_and_not_repeated(raw: object, shown: str) -> None:
    """Each separator has to be one: where it is not clear what the password is, only the scheme is shown."""
    assert BY_NAME["database"].kind.read(raw) is None
    (line,) = lines({"database": raw}, {})  # type: ignore[dict-item]
    assert line == (
        f"database: {shown!r} is not allowed (flag --database); "
        "allowed: postgresql://user:password@host:port/name (more hosts after commas) or sqlite:///path"
    )
