"""FastAPI with SQLAlchemy 2 async: takes the bodies of `/1/upload` and keeps each profile as one JSONB row.

It does less than `personae`: no operators, no checks, no rows for objectId, email and phone. One session
and one commit per request. Three apps, which differ in how they write:

    uvicorn app:each    one upsert for each record, built for it as SQLAlchemy's documentation does
    uvicorn app:once    one upsert for each record, the statement built once
    uvicorn app:bulk    one `executemany` of upserts for each request
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import String, func
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PROJECT = os.environ["PEER_PROJECT"]
PASSCODE = os.environ["PEER_PASSCODE"]

engine = create_async_engine(os.environ["PEER_DATABASE"])
sessions = async_sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Profile(Base):
    __tablename__ = "profile"

    project: Mapped[str] = mapped_column(String, primary_key=True)
    identity: Mapped[str] = mapped_column(String, primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated: Mapped[int] = mapped_column()


class Record(BaseModel):
    identity: str = Field(max_length=1024)
    ts: int
    type: str
    profile_data: dict[str, Any] = Field(alias="profileData")


class Upload(BaseModel):
    d: list[Record] = Field(max_length=1000)


class Answer(BaseModel):
    status: str
    processed: int
    unprocessed: list[dict[str, Any]]


async def get_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


async def get_project(
    project: Annotated[str, Header(alias="X-CleverTap-Account-Id")],
    passcode: Annotated[str, Header(alias="X-CleverTap-Passcode")],
) -> str:
    if (project, passcode) != (PROJECT, PASSCODE):
        raise HTTPException(401)
    return project


def upsert(inserted: Insert) -> Insert:
    return inserted.on_conflict_do_update(
        index_elements=[Profile.project, Profile.identity],
        set_={
            "data": Profile.data.concat(inserted.excluded.data),
            "updated": func.greatest(Profile.updated, inserted.excluded.updated),
        },
    )


UPSERT = upsert(insert(Profile))


def row(project: str, record: Record) -> dict[str, Any]:
    return {"project": project, "identity": record.identity, "data": record.profile_data, "updated": record.ts}


async def write_each(session: AsyncSession, project: str, records: Sequence[Record]) -> None:
    for record in records:
        await session.execute(upsert(insert(Profile).values(**row(project, record))))


async def write_once(session: AsyncSession, project: str, records: Sequence[Record]) -> None:
    for record in records:
        await session.execute(UPSERT, row(project, record))


async def write_bulk(session: AsyncSession, project: str, records: Sequence[Record]) -> None:
    await session.execute(UPSERT, [row(project, record) for record in records])


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


def create_app(write: Callable[[AsyncSession, str, Sequence[Record]], Awaitable[None]]) -> FastAPI:
    app = FastAPI(lifespan=lifespan)

    @app.post("/1/upload")
    async def upload(
        body: Upload,
        project: Annotated[str, Depends(get_project)],
        session: Annotated[AsyncSession, Depends(get_session)],
    ) -> Answer:
        # In one order, or requests that share people deadlock.
        await write(session, project, sorted(body.d, key=lambda record: record.identity))
        await session.commit()
        return Answer(status="success", processed=len(body.d), unprocessed=[])

    @app.get("/readyz")
    async def ready() -> str:
        return "ready"

    return app


each = create_app(write_each)
once = create_app(write_once)
bulk = create_app(write_bulk)
