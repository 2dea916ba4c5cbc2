"""What operators of the server rely on: health, metrics, documents, start and stop."""

import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from personae.metrics import METRICS
from personae.reference import metrics as metrics_page
from tests.client import request_bytes
from tests.conftest import StartServer
from tests.server import (
    PASSCODE,
    PROJECT,
    STOP_TIMEOUT_S,
    Json,
    Server,
    batch,
    begin_upload,
    credentials,
    environment,
    fresh,
    profile,
)

METRIC_LINE = re.compile(r'[a-z_:][a-z0-9_:]*(\{([a-z_]+="[^"\n]*",?)*\})? -?[0-9.e+-]+(Inf)?|.* NaN', re.IGNORECASE)


def metrics(server: Server) -> dict[str, float]:
    """The samples of /metrics, by name and labels as they are printed."""
    answer = server.request("GET", "/metrics")
    assert 200 == answer.status
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def total(samples: dict[str, float], *parts: str) -> float:
    """The sum of the samples whose name and labels have all of these parts."""
    return sum(value for name, value in samples.items() if all(part in name for part in parts))


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_credentials(server: Server, path: str) -> None:
    """A process that runs and can write says so with a 200, whoever asks."""
    assert [200, 200] == [server.request("GET", path).status, server.request("GET", path, credentials("x", "y")).status]


def test_metrics_are_prometheus_text(server: Server) -> None:
    """Each line is a comment or a sample, each metric of ours has help, a type and our prefix."""
    answer = server.request("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.body.decode()
    assert text.endswith("\n")
    assert [] == [
        line for line in text.splitlines() if not line.startswith(("# HELP ", "# TYPE ")) and not METRIC_LINE.fullmatch(line)
    ]
    declared = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    assert declared == {line.split()[2] for line in text.splitlines() if line.startswith("# HELP ")}
    assert set() == {name for name in declared if not name.startswith(("personae_", "process_", "python_"))}


def test_metrics_say_what_the_issue_asks_for(server: Server) -> None:
    """Requests, records, in flight against cap, batch sizes, commit latency, group sizes, store size."""
    server.upload(profile(fresh()))
    names = "\n".join(metrics(server))
    for wanted in ("request", "record", "in_flight", "cap", "batch", "commit", "group", "bytes"):
        assert re.search(rf"^personae_\w*{wanted}", names, re.MULTILINE), wanted


def test_metrics_count_requests_and_records(start: StartServer) -> None:
    """By route and status, by outcome and code; exactly what was sent."""
    server = start()
    server.upload(profile("a"), profile("b"), profile("c", {"Email": "1234"}), None)
    server.post(b"{")
    server.request("POST", "/1/upload", {}, b"")
    server.get("identity=nobody")
    samples = metrics(server)
    requests = {
        status: total(samples, "personae_", "requests_total{", "/1/upload", f'"{status}"') for status in (200, 400, 401, 429)
    }
    assert {200: 1, 400: 1, 401: 1, 429: 0} == requests
    assert 1 == total(samples, "requests_total{", "/1/profile.json", '"404"')
    assert [1, 1, 2] == [
        total(samples, "records_total{", '"515"'),
        total(samples, "records_total{", '"524"'),
        total(samples, "records_total{", "processed") - total(samples, "records_total{", "unprocessed"),
    ]


def test_metrics_count_dry_runs_apart(start: StartServer) -> None:
    """A record that was only tried is not among the processed ones."""
    server = start()
    server.upload(profile("a"), profile("b"), path="/1/upload?dryRun=1")
    server.upload(profile("a"))
    samples = metrics(server)
    expected = {"dry_run": 2.0, "processed": 1.0}
    assert expected == {
        outcome: samples[f'personae_records_total{{code="0",outcome="{outcome}"}}'] for outcome in ("dry_run", "processed")
    }


def test_metrics_show_the_project_nearest_to_its_cap(start: StartServer) -> None:
    """In flight is the count of one project, as the cap is; other projects' requests are not added."""
    server = start(upload_concurrency=3)
    other = server.new_project()
    while server.post(batch(), headers=other).status == 401:  # the server hears of a new project within a second
        time.sleep(0.02)
    with ExitStack() as stack:
        for headers in (credentials(), credentials(), other):
            connection = stack.enter_context(server.connect())
            connection.send(request_bytes("POST", "/1/upload", headers | {"Content-Length": "9", "Expect": "100-continue"}))
            assert 100 == connection.receive_head()[0]
        samples = metrics(server)
    route = '{route="/1/upload"}'
    assert (2.0, 3.0) == (samples[f"personae_in_flight{route}"], samples[f"personae_in_flight_cap{route}"])


def test_metrics_are_those_of_the_table(server: Server) -> None:
    """What is served, what is declared and what is documented are the same, with the same help and kind."""
    served = re.findall(
        r"^# HELP (personae_\S+) (.*)\n# TYPE \S+ (\w+)$", server.request("GET", "/metrics").body.decode(), re.MULTILINE
    )
    served = [row for row in served if not row[0].endswith("_created")]
    documented = re.findall(r"^\| `(personae_\S+)` \| (\w+) \|.*\| (.*) \|$", metrics_page(), re.MULTILINE)
    assert [(row.name, row.kind, row.help) for row in METRICS] == documented
    assert {(row.name, row.help, row.kind) for row in METRICS} == set(served)


def test_metrics_have_no_label_a_client_could_make_up(server: Server) -> None:
    """Paths, projects and identities that were sent do not show."""
    made_up = "madeup0815"
    server.request("GET", f"/1/{made_up}")
    server.request(made_up.upper(), "/1/upload")
    server.request("POST", "/1/upload", credentials(made_up), b"")
    server.upload(profile(made_up))
    assert made_up not in server.request("GET", "/metrics").body.decode().lower()


def test_openapi_describes_every_route(server: Server) -> None:
    """It is JSON of OpenAPI 3, with the routes, their methods and the answers of the contract."""
    answer = server.request("GET", "/openapi.json")
    assert (200, True) == (answer.status, answer.headers["content-type"].startswith("application/json"))
    document = answer.json
    assert document["openapi"].startswith("3.")
    upload, read = document["paths"]["/1/upload"], document["paths"]["/1/profile.json"]
    assert [True, True] == ["post" in upload, "get" in read]
    assert {"200", "400", "401", "408", "413", "429"} <= set(upload["post"]["responses"])
    assert {"200", "400", "401", "404", "429"} <= set(read["get"]["responses"])


def test_the_docs_page_needs_no_network(server: Server) -> None:
    """The page loads nothing from another host."""
    answer = server.request("GET", "/docs")
    assert (200, True) == (answer.status, answer.headers["content-type"].startswith("text/html"))
    page = answer.body.decode()
    assert [] == re.findall(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//[^"' >]+""", page)
    assert [] == re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//|fetch\(\s*[\"']https?:", page)


def test_the_start_prints_what_is_needed_to_begin(start: StartServer) -> None:
    """URL, Project ID, passcode, where the data lives, and a curl line each for upload and get."""
    server = start()
    printed = server.out.read_text()
    for wanted in (f"http://127.0.0.1:{server.port}", PROJECT, PASSCODE, str(server.data), "/1/upload", "/1/profile.json"):
        assert wanted in printed
    assert 2 <= printed.count("curl ")


def test_the_start_is_quick(start: StartServer) -> None:
    """From nothing to ready, and again with data, each well within the promise of two seconds on a free machine."""
    server = start()
    server.upload(profile("a", {"k": 1}))
    assert 0 == server.stop()
    assert {"k": 1} == start().properties("a")


def test_a_second_start_keeps_project_and_data(start: StartServer) -> None:
    """The variables for the first start change nothing later: the passcode of the first start still holds."""
    server = start()
    server.upload(profile("a", {"k": 1}))
    assert 0 == server.stop()
    again = start(passcode="another-passcode")
    assert {"k": 1} == again.properties("a")


# --- stop


def test_a_stop_answers_what_was_accepted(start: StartServer) -> None:
    """Uploads in flight at the SIGTERM are finished and answered, nobody new is let in, and the exit code is 0."""
    server = start()
    bodies = [batch(profile(f"p{number}", {"k": number})) for number in range(10)]
    with ExitStack() as stack, server.connect() as idle:
        assert 200 == idle.request("GET", "/healthz", {}).status
        held = [stack.enter_context(server.connect()) for _ in bodies]
        for connection, body in zip(held, bodies, strict=True):
            begin_upload(connection, body)
        server.signal_stop()
        assert idle.at_end()
        for connection, body in zip(held, bodies, strict=True):
            connection.send(body)
        answers = [connection.receive() for connection in held]
    assert [200] * 10 == [answer.status for answer in answers]
    assert 0 == server.process.wait(STOP_TIMEOUT_S)
    again = start()
    assert [{"k": number} for number in range(10)] == [again.properties(f"p{number}") for number in range(10)]


def test_a_stop_does_not_wait_for_a_client_that_never_ends(start: StartServer) -> None:
    """An upload whose body never comes does not keep the server beyond ten seconds."""
    server = start()
    with server.connect() as connection:
        begin_upload(connection, batch(profile("a")))
        assert 0 == server.stop()


def test_every_acknowledged_upload_survives_a_stop_under_load(start: StartServer) -> None:
    """Clients upload as fast as they can while the server is stopped: what they heard back is there afterwards."""
    server = start()

    def client(name: str) -> int:
        acknowledged = -1
        try:
            with server.connect() as connection:
                for number in range(100_000):
                    body = batch(profile(name, {"number": number}))
                    answer = connection.request("POST", "/1/upload", credentials(), body)
                    if answer.status != 200:
                        return acknowledged
                    acknowledged = number
        except (OSError, EOFError):
            pass
        return acknowledged

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(client, f"client{number}") for number in range(8)]
        time.sleep(0.3)
        assert 0 == server.stop()
        acknowledged = [one.result() for one in running]
    again = start()
    stored = [again.properties(f"client{number}")["number"] for number in range(8)]
    assert min(acknowledged) >= 0
    assert acknowledged == stored


# --- starts that are refused


def refused_start(data: Path, *arguments: str, **settings: object) -> tuple[int, list[str]]:
    """The exit code of a start that has to fail, and the lines it left on stderr."""
    command = [sys.executable, "-m", "personae", "serve", "--port", "0", "--data", str(data), *arguments]
    done = subprocess.run(command, env=environment(settings), capture_output=True, text=True, timeout=20, check=False)
    return done.returncode, done.stderr.splitlines()


def test_a_second_server_on_the_same_directory_is_refused(start: StartServer) -> None:
    """One clear line that names the directory; the first one goes on."""
    server = start()
    code, lines = refused_start(server.data)
    assert code != 0
    assert 1 == len(lines)
    assert str(server.data) in lines[0]
    assert "in use" in lines[0]
    assert 1 == server.upload(profile("a"))["processed"]


def test_bad_settings_stop_the_start_all_at_once(tmp_path: Path) -> None:
    """One line each, with its name and what is allowed, from flags and environment alike; nothing is made."""
    data = tmp_path / "data"
    code, lines = refused_start(data, "--max-batch", "none", body_timeout="-1", property_violations="maybe", no_such="1")
    assert code != 0
    assert 4 == len(lines)
    for name in ("max_batch", "body_timeout", "property_violations", "no_such"):
        assert 1 == sum(name in line for line in lines)
    assert "reject or drop" in next(line for line in lines if "property_violations" in line)
    assert not data.exists()


def test_a_port_in_use_stops_the_start(server: Server, tmp_path: Path) -> None:
    """One clear line that names the port, no traceback."""
    code, lines = refused_start(tmp_path / "data", "--port", str(server.port))
    assert code != 0
    assert any(str(server.port) in line for line in lines)
    assert [] == [line for line in lines if "Traceback" in line]


def test_json_logs_are_one_object_a_line(start: StartServer) -> None:
    """Each line of the log is JSON; a refused upload's line has the request id of its answer, and no passcode."""
    server = start(log_format="json", log_requests="true")
    answer = server.post(b"{")
    assert 0 == server.stop()
    lines: list[Json] = [json.loads(line) for line in server.err.read_text().splitlines()]
    assert 1 <= sum(answer.headers["x-request-id"] in line.values() for line in lines)
    assert PASSCODE not in server.err.read_text()


def test_refused_requests_are_logged_by_path_alone(start: StartServer) -> None:
    """Each refusal has a line, at level info; nothing of its query, headers or body is in the log."""
    server = start(log_format="json", log_requests="true")
    hidden = "hidden0815"
    headers = {"X-More": hidden}
    body = hidden.encode()
    sent: list[tuple[str, str, dict[str, str], bytes, int]] = [
        ("POST", "/1/upload", headers, body, 401),
        ("POST", "/1/upload", credentials(hidden, hidden), body, 401),
        ("POST", f"/1/upload?q={hidden}", credentials() | headers, body, 400),
        ("POST", "/1/upload", credentials() | headers, batch({"type": hidden, "identity": hidden}), 200),
        ("PUT", f"/1/upload?q={hidden}", headers, body, 405),
        ("GET", f"/1/nothing?q={hidden}", headers, body, 404),
        ("GET", f"/1/profile.json?identity={hidden}", credentials() | headers, b"", 404),
        ("GET", f"/1/profile.json?name={hidden}", credentials() | headers, b"", 400),
    ]
    ids = [server.request(method, path, given, data).headers["x-request-id"] for method, path, given, data, _ in sent]
    assert 0 == server.stop()
    log = server.err.read_text()
    lines = [line for line in map(json.loads, log.splitlines()) if line.get("request_id") in ids]
    expected = [("info", path.partition("?")[0], status) for _, path, _, _, status in sent]
    assert expected == [(line["level"], line["path"], line["status"]) for line in lines]
    assert hidden not in log
