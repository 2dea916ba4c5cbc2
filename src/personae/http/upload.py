"""`POST /1/upload`. Source: contract A2."""

import os
import time
from collections import Counter
from typing import Final

from ..core.answers import upload_answer
from ..core.faults import BATCH_SIZE
from ..core.history import Author
from ..ingest import Outcome, upload
from ..metrics import Metrics
from ..projects import Grant
from .body import read_body
from .message import Refused, Request, Response, json_response
from .query import parse_query
from .server import Server
from .wire import cut, decode

DRY: Final = ("1", "true")


async def upload_records(server: Server, grant: Grant, request: Request) -> Response:
    """Take a batch; 200 whatever becomes of its records, each of which has exactly one outcome."""
    settings = server.settings
    body = await read_body(request, settings.max_body_bytes, settings.body_timeout)
    slices = cut(body)
    if len(slices) > settings.max_batch:
        raise Refused(BATCH_SIZE, max_batch=settings.max_batch)
    dry_run = is_dry(request.query)
    outcome = await upload(
        server.store,
        grant.project,
        decode(slices),
        now_us=time.time_ns() // 1000,
        seed=os.urandom(32),
        rules=server.rules,
        author=Author(request.id, grant.passcode.name),
        dry_run=dry_run,
    )
    count(server.metrics, outcome, "dry_run" if dry_run else "processed")
    return json_response(200, upload_answer(outcome.total, outcome.rejected, outcome.warnings, slices))


def is_dry(query: bytes) -> bool:
    """`dryRun=1` or `true`; anything else is live. Source: contract A2.5, B 2.3."""
    return bool(query) and parse_query(query).get("dryRun") in DRY


def count(metrics: Metrics, outcome: Outcome, label: str) -> None:
    """Count a batch; `label` is the outcome of the records that were not refused."""
    metrics.batch_records.observe(outcome.total)
    if outcome.processed:
        metrics.records.labels(label, 0).inc(outcome.processed)
    for code, number in Counter(rejection.fault.code for rejection in outcome.rejected).items():
        metrics.records.labels("unprocessed", code).inc(number)
    if outcome.warnings:
        metrics.warnings.inc(len(outcome.warnings))
