"""Projects beside one another, and passcodes that come and go while the server runs (contract A7)."""

import time
from datetime import datetime

from tests.client import Headers
from tests.conftest import StartServer
from tests.server import PASSCODE, PROJECT, Server, batch, credentials, fresh, profile

HEARD_WITHIN_S = 2.0
"""A running server honours what a command did within a second; twice that for a machine that is busy."""


def status_of(server: Server, headers: Headers) -> int:
    return server.request("POST", "/1/upload", headers, batch()).status


def status_after(server: Server, headers: Headers, expected: int) -> int:
    """The status these credentials get, as soon as it is the expected one or the time is up."""
    deadline = time.monotonic() + HEARD_WITHIN_S
    while (status := status_of(server, headers)) != expected and time.monotonic() < deadline:
        time.sleep(0.02)
    return status


def test_a_project_made_by_a_command_is_served_at_once(server: Server) -> None:
    """Its ID has the documented form, and its passcode is good for no other project."""
    made = server.new_project()
    project, passcode = made.values()
    assert [3, 3, 4] == [len(part) for part in project.split("-")]
    assert 200 == status_after(server, made, 200)
    assert [401, 401] == [status_of(server, credentials(PROJECT, passcode)), status_of(server, credentials(project, PASSCODE))]


def test_projects_do_not_see_one_another(server: Server) -> None:
    """The same identity, email and objectId in three projects are three profiles, down to the flags of an address."""
    everybody = [credentials(), server.new_project(), server.new_project()]
    identity, device, email = fresh(), fresh("device"), f"{fresh()}@example.com"
    for number, headers in enumerate(everybody):
        assert 200 == status_after(server, headers, 200)
        data = {"Email": email, "number": number, "MSG-dndEmail": number == 1}
        assert 200 == server.post(batch(profile(identity, data, objectId=device)), headers=headers).status
    for number, headers in enumerate(everybody):
        for query in (f"identity={identity}", f"email={email}", f"objectId={device}"):
            record = server.request("GET", f"/1/profile.json?{query}", headers).json["record"]
            assert {"number": number, "msg-dndemail": number == 1} == record["profileData"]


def test_what_one_project_has_is_not_there_for_another(server: Server) -> None:
    """Reading another project's profile is a 404."""
    other, identity = server.new_project(), fresh()
    server.upload(profile(identity))
    assert 200 == status_after(server, other, 200)
    assert 404 == server.request("GET", f"/1/profile.json?identity={identity}", other).status


def test_a_revoked_passcode_is_refused_within_a_second(server: Server) -> None:
    """Also on a connection that used it before; the project's other passcodes still hold."""
    made = server.command("passcode", "create", "--project", PROJECT, "--name", "to be revoked")
    headers = credentials(PROJECT, made["passcode"])
    assert 200 == status_after(server, headers, 200)
    with server.connect() as connection:
        assert 200 == connection.request("POST", "/1/upload", headers, batch()).status
        server.command("passcode", "revoke", "--project", PROJECT, made["passcode_id"])
        assert 401 == status_after(server, headers, 401)
        refused = connection.request("POST", "/1/upload", headers, batch())
    assert server.request("POST", "/1/upload", credentials(PROJECT, "wrong"), batch()).body == refused.body
    assert 401 == refused.status
    assert 200 == status_of(server, credentials())


def test_a_passcode_ends_when_it_expires(server: Server) -> None:
    """Good until then, a 401 afterwards, with nobody doing anything."""
    made = server.command("passcode", "create", "--project", PROJECT, "--name", "short", "--expires", "2s")
    headers = credentials(PROJECT, made["passcode"])
    assert 200 == status_after(server, headers, 200)
    deadline = time.monotonic() + 4
    while status_of(server, headers) == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert 401 == status_of(server, headers)


def test_a_rotated_passcode_replaces_the_others(server: Server) -> None:
    """The new one is good, the old one is not."""
    old = server.new_project()
    project = old["X-CleverTap-Account-Id"]
    assert 200 == status_after(server, old, 200)
    new = credentials(project, server.command("passcode", "rotate", "--project", project)["passcode"])
    assert [200, 401] == [status_after(server, new, 200), status_after(server, old, 401)]


def test_last_use_is_recorded(start: StartServer) -> None:
    """A passcode that was used says when, no later than when the server stops; one that was not does not."""
    server = start()
    server.command("passcode", "create", "--project", PROJECT, "--name", "unused")
    began = int(time.time())
    assert 200 == status_of(server, credentials())
    assert 0 == server.stop()
    listed = server.command("passcode", "list", "--project", PROJECT)
    unused, used = sorted(listed, key=lambda passcode: passcode["name"] != "unused")
    assert unused["last_used"] is None
    assert began <= datetime.fromisoformat(used["last_used"]).timestamp() <= time.time()
