"""What is processed with a warning. Source: contract A4.5; `$incr`, `$delete` and list items have it in their tables."""

import pytest

from tests.core.world import CLEAN, World, code, person, warned_keys


@pytest.mark.parametrize("char", "%><!|&.:;$'\"\\#")
@pytest.mark.parametrize("place", ["a{}b", "{}a", "b{}"])
def test_barred_characters(char: str, place: str) -> None:
    """A key with a character CleverTap bars is stored, and a warning names it."""
    key = place.format(char)
    world = World()
    answer = world.upload(person({key: "v"}))
    assert code(answer) is None
    assert [key] == warned_keys(answer)
    assert {key: "v"} == world.profile("x").properties


@pytest.mark.parametrize("char", "_-+*/()[]{}=?@~^,`é你🎉")
def test_other_characters_are_fine(char: str) -> None:
    """Only the fourteen are barred."""
    assert World().upload(person({f"a{char}b": "v"})) == CLEAN


@pytest.mark.parametrize("name", ["MSG-email", "MSG-push", "MSG-sms", "MSG-whatsapp", "MSG-dndEmail", "MSG-dndPhone"])
@pytest.mark.parametrize("value", ["yes", "", 2, -1, 0.5, [], [True], {"a": 1}])
def test_a_flag_that_is_no_boolean(name: str, value: object) -> None:
    """It is ignored with a warning; the rest of the record is stored."""
    world = World()
    base = {"Email": "a@b.co", "Phone": "+14155551234"}
    world.upload(person({**base, name: True}))
    answer = world.upload(person({name: value, "rest": 1}))
    assert code(answer) is None
    assert [name] == warned_keys(answer)
    assert {"rest": 1, name.lower(): True} == world.data()


def test_several_warnings_come_in_record_order() -> None:
    """One record may have several; they stand by record."""
    answer = World().upload(person({"a.b": 1, "c": {"$incr": 1}}), person({"a": 1, "A": 2}), person(), person({"d;": 1}))
    assert [warning["record"] for warning in answer["warnings"]] == [1, 1, 2, 4]


def test_an_identifier_of_somebody_else() -> None:
    """An identifier of another identified profile stays there; the warning says which."""
    world = World()
    world.upload(person(identity="a"), person(identity="b"))
    answer = world.upload(person({"identity": "b", "rest": 1}, identity="a"))
    assert code(answer) is None
    (warning,) = answer["warnings"]
    assert (warning["record"], "b" in warning["warning"]) == (1, True)
    assert world.profile("a") != world.profile("b")


def test_a_long_key_does_not_flood_the_answer() -> None:
    """A warning stays short whatever the key is."""
    (warning,) = World().upload(person({"k." * 60: 1}))["warnings"]
    assert len(warning["warning"]) < 400
