"""The two pages it all began from: their samples work with only host, account and passcode replaced."""

import json
import re
import shlex
from itertools import pairwise
from urllib.parse import urlsplit

from tests.server import PASSCODE, PROJECT, Server

CREATE = """\
curl -X POST -d '{"d":[{"identity":"george.montana@clevertap.com","type":"profile","profileData":{"Name": "George Montana", "Customer Type": "Silver"}}]}' "https://in1.api.clevertap.com/1/upload" \\
-H "X-CleverTap-Account-Id: ACCOUNT_ID" \\
-H "X-CleverTap-Passcode: PASSCODE" \\
-H "Content-Type: application/json; charset=utf-8"
"""  # noqa: E501 - as printed

CREATED = """\
{
"status": "success",
"processed": 1,
"unprocessed": []
}
"""

GET = """\
curl "https://in1.api.clevertap.com/1/profile.json?email=george.montana@clevertap.com" \\
-H "X-CleverTap-Account-Id: ACCOUNT_ID" \\
-H "X-CleverTap-Passcode: PASSCODE" \\
-H "Content-Type: application/json"
"""

GOT = """\
{
"record": {
"platformInfo": [
{
"df": {
},
"objectId": "Aa1bb2-b0jaa-z8QXgAM9w",
"platform": "Web"
}
],
"identity": "george.montana@clevertap.com",
"name": "George Montana",
"email": "george.montana@clevertap.com",
"all_identities": [
"george.montana@clevertap.com"
],
"profileData": {
"customertype": "Silver"
}
},
"status": "success"
}
"""

UPLOAD = """\
curl -X POST -d '{"d":[{"objectId":"25b08803c1af4e00839f530264dac6f8","type":"profile","profileData":{"Name": "Jack Test"}}]}' "https://api.clevertap.com/1/upload" \\
-H "X-CleverTap-Account-Id: ACCOUNT_ID" \\
-H "X-CleverTap-Passcode: PASSCODE" \\
-H "Content-Type: application/json; charset=utf-8"
"""  # noqa: E501 - as printed

LONG_EXAMPLE = """\
{
  "d": [
    {
      "identity": "1189549",  
      "ts": 1468308340,       
      "type": "profile",
      "profileData": {
        "Name": "Jack Montana",
        "Name": {"$delete" : 1}, //this will delete the value of name
        "Email": "jack@example.com",
        "Phone": "+14155551234",
        "Gender": "M",
        "Gender": {"$delete" : 1}, //this will delete the value of gender
        "MSG-sms": false,
        "MSG-email":true,//called when email must be subscribed  
        "MSG-whatsapp": true,
        "MSG-dndPhone": true, 
        "MSG-dndEmail": true, //called when all profiles sharing the same email must be unsubscribed
        "category-unsubscribe": {
            "email": ["Newsletters", "Promotions"]
        },//called when profile needs to be unsubscribed from multiple subscription groups
        "category-resubscribe": {
            "email": ["Football", "Movies"]
        },//called when profile needs to be subscribed from multiple subscription groups
        "DOB": "$D_1487576752",    
        "Customer Type": "Platinum",
        "Custom Multi Value":{"$remove":["shoes","bags"]}, // To remove Multi Value properties
        "Custom Multi Value":{"$add":["shoes","bags"]},  //To add Multi Value properties
        "My Number 1": {"$incr" : 10}, //To increment integer data
        "My Number 2": {"$decr" : 30} //To decrement integer data
      }
    }
  ]
}
//$delete applicable only to name and gender fields
"""  # noqa: W291 - as printed, but for the address, which the page hides


def run(server: Server, sample: str) -> str:
    """What the server answers to a curl sample with account and passcode replaced; the host is not judged."""
    one_line = sample.replace("\\\n", "")
    words = shlex.split(one_line.replace("ACCOUNT_ID", PROJECT).replace(": PASSCODE", f": {PASSCODE}"))
    options = dict(pairwise(words))
    url = urlsplit(next(word for word in words if word.startswith("https://")))
    headers = dict(word.split(": ", 1) for option, word in pairwise(words) if option == "-H")
    body = options["-d"].encode() if "-d" in options else None
    target = url.path + (f"?{url.query}" if url.query else "")
    answer = server.request(options.get("-X", "GET"), target, {"Host": url.netloc} | headers, body)
    assert answer.status == 200
    return answer.body.decode()


def test_the_quick_start_prints_what_it_says(server: Server) -> None:
    """Create and get give the printed answers, in the printed order; the objectId is the server's own."""
    assert ordered(CREATED) == ordered(run(server, CREATE))
    got = run(server, GET)
    device = json.loads(got)["record"]["platformInfo"][0]["objectId"]
    assert ordered(GOT.replace("Aa1bb2-b0jaa-z8QXgAM9w", device)) == ordered(got)
    assert re.fullmatch(r"[\w-]{22}", device, re.ASCII)


def ordered(text: str) -> str:
    """JSON without its layout, keys in the order they came."""
    return json.dumps(json.loads(text))


def test_the_sample_of_the_upload_page_works(server: Server) -> None:
    """The curl command of the page stores its profile under the objectId it names."""
    assert ordered(CREATED) == ordered(run(server, UPLOAD))
    assert "Jack Test" == server.read("25b08803c1af4e00839f530264dac6f8", "objectId")["name"]


def test_the_long_example_without_its_comments_is_a_success(server: Server) -> None:
    """Every form the page shows is understood; what was never there to count is left as it is, with a warning."""
    bare = re.sub(r"//.*", "", LONG_EXAMPLE)
    answer = server.post(bare.encode())
    assert (200, "success", 1, []) == (answer.status, *[answer.json[key] for key in ("status", "processed", "unprocessed")])
    assert {"My Number 1", "My Number 2"} == {warning["key"] for warning in answer.json["warnings"]}
    record = server.read("1189549")
    assert ("name" in record, "jack@example.com", "+14155551234") == (False, record["email"], record["phone"])
    assert {
        "msg-sms": False,
        "msg-email": True,
        "msg-whatsapp": True,
        "msg-dndphone": True,
        "msg-dndemail": True,
        "category-unsubscribe": {"email": ["Newsletters", "Promotions"]},
        "dob": "$D_1487576752",
        "customertype": "Platinum",
        "custommultivalue": ["shoes", "bags"],
    } == record["profileData"]


def test_the_long_example_with_its_comments_is_malformed(server: Server) -> None:
    """Comments are not JSON; they are not stripped."""
    answer = server.post(LONG_EXAMPLE.encode())
    assert (400, {"status": "fail", "error": "Malformed request", "code": 400}) == (answer.status, answer.json)
