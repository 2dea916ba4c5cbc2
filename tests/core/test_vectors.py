"""The test vectors of contract B 11 that need no socket, and the samples of the two source documents."""

from tests.core.world import CLEAN, World, code, code_of, person, stored


def test_two_bad_emails() -> None:
    """Vector 1: two entries, numbers 1 and 2, code 515."""
    answer = World().upload(person({"Email": "1234"}), person({"Email": "1234"}))
    assert (answer["status"], answer["processed"]) == ("fail", 0)
    assert [(entry["code"], entry["error"][-1]) for entry in answer["unprocessed"]] == [(515, "1"), (515, "2")]


def test_second_of_two_bad() -> None:
    """Vector 2: partial, and the number is that of the record."""
    answer = World().upload(person(), person({"Email": "$$$$$"}, identity="4", ts=1521649274))
    assert answer == {
        "status": "partial",
        "processed": 1,
        "unprocessed": [
            {
                "status": "fail",
                "code": 515,
                "error": "Profile data is incorrect. Email is not valid.Skipped record number : 2",
                "record": {"identity": "4", "type": "profile", "profileData": {"Email": "$$$$$"}, "ts": 1521649274},
            }
        ],
    }


def test_ts_before_email() -> None:
    """Vector 3: ts 0 is 525 even if Email is also bad."""
    assert code(World().upload(person({"Email": "1234"}, ts=0))) == 525


def test_employed_before_age() -> None:
    """Vector 4: bad Employed and bad Age is 517 only."""
    assert code_of({"Age": "aa", "Employed": "223"}) == 517


def test_age_as_text() -> None:
    """Vector 5: "18" passes, "aa" does not."""
    assert [code_of({"Age": "18"}), code_of({"Age": "aa"})] == [None, 520]


def test_quick_start() -> None:
    """Vector 8: what the quick start uploads is what it reads, by its email."""
    world = World()
    address = "george.montana@clevertap.com"
    answer = world.upload(person({"Name": "George Montana", "Customer Type": "Silver"}, identity=address))
    assert answer == CLEAN
    record = world.view(address)
    assert record == {
        "platformInfo": [{"df": {}, "objectId": record["platformInfo"][0]["objectId"], "platform": "Web"}],
        "identity": address,
        "name": "George Montana",
        "email": address,
        "all_identities": [address],
        "profileData": {"customertype": "Silver"},
    }
    assert list(record) == ["platformInfo", "identity", "name", "email", "all_identities", "profileData"]


def test_language() -> None:
    """Vector 9: a scalar is promoted, and a list that is emptied is gone."""
    add = {"Language": {"$add": ["Spanish", "German"]}}
    remove = {"Language": {"$remove": ["English", "Spanish", "German"]}}
    assert stored({"Language": "English"}, add) == {"Language": ["English", "Spanish", "German"]}
    assert stored({"Language": "English"}, add, remove) == {}


def test_101_items() -> None:
    """Vector 10: of 101 items the first is dropped."""
    items = [f"item {n}" for n in range(101)]
    assert {"many": items[1:]} == stored({"many": {"$set": items}})


def test_upload_page_sample() -> None:
    """The long example of the upload page is processed; of doubled keys the last one stands."""
    data = {
        "Name": {"$delete": 1},
        "Email": "jack@example.com",
        "Phone": "+14155551234",
        "Gender": {"$delete": 1},
        "MSG-sms": False,
        "MSG-email": True,
        "MSG-whatsapp": True,
        "MSG-dndPhone": True,
        "MSG-dndEmail": True,
        "category-unsubscribe": {"email": ["Newsletters", "Promotions"]},
        "category-resubscribe": {"email": ["Football", "Movies"]},
        "DOB": "$D_1487576752",
        "Customer Type": "Platinum",
        "Custom Multi Value": {"$add": ["shoes", "bags"]},
        "My Number 1": {"$incr": 10},
        "My Number 2": {"$decr": 30},
    }
    world = World()
    world.upload(person({"Name": "Jack", "Gender": "M", "My Number 1": 1, "My Number 2": 2}, identity="1189549"))
    assert world.upload(person(data, identity="1189549", ts=1468308340)) == CLEAN
    record = world.view("1189549")
    assert "name" not in record
    assert (record["email"], record["phone"]) == ("jack@example.com", "+14155551234")
    assert record["profileData"] == {
        "customertype": "Platinum",
        "custommultivalue": ["shoes", "bags"],
        "mynumber1": 11,
        "mynumber2": -28,
        "dob": "$D_1487576752",
        "msg-sms": False,
        "msg-email": True,
        "msg-whatsapp": True,
        "msg-dndphone": True,
        "msg-dndemail": True,
        "category-unsubscribe": {"email": ["Newsletters", "Promotions"]},
    }
