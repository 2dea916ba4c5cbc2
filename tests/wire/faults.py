"""The exact texts of refused records, and what a batch with one refused record has to come to (contract B 2.6)."""

from tests.server import Json, Server, fresh, profile

PROFILE_DATA = "Profile data is incorrect. "
TOKEN = "Device token is incorrect. "
ERRORS = {
    509: "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. Skipped record number : ",
    512: "Event structure is incorrect. ErrorCode: 512 - Event data is invalid. Skipped record number : ",
    513: "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. Skipped record number : ",
    514: f"{PROFILE_DATA}Gender needs to be M/F.Skipped record number : ",
    515: f"{PROFILE_DATA}Email is not valid.Skipped record number : ",
    516: f"{PROFILE_DATA}Phone number is not valid.Skipped record number : ",
    517: f"{PROFILE_DATA}Employed needs to be Y/N.Skipped record number : ",
    518: f"{PROFILE_DATA}Education needs to be School/College/Graduate..Skipped record number : ",
    519: f"{PROFILE_DATA}Married needs to be Y/N.Skipped record number : ",
    520: f"{PROFILE_DATA}Age is invalid.Skipped record number : ",
    522: "Event properties limit exceeded. Skipped record number : ",
    523: "Atleast one of identity / fbId / gpId / objectId is mandatory under 1024 chars to identify the user. "
    "Skipped record number : ",
    524: "Data should be either of type event or profile. Skipped record number : ",
    525: "Timestamp should be present in the Unix Epoch format. Skipped record number : ",
    526: "objectId is invalid. Skipped record number : ",
    530: f"{TOKEN}objectId is mandatory under 1024 chars to identify the device. Skipped record number : ",
    531: f"{TOKEN}Token data is invalid. Skipped record number : ",
    532: f"{TOKEN}Token id is mandatory under 4096 bytes. Skipped record number : ",
    533: f"{TOKEN}Token type needs to be apns/gcm/fcm/wns/mpns/chrome. Skipped record number : ",
    534: f"{TOKEN}Token type does not match the platform of the objectId. Skipped record number : ",
    535: f"{TOKEN}Keys p256dh and auth are mandatory for type chrome. Skipped record number : ",
}
"""The exact text of each code, up to the 1-based number of the record."""


def entry(code: int, number: int, record: object) -> Json:
    return {"status": "fail", "code": code, "error": f"{ERRORS[code]}{number}", "record": record}


def assert_only_the_middle_refused(server: Server, code: int, record: object) -> None:
    """The record between two good ones is refused with this code; its neighbours are stored."""
    before, after = fresh(), fresh()
    answer = server.upload(profile(before), record, profile(after))
    assert {"status": "partial", "processed": 2, "unprocessed": [entry(code, 2, record)]} == answer
    assert [before, after] == [server.read(identity)["identity"] for identity in (before, after)]


def assert_explains(error: str, key: str, number: int) -> None:
    """A 521 or 527: the documented frame, with the key in it."""
    detail = error.removeprefix(PROFILE_DATA).removesuffix(f".Skipped record number : {number}")
    assert len(detail) == len(error) - len(PROFILE_DATA) - len(f".Skipped record number : {number}")
    assert key in detail
