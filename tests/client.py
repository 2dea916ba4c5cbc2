"""A client that sends exactly the bytes it is given and reads the answers one at a time."""

import json
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

Headers = Mapping[str, str]

LONG_INTEGER_DIGITS = 4000
"""Python reads no longer integers from text; such ones are left as the text they came in."""


class Answer(NamedTuple):
    """One HTTP answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_int=lambda text: text if len(text) > LONG_INTEGER_DIGITS else int(text))

    @property
    def closes(self) -> bool:
        """Whether the server said that the connection ends with this answer."""
        return self.headers.get("connection", "").lower() == "close"


class Connection:
    """One connection to 127.0.0.1; close it, or use it in a `with`."""

    def __init__(self, port: int, timeout_s: float = 30.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.reader.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(self, method: str, path: str, headers: Headers, body: bytes | None = None) -> Answer:
        """Send one request and read its answer."""
        self.send(request_bytes(method, path, headers, body))
        return self.receive(method)

    def receive(self, method: str = "") -> Answer:
        """The next final answer; EOFError when the server closed the connection instead."""
        while True:
            status, headers = self.receive_head()
            if status >= 200:
                break
        answer = Answer(status, headers, b"" if method == "HEAD" else self.receive_body(headers))
        assert status < 500 or status == 503, answer
        return answer

    def receive_head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next answer, an interim one too."""
        line = self.reader.readline()
        if not line:
            raise EOFError("the server closed the connection")
        headers = {}
        while (field := self.reader.readline()) not in (b"\r\n", b""):
            name, _, value = field.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(line.split()[1]), headers

    def receive_body(self, headers: Headers) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self.receive_chunks()
        if "content-length" in headers:
            return self.receive_exactly(int(headers["content-length"]))
        return self.reader.read()

    def receive_chunks(self) -> bytes:
        body = bytearray()
        while size := int(self.reader.readline(), 16):
            body += self.receive_exactly(size)
            self.reader.readline()
        self.reader.readline()
        return bytes(body)

    def receive_exactly(self, size: int) -> bytes:
        data = self.reader.read(size)
        if len(data) < size:
            raise EOFError("the server closed the connection within an answer")
        return data

    def at_end(self) -> bool:
        """Wait until the server closes the connection; False if it sends something instead."""
        try:
            return self.reader.read(1) == b""
        except ConnectionResetError:
            return True


def request_bytes(method: str, path: str, headers: Headers, body: bytes | None = None) -> bytes:
    """A request as bytes, with `Host` and, for a body, `Content-Length` unless `headers` have them."""
    fields = {"Host": "127.0.0.1"} | ({} if body is None else {"Content-Length": str(len(body))}) | dict(headers)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (body or b"")


def chunked(*chunks: bytes) -> bytes:
    """A chunked body of these chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
