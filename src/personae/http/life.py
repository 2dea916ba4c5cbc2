"""The endpoints that change whole profiles, or addresses whoever has them. Source: contract B 6.3 to B 6.6."""

import time
from collections.abc import Sequence
from typing import Final

import msgspec

from ..core.answers import upload_answer
from ..core.faults import BATCH_SIZE
from ..core.history import Author
from ..ingest import Outcome
from ..life import delete, demerge, disassociate, subscribe
from ..projects import Grant
from .body import read_body
from .message import Refused, Request, Response, json_response
from .server import Server
from .targets import deleted, demerged
from .upload import is_dry
from .wire import cut, decode, decode_object

DONE: Final = {"status": "success"}


async def delete_profiles(server: Server, grant: Grant, request: Request) -> Response:
    """Forget the profiles of up to a hundred identities or objectIds, at once; unknown ones are fine."""
    keys = deleted(decode_object(await body_of(server, request)), server.rules)
    await delete(server.store, grant.project, keys, dry_run=is_dry(request.query))
    return json_response(200, DONE)


async def demerge_profiles(server: Server, grant: Grant, request: Request) -> Response:
    """Take the profiles of up to a hundred identities apart; unknown ones are fine."""
    keys = demerged(decode_object(await body_of(server, request)), server.rules)
    await demerge(
        server.store,
        grant.project,
        keys,
        now_us=time.time_ns() // 1000,
        rules=server.rules,
        author=Author(request.id, grant.passcode.name),
        dry_run=is_dry(request.query),
    )
    return json_response(200, DONE)


async def disassociate_phones(server: Server, grant: Grant, request: Request) -> Response:
    """Take phones from whoever has them as identities; 200 whatever becomes of the records."""
    slices = await slices_of(server, request)
    outcome = await disassociate(
        server.store,
        grant.project,
        decode(slices),
        now_us=time.time_ns() // 1000,
        rules=server.rules,
        author=Author(request.id, grant.passcode.name),
        dry_run=is_dry(request.query),
    )
    return records_response(outcome, slices)


async def subscribe_addresses(server: Server, grant: Grant, request: Request) -> Response:
    """Set do-not-disturb of addresses, whoever has them; 200 whatever becomes of the records."""
    slices = await slices_of(server, request)
    outcome = await subscribe(server.store, grant.project, decode(slices), dry_run=is_dry(request.query))
    return records_response(outcome, slices)


async def body_of(server: Server, request: Request) -> bytes:
    """The whole body. Raises `Refused` as every upload does."""
    return await read_body(request, server.settings.max_body_bytes, server.settings.body_timeout)


async def slices_of(server: Server, request: Request) -> list[msgspec.Raw]:
    """The records of the body, as received. Raises `Refused` as an upload does."""
    slices = cut(await body_of(server, request))
    if len(slices) > server.settings.max_batch:
        raise Refused(BATCH_SIZE, max_batch=server.settings.max_batch)
    return slices


def records_response(outcome: Outcome, slices: Sequence[msgspec.Raw]) -> Response:
    """The answer of an upload, for records of another kind."""
    return json_response(200, upload_answer(outcome.total, outcome.rejected, outcome.warnings, slices))
