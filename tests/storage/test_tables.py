"""The tables of every engine keep the contract for moving them."""

from pathlib import Path

from personae.storage import Store
from personae.storage.postgres.tables import PostgresTables
from personae.storage.sqlite.tables import SqliteTables
from personae.storage.tables import Tables
from personae.testing.tables_contract import TablesContract
from tests.engines import database_of
from tests.storage.backends import open_postgres, open_sqlite


class TestSqliteTables(TablesContract):
    async def open(self, path: Path) -> Store:
        return await open_sqlite(path)

    async def open_tables(self, path: Path) -> Tables:
        return await SqliteTables.open(path / "personae.db")


class TestPostgresTables(TablesContract):
    async def open(self, path: Path) -> Store:
        return await open_postgres(path)

    async def open_tables(self, path: Path) -> Tables:
        return await PostgresTables.open(database_of(path))
