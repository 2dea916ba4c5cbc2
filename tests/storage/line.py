"""A line to PostgreSQL that a test can cut at the worst moment."""

import asyncio
from typing import Self
from urllib.parse import urlsplit

from tests.server import free_port


class Line:
    """Listens on 127.0.0.1 and passes on to the server of `url`; `url` of the line is what a store is to be given.

    With `cut_answers` n, the next n times the server says something to a client, the client does not hear
    it: its connection is closed. What it asked for has been done. With `cut_requests` n, it has not.
    Of the answers `skip_answers`, of the requests `skip_requests` are passed on before.
    """

    def __init__(self, url: str) -> None:
        self._server = urlsplit(url)
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""
        self.cut_answers = 0
        self.cut_requests = 0
        self.skip_answers = 0
        self.skip_requests = 0
        self.cuts = 0
        self.cut_often = asyncio.Event()
        """Set once two connections were cut."""

    async def __aenter__(self) -> Self:
        port = free_port()
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", port)
        login = self._server.netloc.rpartition("@")[0]
        self.url = self._server._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._server.hostname, self._server.port
        far_reader, far_writer = await asyncio.open_connection(host, port)
        for source, sink, answers in ((reader, far_writer, False), (far_reader, writer, True)):
            task = asyncio.create_task(self._pass_on(source, sink, answers, (writer, far_writer)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        answers: bool,
        both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        try:
            while data := await source.read(65_536):
                if self._cuts(answers):
                    break
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            for writer in both:
                writer.close()

    def _cuts(self, answers: bool) -> bool:
        if answers and self.skip_answers:
            self.skip_answers -= 1
            return False
        if not answers and self.skip_requests:
            self.skip_requests -= 1
            return False
        left = self.cut_answers if answers else self.cut_requests
        if not left:
            return False
        self.cuts += 1
        if self.cuts == 2:
            self.cut_often.set()
        if answers:
            self.cut_answers -= 1
        else:
            self.cut_requests -= 1
        return True
