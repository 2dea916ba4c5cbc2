"""What operations ask for, outside `/1/` and without credentials."""

from .docs_page import page
from .message import Request, Response, json_response
from .openapi import document
from .server import Server


async def healthz(server: Server, request: Request) -> Response:
    """The process answers."""
    return json_response(200, {"status": "ok"})


async def readyz(server: Server, request: Request) -> Response:
    """The store takes a write, or took one within the last second; 503 when it does not."""
    if await server.readiness.ready():
        return json_response(200, {"status": "ok"})
    return json_response(503, {"status": "unavailable", "error": "the store cannot be written"})


async def metrics(server: Server, request: Request) -> Response:
    server.metrics.store_bytes.set(await server.store.size_bytes())
    return Response(200, server.metrics.text(), b"text/plain; version=0.0.4; charset=utf-8")


async def openapi(server: Server, request: Request) -> Response:
    return json_response(200, document(server.settings))


async def docs(server: Server, request: Request) -> Response:
    return Response(200, page(document(server.settings)), b"text/html; charset=utf-8")
