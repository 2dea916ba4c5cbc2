"""JSON and bytes made to hurt: a 4xx or a refused record, never a 5xx, and the next request is served (contract A1.5)."""

import random

import pytest

from tests.server import Server, batch, credentials, fresh, profile
from tests.wire.sending import MALFORMED, send

DEEP = 100_000
MANY = 1_000_000


def between(middle: bytes) -> tuple[list[str], bytes]:
    """A body with this record between two good ones, and the identities of these."""
    identities = [fresh(), fresh()]
    first, last = (b'{"type":"profile","identity":"%b","profileData":{"a":1}}' % text.encode() for text in identities)
    return identities, b'{"d":[%b,%b,%b]}' % (first, middle, last)


def profile_of(value: bytes) -> bytes:
    """A record with this JSON text as the value of a property."""
    return b'{"type":"profile","identity":"%b","profileData":{"k":%b}}' % (fresh().encode(), value)


def assert_refused(server: Server, record: bytes, code: int) -> None:
    """The record in the middle is refused with this code, its neighbours are stored."""
    identities, body = between(record)
    answer = send(server, body)
    assert 200 == answer.status, answer.body[:200]
    assert [(code, 2)] == [(fault["code"], number(fault["error"])) for fault in answer.json["unprocessed"]]
    assert identities == [server.read(identity)["identity"] for identity in identities]


def number(error: str) -> int:
    return int(error.rpartition(" : ")[2])


def assert_contained(server: Server, record: bytes) -> None:
    """Where the contract leaves the choice: the request is malformed and nothing is stored, or the record alone is refused."""
    identities, body = between(record)
    answer = send(server, body)
    if answer.status == 400:
        assert MALFORMED == answer.json
        assert [404, 404] == [server.get(f"identity={identity}").status for identity in identities]
    else:
        assert [2] == [number(fault["error"]) for fault in answer.json["unprocessed"]]
        assert identities == [server.read(identity)["identity"] for identity in identities]


NO_ENVELOPE = {
    "lists": b"[" * DEEP,
    "closed lists": b"[" * DEEP + b"]" * DEEP,
    "objects": b'{"d":' * DEEP,
    "closed objects": b'{"d":' * DEEP + b"[]" + b"}" * DEEP,
    "lists behind d": b'{"d":' + b"[" * DEEP,
    "a BOM": b"\xef\xbb\xbf" + b'{"d":[]}',
    "UTF-16": '{"d":[]}'.encode("utf-16"),
    "UTF-32": '{"d":[]}'.encode("utf-32"),
    "a NUL before": b'\x00{"d":[]}',
    "a NUL behind": b'{"d":[]}\x00',
    "NULs": b"\x00" * 1000,
    "0xFF": b"\xff" * 1000,
    "a million digits": b"1" * MANY,
    "a million quotes": b'"' * MANY,
    "a million backslashes": b'{"d":["' + b"\\" * MANY,
    "a form feed": b'\x0c{"d":[]}',
    "a no-break space": b'\xc2\xa0{"d":[]}',
}


@pytest.mark.parametrize("case", NO_ENVELOPE)
def test_hostile_bodies_get_400(server: Server, case: str) -> None:
    """Whatever has no envelope is malformed, quickly."""
    answer = send(server, NO_ENVELOPE[case])
    assert (400, MALFORMED) == (answer.status, answer.json)


NOT_JSON = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "leading zero": b"01",
    "plus sign": b"+1",
    "bare fraction": b".5",
    "bare point": b"1.",
    "hexadecimal": b"0x10",
    "minus": b"-",
    "exponent": b"1e",
    "True": b"True",
    "undefined": b"undefined",
    "nothing": b"",
    "single quotes": b"'a'",
    "unclosed text": b'"a',
    "raw newline": b'"a\nb"',
    "raw NUL": b'"a\x00b"',
    "raw control": b'"a\x1fb"',
    "unknown escape": b'"\\x41"',
    "short escape": b'"\\u12"',
    "comment": b"1 /* one */",
    "line comment": b"1 // one\n",
    "hash comment": b"1 # one\n",
    "trailing comma": b"[1,]",
    "leading comma": b"[,1]",
    "object comma": b'{"a":1,}',
    "missing colon": b'{"a" 1}',
    "number as key": b"{1:1}",
    "invalid UTF-8": b'"\xff"',
    "invalid UTF-8 key": b'{"\xff":1}',
    "cut UTF-8": b'"\xe2\x82"',
    "overlong UTF-8": b'"\xc0\x80"',
    "surrogate in UTF-8": b'"\xed\xa0\x80"',
    "beyond Unicode": b'"\xf4\x90\x80\x80"',
    "latin-1": "é".encode("latin-1").join([b'"', b'"']),
}


@pytest.mark.parametrize("case", NOT_JSON)
def test_a_record_that_is_not_json_makes_the_request_malformed(server: Server, case: str) -> None:
    """Text that is no JSON anywhere in the body is a 400, and none of its neighbours is stored."""
    identities, body = between(profile_of(NOT_JSON[case]))
    answer = send(server, body)
    assert (400, MALFORMED) == (answer.status, answer.json)
    assert [404, 404] == [server.get(f"identity={identity}").status for identity in identities]


EITHER_WAY = {
    "1e400": profile_of(b"1e400"),
    "-1e400": profile_of(b"-1e400"),
    "a huge exponent": profile_of(b"1e" + b"9" * 1000),
    "deep lists": profile_of(b"[" * DEEP + b"]" * DEEP),
    "deep objects": profile_of(b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "deep operators": profile_of(b'{"$set":' * DEEP + b"1" + b"}" * DEEP),
    "a deep record": b"[" * DEEP + b"]" * DEEP,
    "a deep unknown key": b'{"type":"none","k":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "depth beside the data": b'{"type":"none","k":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
    "a deep identity": b'{"type":"profile","identity":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "high surrogate": profile_of(b'"\\ud800"'),
    "low surrogate": profile_of(b'"\\udc00"'),
    "surrogates swapped": profile_of(b'"\\udc00\\ud800"'),
    "surrogate in a key": b'{"type":"profile","identity":"s","profileData":{"\\ud800":1}}',
    "surrogate in an identity": b'{"type":"profile","identity":"s\\ud800","profileData":{}}',
    "surrogate in the type": b'{"type":"\\udfff","identity":"s","profileData":{}}',
    "surrogate in an email": b'{"type":"profile","identity":"s","profileData":{"Email":"\\udfff@b.co"}}',
}


@pytest.mark.parametrize("case", EITHER_WAY)
def test_hostile_records_are_contained(server: Server, case: str) -> None:
    """Depth, numbers out of range and half characters never do more than spoil their own request."""
    assert_contained(server, EITHER_WAY[case])


LONG = b"9" * 5000
LONG_INTEGERS = [
    (527, profile_of(LONG)),
    (527, profile_of(b"-" + LONG)),
    (527, profile_of(b"[" + LONG + b"]")),
    (527, profile_of(b'{"deep":' + LONG + b"}")),
    (527, profile_of(b'{"$incr":' + LONG + b"}")),
    (527, profile_of(b'{"$add":' + LONG + b"}")),
    (523, b'{"type":"profile","identity":' + LONG + b"}"),
    (523, b'{"type":"profile","FBID":' + LONG + b"}"),
    (526, b'{"type":"profile","objectId":' + LONG + b"}"),
    (523, b'{"type":"profile","identity":"x","profileData":{"identity":' + LONG + b"}}"),
    (525, b'{"type":"profile","identity":"x","ts":' + LONG + b"}"),
    (524, b'{"type":' + LONG + b',"identity":"x"}'),
    (524, LONG),
    (516, b'{"type":"profile","identity":"x","profileData":{"Phone":' + LONG + b"}}"),
    (520, b'{"type":"profile","identity":"x","profileData":{"Age":' + LONG + b"}}"),
]


@pytest.mark.parametrize(("code", "record"), LONG_INTEGERS, ids=lambda value: str(value)[:60])
def test_integers_of_5000_digits_refuse_their_own_record(server: Server, code: int, record: bytes) -> None:
    """An integer too long to keep is refused where it stands, and comes back whole."""
    assert_refused(server, record, code)
    assert send(server, b'{"d":[%b]}' % record).body.endswith(b'"record":%b}]}' % record)


def test_an_unknown_key_may_hold_a_long_integer(server: Server) -> None:
    """What is ignored is ignored whatever it is."""
    record = b'{"type":"profile","identity":"%b","other":%b}' % (fresh().encode(), LONG)
    assert 1 == send(server, b'{"d":[%b]}' % record).json["processed"]


def test_a_million_keys_refuse_their_own_record(server: Server) -> None:
    """An object of a million properties is over the 256, and nothing worse."""
    keys = b",".join(b'"%d":1' % index for index in range(MANY))
    assert_refused(server, b'{"type":"profile","identity":"x","profileData":{%b}}' % keys, 521)


def test_many_nested_keys_refuse_their_own_record(server: Server) -> None:
    """The same one level below."""
    keys = b",".join(b'"%d":1' % index for index in range(DEEP))
    assert_refused(server, profile_of(b"{%b}" % keys), 521)


def test_a_million_keys_beside_d_are_ignored(server: Server) -> None:
    """Unknown keys of the envelope are ignored, however many."""
    keys = b",".join(b'"%d":1' % index for index in range(MANY))
    assert 0 == send(server, b'{%b,"d":[]}' % keys).json["processed"]


def test_the_same_key_a_million_times_is_one_key(server: Server) -> None:
    """The last one stands (contract A1.6)."""
    identity = fresh()
    keys = b",".join(b'"k":%d' % index for index in range(MANY))
    body = b'{"d":[{"type":"profile","identity":"%b","profileData":{%b}}]}' % (identity.encode(), keys)
    assert 1 == send(server, body).json["processed"]
    assert {"k": MANY - 1} == server.properties(identity)


def test_a_million_records_are_refused_as_a_batch(server: Server) -> None:
    """The number of records is told before any of them is judged."""
    answer = send(server, b'{"d":[0' + b",0" * MANY + b"]}")
    assert (400, "Batch size exceeds limit of 1000") == (answer.status, answer.json["error"])


@pytest.mark.parametrize("size", [2**20, 8 * 2**20])
def test_huge_text_refuses_its_own_record(server: Server, size: int) -> None:
    """A value or a key of megabytes is over its limit, and comes back in the answer."""
    assert_refused(server, profile_of(b'"%b"' % (b"x" * size)), 521)
    assert_refused(server, b'{"type":"profile","identity":"x","profileData":{"%b":1}}' % (b"x" * size), 521)
    assert_refused(server, b'{"type":"profile","identity":"%b"}' % (b"x" * size), 523)


def test_a_list_of_a_million_items_keeps_the_last_hundred(server: Server) -> None:
    """Long lists are cut as the contract says, with one warning."""
    identity = fresh()
    items = b",".join(b"%d" % index for index in range(MANY))
    body = b'{"d":[{"type":"profile","identity":"%b","profileData":{"k":[%b]}}]}' % (identity.encode(), items)
    answer = send(server, body).json
    assert ("success", 1) == (answer["status"], len(answer["warnings"]))
    assert [str(index) for index in range(MANY - 100, MANY)] == server.properties(identity)["k"]


STRANGE_TEXT = [
    "\x00",
    "a\x00b",
    "\x1f\x7f\x80",
    "\ufeff",
    "\ufffe\uffff",
    "\u2028\u2029",
    "\U0010ffff",
    "e\u0301",
    "\u202egnirts",
    "' OR 1=1 --",
    "%s%n{0}{x}",
    "<script>alert(1)</script>",
    "__proto__",
    "null",
    "\\",
    '"',
    "$",
    "$D_",
]


@pytest.mark.parametrize("text", STRANGE_TEXT, ids=ascii)
def test_strange_text_is_kept_as_it_is(server: Server, text: str) -> None:
    """Valid JSON text is data, as a value, in a list, and in an identity, whatever characters it has."""
    identity = f"{fresh()}{text}z"
    answer = server.upload(profile(identity, {"v": text, "list": [f".{text}."], "o": {"in": text}}))
    assert {"status": "success", "processed": 1, "unprocessed": []} == answer
    assert {"v": text, "list": [f".{text}."], "o": {"in": text}} == server.properties(identity)


@pytest.mark.parametrize("text", STRANGE_TEXT, ids=ascii)
def test_strange_keys_are_kept_or_refused(server: Server, text: str) -> None:
    """As a key they are stored, at most with a warning."""
    identity = fresh()
    key = f"k{text}k"
    assert 1 == server.upload(profile(identity, {key: 1}))["processed"]
    assert {key.lower().replace(" ", ""): 1} == server.properties(identity)


@pytest.mark.parametrize("key", ["", " ", "   "])
def test_blank_keys_are_refused(server: Server, key: str) -> None:
    """A property needs a name."""
    assert [521] == [fault["code"] for fault in server.upload(profile(fresh(), {key: 1}))["unprocessed"]]


def test_any_cut_of_a_body_gets_400(server: Server) -> None:
    """Cut anywhere, a body is malformed, and nothing of it is stored."""
    identity = fresh()
    body = batch(profile(identity, {"Name": "Zoë €😀", "k": [1, 2.5, None, {"a": True}]}))
    with server.connect() as connection:
        answers = [connection.request("POST", "/1/upload", credentials(), body[:size]) for size in range(len(body))]
    assert {400} == {answer.status for answer in answers}
    assert 404 == server.get(f"identity={identity}").status


def test_damaged_bodies_never_cost_more_than_themselves(server: Server) -> None:
    """Bytes changed at random give a 400, or a batch with one outcome for each record."""
    rng = random.Random(20161112)
    body = batch(*[profile(fresh(), {"Name": "Zoë", "Age": 30, "k": {"$add": ["a", "b"]}, "n": 1.5}) for _ in range(3)])
    with server.connect() as connection:
        for _ in range(500):
            damaged = bytearray(body)
            for _ in range(rng.randint(1, 3)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            answer = connection.request("POST", "/1/upload", credentials(), bytes(damaged))
            assert answer.status in (200, 400)
            assert answer.status == 400 or 3 == answer.json["processed"] + len(answer.json["unprocessed"])


HOSTILE_QUERIES = ["identity=%", "identity=%zz", "identity=%ff", "identity=%00", "email=%c0%80", "identity=" + "x" * 20_000]
HOSTILE_QUERIES += ["&&&===", "identity=%ed%a0%80", "a=1&" * 2000 + "identity=none", "identity[]=x", "?identity=x", "identity"]


@pytest.mark.parametrize("query", HOSTILE_QUERIES, ids=lambda query: query[:24])
def test_hostile_queries_find_nobody(server: Server, query: str) -> None:
    """A query that makes no sense is a 4xx, and the next one is answered."""
    assert server.get(query).status in (400, 404, 413, 414, 431)
    assert 404 == server.get("identity=nobody").status
