"""The pages on files against the code: every example is read, and every setting is told."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from connector.model import Accepted, MutationKind, PaymentReceived, Received, Unmapped
from connector.testing import make_case
from connector_agency_api.files import naming
from connector_agency_api.files.config import AgencyFilesConfig
from connector_agency_api.sandbox.wire import CaseSubmission, Mutation
from plugins.agency_api.tests.files_agency import Folder, open_files

_ROOT = Path(__file__).parents[3]
_PAGE = (_ROOT / "docs/how-to/connect-an-agency-by-files.md").read_text(encoding="utf-8")
_README = (_ROOT / "plugins/agency_api/README.md").read_text(encoding="utf-8")
_BLOCKS = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", _PAGE, re.MULTILINE | re.DOTALL)]
CASE, PAYMENT, RECEIPT, REFUSAL, PAYOUT, STATUS = _BLOCKS
LINES = re.findall(r"^```jsonl\n(.*?)^```", _PAGE, re.MULTILINE | re.DOTALL)[0]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path).make()


def test_the_messages_shown_are_what_is_sent(folder: Folder) -> None:
    receipt = open_files(folder).submit(make_case(), key=CASE["key"])
    real = folder.message(receipt.reference)
    assert list(CASE) == list(PAYMENT) == list(real)
    assert {name: CASE[name] for name in CASE if name != "body"} == {
        name: real[name] for name in real if name != "body"
    }
    assert set(CASE["body"]) <= set(real["body"])
    CaseSubmission.model_validate_json(json.dumps(CASE["body"]))
    reader: TypeAdapter[Any] = TypeAdapter(Mutation)
    reader.validate_json(json.dumps(PAYMENT["body"]))
    shown = re.search(r"IC-2026-000001_0001_case_([0-9a-f]{16})_[0-9a-f]{12}\.json", _PAGE)
    assert shown
    assert shown[1] == naming.tag_of(CASE["key"])


def test_the_receipts_and_events_shown_are_read(folder: Folder) -> None:
    case = open_files(folder).submit(make_case(), key=CASE["key"]).reference
    folder.put(case.removesuffix(".json") + ".receipt.json", RECEIPT)
    folder.put(case.replace("_0001_case_", "_0002_direct-payment_").removesuffix(".json") + ".receipt.json", REFUSAL)
    folder.put("events_20260303T090000Z_0001.jsonl", LINES)
    events = [event for page in open_files(folder).changes(None) for event in page.events]
    assert [type(event) for event in events] == [Received, Unmapped, Accepted, PaymentReceived]
    assert events[1].model_dump()["text"].endswith(REFUSAL["reasons"][0])
    assert folder.returned("set-aside") == []


def test_the_pay_out_and_the_status_shown_are_read(folder: Folder) -> None:
    folder.put("remittance_20260331.json", PAYOUT)
    folder.put("status_20260304T030000Z.json", STATUS)
    assert [paid.remittance_id for paid in open_files(folder).remittances(None)] == ["R-2026-03"]
    view = open_files(folder).snapshot("IC-2026-000001")
    assert view is not None
    assert view.payments[0].payment_id == "p-9"


def test_every_kind_of_message_is_in_the_table() -> None:
    table = _PAGE.split("| `kind` | `path` |", 1)[1].split("\n\n", 1)[0]
    told = {
        word
        for row in re.findall(r"^\| (`[a-z].*?) \| `/", table, re.MULTILINE)
        for word in re.findall(r"`(\w+)`", row)
    }
    kinds = set(get_args(MutationKind)) - {"request_answer", "approval_decision"}
    assert told == kinds | {"case", "document", "answer"}


def test_every_setting_is_told_in_the_readme() -> None:
    table = _README.split("| setting | meaning |", 1)[1].split("\n\n", 1)[0]
    keys = {word for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)}
    assert keys == set(AgencyFilesConfig.model_fields)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"folder": "relative"}, "the whole path"),
        ({"folder": "/x", "to_agency": "a", "from_agency": "a"}, "two folders"),
        ({"folder": "/x", "to_agency": "../y"}, "below"),
        ({"folder": "/x", "withhold": ["debtor.name"]}, "cannot be withheld"),
        ({"folder": "x", "host": "h", "password": {"env": "P"}, "host_keys": ["SHA256:" + "a" * 43]}, "needs `user`"),
        ({"folder": "x", "host": "h", "user": "u", "password": {"env": "P"}}, "needs `host_keys`"),
        ({"folder": "x", "host": "h", "user": "u", "host_keys": ["SHA256:" + "a" * 43]}, "`private_key` or `password`"),
        ({"folder": "x", "host": "h", "user": "u", "host_keys": ["MD5:aa"], "password": {"env": "P"}}, "fingerprint"),
        (
            {"folder": "x", "host": "h", "user": "u", "host_keys": ["ssh-rsa !"], "password": {"env": "P"}},
            "fingerprint",
        ),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        AgencyFilesConfig.model_validate(settings)
