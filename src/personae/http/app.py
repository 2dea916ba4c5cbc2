"""The ASGI application: routes, credentials, caps, and the one place where errors become answers."""

import asyncio
import os
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from itertools import count
from typing import Any, Final, NamedTuple

import structlog

from ..core.faults import BUG, CREDENTIALS, METHOD, NOT_FOUND, UNAVAILABLE, Refusal
from ..projects import Grant
from ..storage import Unavailable
from . import health
from .body import CLOSE
from .counts import event_counts, profile_counts
from .export import export_profiles
from .life import delete_profiles, demerge_profiles, disassociate_phones, subscribe_addresses
from .message import CUT, Awaited, Disconnected, Receive, Refused, Request, Response, Scope, Send, refusal_response
from .profiles import get_profile
from .queries import events, profiles
from .server import InFlight, Server
from .stream import Stream, left
from .upload import upload_records

Answer = Response | Stream
ApiHandler = Callable[[Server, Grant, Request], Awaitable[Answer]]
OpenHandler = Callable[[Server, Request], Awaitable[Response]]


class ApiRoute(NamedTuple):
    """An endpoint under `/1/`: it takes credentials, and a place under the cap of this setting."""

    handler: ApiHandler
    cap: str


API: Final[dict[str, dict[str, ApiRoute]]] = {
    "/1/upload": {"POST": ApiRoute(upload_records, "upload_concurrency")},
    "/1/profile.json": {"GET": ApiRoute(get_profile, "read_concurrency")},
    "/1/profiles.json": dict.fromkeys(("POST", "GET"), ApiRoute(profiles, "read_concurrency")),
    "/1/events.json": dict.fromkeys(("POST", "GET"), ApiRoute(events, "read_concurrency")),
    "/1/counts/profiles.json": dict.fromkeys(("POST", "GET"), ApiRoute(profile_counts, "read_concurrency")),
    "/1/counts/events.json": dict.fromkeys(("POST", "GET"), ApiRoute(event_counts, "read_concurrency")),
    "/1/delete/profiles.json": {"POST": ApiRoute(delete_profiles, "read_concurrency")},
    "/1/demerge/profiles.json": {"POST": ApiRoute(demerge_profiles, "read_concurrency")},
    "/1/subscribe": {"POST": ApiRoute(subscribe_addresses, "read_concurrency")},
    "/1/disassociate": {"POST": ApiRoute(disassociate_phones, "read_concurrency")},
    "/1/profiles/export": {"GET": ApiRoute(export_profiles, "read_concurrency")},
}

OPEN: Final[dict[str, dict[str, OpenHandler]]] = {
    "/healthz": {"GET": health.healthz},
    "/readyz": {"GET": health.readyz},
    "/metrics": {"GET": health.metrics},
    "/openapi.json": {"GET": health.openapi},
    "/docs": {"GET": health.docs},
}

UNKNOWN: Final = "unknown"
"""The route label of paths there are none for, so that a scan cannot fill the metrics."""

ACCOUNT_HEADER: Final = b"x-clevertap-account-id"
PASSCODE_HEADER: Final = b"x-clevertap-passcode"

log = structlog.get_logger("personae.http")


class App:
    """Answers every request; nothing it is sent makes it raise."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ids = count(1)
        self._run = os.urandom(6).hex()
        self._in_flight = {
            path: InFlight(server.places(path, getattr(server.settings, next(iter(methods.values())).cap)))
            for path, methods in API.items()
        }
        for path, in_flight in self._in_flight.items():
            server.metrics.watch_in_flight(path, in_flight.cap, in_flight.most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request = Request(
            scope["method"],
            scope["path"],
            scope["query_string"],
            dict(scope["headers"]),
            receive,
            f"{self._run}-{next(self._ids)}",
            scope["extensions"][CUT],
        )
        try:
            response = await self._answer_awaited(request) if b"expect" in request.headers else await self._answer(request)
        except Disconnected:
            return
        await self._send(response, request, send)
        self._record(request, response, time.perf_counter() - started)

    async def _send(self, answer: Answer, request: Request, send: Send) -> None:
        """Send an answer; with one that cannot be sent whole its connection ends."""
        try:
            await answer.send(send, request)
        except Disconnected:
            pass
        except asyncio.CancelledError:  # the server stops and has waited for this answer long enough
            log.warning("answer cut off", request_id=request.id, path=request.path, reason="the server stops")
        except Exception as error:  # noqa: BLE001 - what is sent is no answer any more
            told(request, error)
        else:
            return
        request.cut()
        await left(request.receive)

    async def _answer_awaited(self, request: Request) -> Answer:
        """The answer to a client that waits for `100 Continue`. Not given one it may or may not send its body: close."""
        receive = Awaited(request.receive)
        response = await self._answer(request._replace(receive=receive))
        if receive.asked or CLOSE[0] in response.headers:
            return response
        return response._replace(headers=(*response.headers, *CLOSE))

    async def _answer(self, request: Request) -> Answer:
        """The answer, whatever happens. Source: contract A1.3."""
        try:
            return await self._route(request)
        except Refused as refused:
            return refusal_response(refused.refusal, refused.headers, **refused.values)
        except Disconnected:
            raise
        except asyncio.CancelledError:  # the server stops and has waited for this request long enough
            return refusal_response(UNAVAILABLE, CLOSE)
        except Exception as error:  # noqa: BLE001 - the one outer handler
            return refusal_response(told(request, error))

    async def _route(self, request: Request) -> Answer:
        """Path, method, credentials, cap, then the handler. Source: contract A1.2."""
        methods: dict[str, Any] | None = API.get(request.path) or OPEN.get(request.path)
        if methods is None:
            raise Refused(NOT_FOUND)
        route = methods.get(request.method)
        if route is None:
            raise Refused(METHOD, [(b"allow", ", ".join(methods).encode())])
        if not isinstance(route, ApiRoute):
            return await route(self._server, request)  # type: ignore[no-any-return]
        grant = self._server.access.authenticate(
            request.headers.get(ACCOUNT_HEADER, b""), request.headers.get(PASSCODE_HEADER, b""), time.time()
        )
        if grant is None:
            raise Refused(CREDENTIALS)
        with ExitStack() as held:
            held.enter_context(self._in_flight[request.path].slot(grant.project.id))
            return (await route.handler(self._server, grant, request)).holding(held)

    def _record(self, request: Request, response: Answer, seconds: float) -> None:
        metrics = self._server.metrics
        route = request.path if request.path in API or request.path in OPEN else UNKNOWN
        metrics.requests.labels(route, response.status).inc()
        metrics.request_seconds.labels(route).observe(seconds)
        if response.status >= 400 or self._server.settings.log_requests:
            write = log.error if response.status >= 500 else log.info
            write(
                "request",
                request_id=request.id,
                method=request.method,
                path=request.path,
                status=response.status,
                ms=round(seconds * 1000, 2),
            )


def told(request: Request, error: Exception) -> Refusal:
    """The refusal for an error, which the log tells of with the request's id."""
    if isinstance(error, Unavailable):
        log.error("store unavailable", request_id=request.id, path=request.path, reason=str(error))
        return UNAVAILABLE
    log.error("unexpected error", request_id=request.id, path=request.path, exception=trace(error))
    return BUG


def trace(error: Exception) -> str:
    """Where an error was raised and of which type, without its text: that may quote what was sent."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}"
