"""Every metric the server has, declared once; `/metrics` shows them in Prometheus' text form."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RECORDS: Final = (1.0, 10.0, 50.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 10000.0)
_JOBS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Metric(NamedTuple):
    """One row: what is measured, by which labels, and for a histogram in which buckets."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


REQUESTS: Final = Metric(
    "personae_http_requests_total", "counter", "Requests answered, by route and HTTP status.", ("route", "status")
)
REQUEST_SECONDS: Final = Metric("personae_http_request_seconds", "histogram", "Time to answer a request.", ("route",), _SECONDS)
RECORDS: Final = Metric(
    "personae_records_total",
    "counter",
    "Records uploaded, by outcome (processed, unprocessed, dry_run) and error code (0: none).",
    ("outcome", "code"),
)
WARNINGS: Final = Metric("personae_warnings_total", "counter", "Warnings given on processed records.")
BATCH_RECORDS: Final = Metric("personae_batch_records", "histogram", "Records in an upload.", (), _RECORDS)
IN_FLIGHT: Final = Metric(
    "personae_in_flight", "gauge", "Requests in flight of the project that has most, by route.", ("route",)
)
IN_FLIGHT_CAP: Final = Metric(
    "personae_in_flight_cap", "gauge", "Requests a project may have in flight, by route (0: no cap).", ("route",)
)
COMMIT_SECONDS: Final = Metric(
    "personae_commit_seconds", "histogram", "Time of a commit of the store, its sync included.", (), _SECONDS
)
COMMIT_GROUP: Final = Metric("personae_commit_group_requests", "histogram", "Requests that shared one commit.", (), _JOBS)
STORE_BYTES: Final = Metric("personae_store_bytes", "gauge", "What the store takes on disk.")

METRICS: Final = (
    REQUESTS, REQUEST_SECONDS, RECORDS, WARNINGS, BATCH_RECORDS, IN_FLIGHT, IN_FLIGHT_CAP, COMMIT_SECONDS, COMMIT_GROUP,
    STORE_BYTES,
)  # fmt: skip


class Metrics:
    """The metrics of one server, in a registry of their own; of all its workers, where they `share` a directory."""

    def __init__(self, shared: Path | None = None) -> None:
        self._registry = CollectorRegistry()
        self._shown: Collector = Merged(self._registry, shared) if shared else self._registry
        self.requests = self._counter(REQUESTS)
        self.request_seconds = self._histogram(REQUEST_SECONDS)
        self.records = self._counter(RECORDS)
        self.warnings = self._counter(WARNINGS)
        self.batch_records = self._histogram(BATCH_RECORDS)
        self.store_bytes = self._gauge(STORE_BYTES)
        self._in_flight = self._gauge(IN_FLIGHT)
        self._in_flight_cap = self._gauge(IN_FLIGHT_CAP)
        self._commit_seconds = self._histogram(COMMIT_SECONDS)
        self._commit_group = self._histogram(COMMIT_GROUP)

    def _counter(self, row: Metric) -> Counter:
        return Counter(row.name, row.help, row.labels, registry=self._registry)

    def _gauge(self, row: Metric) -> Gauge:
        return Gauge(row.name, row.help, row.labels, registry=self._registry)

    def _histogram(self, row: Metric) -> Histogram:
        return Histogram(row.name, row.help, row.labels, buckets=row.buckets, registry=self._registry)

    def committed(self, requests: int, seconds: float) -> None:
        """One commit that `requests` requests shared."""
        self._commit_group.observe(requests)
        self._commit_seconds.observe(seconds)

    def watch_in_flight(self, route: str, cap: int, count: Callable[[], int]) -> None:
        """Show `count()` as the requests in flight on a route."""
        self._in_flight_cap.labels(route).set(cap)
        self._in_flight.labels(route).set_function(count)

    def text(self) -> bytes:
        return generate_latest(self._shown)


def share(directory: Path, worker: int) -> None:
    """Keep every counter and histogram of this process in files of this directory, where other workers read them.

    To be called before the first `Metrics` of the process. They go by the worker's number, not its process:
    one that takes the place of another goes on counting where that one stopped.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    values.ValueClass = values.MultiProcessValue(lambda: worker)  # type: ignore[no-untyped-call]


class Merged:
    """The metrics of all workers: the sums of their counters and histograms, and this worker's gauges.

    A gauge has the same value whichever worker is asked.
    """

    def __init__(self, own: CollectorRegistry, directory: Path) -> None:
        self._own = own
        self._files = MultiProcessCollector(None, str(directory))  # type: ignore[no-untyped-call]

    def collect(self) -> Iterator[Family]:
        merged = {family.name: family for family in self._files.collect()}  # type: ignore[no-untyped-call]
        for family in self._own.collect():
            yield family if family.type == "gauge" else merged.get(family.name, family)
