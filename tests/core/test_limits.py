"""Each limit one below, at and one above, in characters of one to four bytes. Source: contract A4.2 to A4.4."""

from typing import Any

import pytest

from personae.core.rules import Rules
from tests.core.world import World, code, code_of, person

CHARS = ("a", "é", "你", "🎉")


def text_of(size: int, char: str) -> str:
    """Text of exactly `size` bytes, of this character as far as they go."""
    count, rest = divmod(size, len(char.encode()))
    return char * count + "a" * rest


def value(text: str) -> dict[str, Any]:
    return {"k": text}


def key(text: str) -> dict[str, Any]:
    return {text: "v"}


PLACES: list[tuple[int, Any]] = [
    (120, key),
    (120, lambda text: {text: 1}),
    (120, lambda text: {text: {"$set": "v"}}),
    (120, lambda text: {text: {"$add": ["v"]}}),
    (120, lambda text: {"o": {text: "v"}}),
    (120, lambda text: {"o": [{text: "v"}]}),
    (512, value),
    (512, lambda text: {"k": {"$set": text}}),
    (512, lambda text: {"k": ["short", text]}),
    (512, lambda text: {"k": {"$set": ["short", text]}}),
    (512, lambda text: {"k": {"$add": ["short", text]}}),
    (512, lambda text: {"k": {"$add": text}}),
    (512, lambda text: {"k": {"o": text}}),
    (512, lambda text: {"k": [{"o": [text]}]}),
    (512, lambda text: {"Name": text}),
]


@pytest.mark.parametrize("char", CHARS)
@pytest.mark.parametrize("over", [-1, 0, 1])
@pytest.mark.parametrize(("limit", "place"), PLACES)
def test_bytes(limit: int, place: Any, char: str, over: int) -> None:
    """Keys have at most 120 bytes of UTF-8 and values 512, wherever they stand; one more is 521."""
    text = text_of(limit + over, char)
    assert limit + over == len(text.encode())
    assert (521 if over > 0 else None) == code_of(place(text))


def test_other_limits_are_settings() -> None:
    """The limits in force are those of the rules."""
    rules = Rules(max_key_bytes=3, max_value_bytes=4, max_custom_keys=2, max_list_items=2, max_nesting=1)
    cases: list[tuple[dict[str, Any], int | None]] = [
        ({"kkk": "vvvv"}, None),
        ({"kkkk": "v"}, 521),
        ({"k": "vvvvv"}, 521),
        ({"k": "é你"}, 521),
        ({"a": 1, "b": 2}, None),
        ({"a": 1, "b": 2, "c": 3}, 521),
        ({"o": {"a": 1}}, None),
        ({"o": {"a": {"b": 1}}}, 521),
    ]
    assert [fault for _, fault in cases] == [code(World(rules).upload(person(data))) for data, _ in cases]


# --- custom keys


def keys(first: int, count: int) -> dict[str, Any]:
    return {f"key {n}": n for n in range(first, first + count)}


@pytest.mark.parametrize(("count", "fault"), [(255, None), (256, None), (257, 521)])
def test_custom_keys_of_one_record(count: int, fault: int | None) -> None:
    """At most 256; reserved fields do not count."""
    reserved = {"Name": "n", "Email": "a@b.co", "Gender": "M", "MSG-sms": True, "DOB": "$D_1"}
    assert fault == code_of(keys(0, count) | reserved)


@pytest.mark.parametrize(("count", "fault"), [(55, None), (56, None), (57, 521)])
@pytest.mark.parametrize("wrap", [False, True])
def test_custom_keys_of_a_profile(count: int, fault: int | None, wrap: bool) -> None:
    """What is stored counts; a record that breaks the limit changes nothing."""
    world = World()
    world.upload(person(keys(0, 200)))
    more = {key: {"$add": [str(n)]} if wrap else n for key, n in keys(200, count).items()}
    assert fault == code(world.upload(person({**more, "key 0": "changed"})))
    assert (200 if fault else 200 + count) == len(world.profile("x").properties)
    assert (0 if fault else "changed") == world.data()["key0"]


def test_a_full_profile_can_change() -> None:
    """At 256 keys known ones still change, and one that is removed makes room for another."""
    world = World()
    world.upload(person(keys(0, 256)))
    assert code(world.upload(person({"KEY 0": "changed", "key 1": {"$incr": 1}}))) is None
    assert code(world.upload(person({"new": 1}))) == 521
    assert code(world.upload(person({"key 5": {"$delete": 1}}))) is None
    assert code(world.upload(person({"new": 1}))) is None
    assert len(world.profile("x").properties) == 256


def test_later_records_of_a_batch_meet_the_limit() -> None:
    """The 257th key is refused although the profile was made in the same batch."""
    answer = World().upload(person(keys(0, 256)), person(keys(256, 1)), person(keys(0, 2)))
    assert [(entry["code"], entry["error"][-1]) for entry in answer["unprocessed"]] == [(521, "2")]


def test_operators_that_add_nothing_do_not_count() -> None:
    """A record may name more properties than a profile holds, as long as none is added."""
    world = World()
    world.upload(person(keys(0, 256)))
    more: dict[str, Any] = {key: {"$delete": 1} for key in keys(100, 300)}
    assert code(world.upload(person(more))) is None
    assert len(world.profile("x").properties) == 100


@pytest.mark.parametrize(("count", "fault"), [(1024, None), (1025, 521)])
def test_keys_read_of_one_record(count: int, fault: int | None) -> None:
    """Four times as many custom keys as a profile holds, whatever they do; fields and nulls do not count."""
    fields = {"Name": "n", "Email": "a@b.co"} | {f"null {n}": None for n in range(500)}
    assert fault == code_of({key: {"$remove": "x"} for key in keys(0, count)} | fields)


@pytest.mark.parametrize("count", [257, 300, 1025, 5000])
def test_fields_are_checked_before_the_number_of_keys(count: int) -> None:
    """However many custom keys there are, a bad field is what is reported (A3.6)."""
    assert code_of(keys(0, count) | {"Age": "aa", "Email": "1234"}) == 515
    assert code_of(keys(0, count) | {"identity": []}) == 523
    assert code_of(keys(0, count) | {"Email": "a@b.co"}) == 521


# --- nested keys


def objects(count: int) -> list[dict[str, int]]:
    """A list of this many objects of four keys each."""
    return [{"a": 1, "b": 2, "c": 3, "d": n} for n in range(count)]


NESTED: list[tuple[object, object]] = [
    (keys(0, 256), keys(0, 257)),
    ({"o": keys(0, 255)}, {"o": keys(0, 256)}),
    ({"o": keys(0, 100), "p": {"q": keys(0, 153)}}, {"o": keys(0, 100), "p": {"q": keys(0, 154)}}),
    (objects(64), [*objects(63), keys(0, 5)]),
    ({"o": objects(63), "p": 1, "q": 2, "r": 3}, {"o": objects(63), "p": 1, "q": 2, "r": 3, "s": 4}),
    (keys(0, 256) | {"null": None}, [keys(0, 200), keys(0, 57)]),
]


@pytest.mark.parametrize(("fits", "over"), NESTED)
@pytest.mark.parametrize("wrap", [False, True])
def test_nested_keys(fits: object, over: object, wrap: bool) -> None:
    """The objects of one value have at most 256 keys in all levels together."""
    assert [None, 521] == [code_of({"p": {"$set": value} if wrap else value}) for value in (fits, over)]


def test_each_value_nests_by_itself() -> None:
    """The keys of one property are not counted with those of another."""
    assert code_of({"p": keys(0, 256), "q": {"o": keys(0, 255)}, "r": objects(64)}) is None


def test_objects_that_are_dropped_do_not_count() -> None:
    """A list over 100 objects loses the oldest first; the keys of the others count."""
    world = World()
    answer = world.upload(person({"p": [*objects(60), *({"n": n} for n in range(100))]}))
    assert code(answer) is None
    assert [{"n": n} for n in range(100)] == world.profile("x").properties["p"]


@pytest.mark.parametrize("build", [lambda items: {"o": items}, lambda items: [{"o": items}], lambda items: {"o": {"p": items}}])
def test_lists_inside_objects(build: Any) -> None:
    """They too keep the last 100 items."""
    world = World()
    answer = world.upload(person({"p": build([f"item {n}" for n in range(101)])}))
    assert len(answer["warnings"]) == 1
    assert build([f"item {n}" for n in range(1, 101)]) == world.profile("x").properties["p"]


# --- list items


@pytest.mark.parametrize(("count", "dropped"), [(99, 0), (100, 0), (101, 1), (150, 50)])
@pytest.mark.parametrize("operator", [None, "$set", "$add"])
def test_list_items(count: int, dropped: int, operator: str | None) -> None:
    """At most 100: the oldest go, with a warning."""
    items = [f"item {n}" for n in range(count)]
    world = World()
    answer = world.upload(person({"p": {operator: items} if operator else items}))
    assert code(answer) is None
    assert items[dropped:] == world.profile("x").properties["p"]
    assert bool(dropped) == ("warnings" in answer)


def test_duplicates_do_not_count() -> None:
    """The cap is on what is left of a list once each item is there once."""
    world = World()
    items = [f"item {n % 100}" for n in range(300)]
    assert "warnings" not in world.upload(person({"p": items}))
    assert items[:100] == world.profile("x").properties["p"]


def test_add_pushes_the_oldest_out() -> None:
    """`$add` to a full list drops from the front."""
    world = World()
    world.upload(person({"p": [str(n) for n in range(100)]}))
    answer = world.upload(person({"p": {"$add": ["99", "new", "newer"]}}))
    assert [*(str(n) for n in range(2, 100)), "new", "newer"] == world.profile("x").properties["p"]
    assert [warning["key"] for warning in answer["warnings"]] == ["p"]


def test_a_list_of_objects_is_limited_too() -> None:
    """At most 100 objects, the last ones."""
    world = World()
    answer = world.upload(person({"p": [{"n": n} for n in range(101)]}))
    assert [{"n": n} for n in range(1, 101)] == world.profile("x").properties["p"]
    assert len(answer["warnings"]) == 1
