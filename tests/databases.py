"""Databases on a PostgreSQL server that is there: made, dropped, and told what to do."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import asyncpg

Row = tuple[Any, ...]


async def _execute(url: str, statements: tuple[str, ...]) -> list[Row]:
    connection = await asyncpg.connect(url)
    try:
        answers = [await connection.fetch(statement) for statement in statements]
        return [tuple(row) for row in answers[-1]]
    finally:
        await connection.close()


def execute(url: str, *statements: str) -> list[Row]:
    """Run statements on a connection of their own, each committed by itself, and return the rows of the last.

    May be called where an event loop runs, which then waits.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _execute(url, statements)).result()


def create_database(server: str) -> str:
    """The URL of a new, empty database on this server."""
    name = f"personae_test_{token_hex(8)}"
    execute(server, f"CREATE DATABASE {name}")
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def drop_database(server: str, url: str) -> None:
    """Drop it, whoever is still connected."""
    name = urlsplit(url).path.removeprefix("/")
    others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    execute(server, others, f"DROP DATABASE {name}")
