"""The log: one line an event on stderr, as text or JSON, times in UTC, secrets masked.

The server's own events and those of libraries that use `logging` come out in the same form.
"""

import logging
import sys
from typing import Any, Final, Literal

import structlog
from structlog.typing import EventDict, Processor

from .storage.url import MASK, without_passwords

SECRET_ENDINGS: Final = (
    "passcode", "password", "secret", "authorization", "cookie", "sealed", "digest", "server_key", "secret_key",
)  # fmt: skip
"""Endings of keys whose values are never printed; `passcode_id` may be."""


def configure(format: Literal["text", "json"]) -> None:  # noqa: A002 - the name of the setting
    """Send every log event of this process to stderr in this form."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=_rendering(format)))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        _hand_over(logging.getLogger(name))


def _hand_over(logger: logging.Logger) -> None:
    """Let a logger that brought its own output use ours."""
    logger.handlers.clear()
    logger.propagate = True


def _rendering(format: Literal["text", "json"]) -> list[Processor]:  # noqa: A002 - as above
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if format == "json":
        return [strip, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(), mask_passwords]
    # The plain traceback shows no local variables; a quoted value and `one_line` break no line in two.
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
        repr_native_str=True,
    )
    return [strip, one_line, console, mask_passwords]


def one_line(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Keep the text of an event on one line, so that no input can forge a second event."""
    event["event"] = "\\n".join(str(event["event"]).splitlines())
    return event


def mask_passwords(_logger: object, _method: str, line: Any) -> str:
    """Mask the password of every database URL in what was rendered, tracebacks too."""
    return without_passwords(line)


def mask_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Mask every value under a secret key, however deep it lies."""
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: object, value: Any) -> Any:
    if _is_secret(key):
        return MASK
    if isinstance(value, dict):
        return {inner: _masked(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return _masked_items(value)
    return value


def _masked_items(items: list[Any] | tuple[Any, ...]) -> list[Any]:
    """The items, where a pair of a secret name and a value, as headers come, keeps its name only."""
    if len(items) == 2 and isinstance(items[0], str | bytes):
        return [items[0], _masked(items[0], items[1])]
    return [_masked("", item) for item in items]


def _is_secret(key: object) -> bool:
    text = key.decode("latin-1") if isinstance(key, bytes) else str(key)
    return text.lower().replace("-", "_").endswith(SECRET_ENDINGS)


_SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    mask_secrets,
]
