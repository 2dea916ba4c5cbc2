"""Sending what was made to hurt, and looking after the server afterwards."""

from tests.client import Answer, Headers, request_bytes
from tests.server import Server, batch, credentials, fresh, profile

MALFORMED = {"status": "fail", "error": "Malformed request", "code": 400}


def send(server: Server, body: bytes, headers: Headers | None = None) -> Answer:
    """Upload these bytes; afterwards an ordinary upload is served on the same connection, if kept, and on a new one."""
    with server.connect() as connection:
        connection.send(request_bytes("POST", "/1/upload", credentials() | dict(headers or {}), body))
        answer = connection.receive()
        if not answer.closes:
            assert 200 == connection.request("POST", "/1/upload", credentials(), batch(profile(fresh()))).status
    assert 1 == server.upload(profile(fresh()))["processed"]
    return answer
