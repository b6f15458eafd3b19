"""The masker: no secret and no personal data gets through, ordinary words do."""

import json
import re
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.log import MASK, Masker
from connector.model import Address, Debtor, Money

SECRET = "s3cr3t/with+odd &signs\"and'quotes"


@pytest.fixture
def masker() -> Masker:
    return Masker()


@pytest.mark.parametrize(
    "text",
    [
        f"got {SECRET} back",
        f"https://x.example/?a={quote(SECRET, safe='')}&b=1",
        json.dumps({"note": SECRET}),
        repr({"note": SECRET}),
    ],
)
def test_a_registered_secret_is_hidden_in_every_spelling(masker: Masker, text: str) -> None:
    masker.register(SECRET)
    masked = masker.mask(text)
    assert "s3cr3t" not in masked
    assert MASK in masked


def test_the_longer_of_two_secrets_goes_first(masker: Masker) -> None:
    masker.register("abcdef")
    masker.register("abcdefghij")
    assert masker.mask("abcdefghij") == MASK


def test_a_short_value_is_not_blotted_out_everywhere(masker: Masker) -> None:
    masker.register("nl")
    masker.register("")
    assert masker.mask("only the nl region") == "only the nl region"


def test_a_slot_forgets_old_tokens_and_keeps_the_last_four(masker: Masker) -> None:
    masker.register("lasting-secret")
    for number in range(10):
        masker.register(f"token-number-{number}", slot="exact/token")
    masker.register("token-number-9", slot="exact/token")
    masked = [masker.mask(f"token-number-{number}") for number in range(10)]
    assert masked == [f"token-number-{number}" for number in range(6)] + [MASK] * 4
    assert masker.mask("lasting-secret") == MASK


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abcdefghijklmnop1234", "Authorization: Bearer ***"),
        ("basic dXNlcjpwYXNzd29yZA==", "basic ***"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "jwt ***"),
        ("postgresql://incasso:hunter2@db/x", "postgresql://***@db/x"),
        ("client_secret=hunter2&grant=x", "client_secret=***&grant=x"),
        ('{"refresh_token": "a.b c"}', '{"refresh_token": "***"}'),
        ("token: 8f7a6b5c4d", "token: ***"),
        ("https://x/cb?code=SplxlOBe&state=af0ifjs", "https://x/cb?code=***&state=***"),
        ("mail jan.de-vries+x@voorbeeld.co.nl now", "mail [e-mail] now"),
        ("IBAN NL91ABNA0417164300.", "IBAN [iban]."),
        ("IBAN BE71 0961 2345 6769, ok", "IBAN [iban], ok"),
        ("bel +31 6 1234 5678", "bel [phone]"),
        ("bel 06-12345678 of", "bel [phone] of"),
        ("bel 0031612345678", "bel [phone]"),
        ("bel +32 (0)2 123 45 67", "bel [phone]"),
    ],
)
def test_what_looks_secret_or_personal_is_hidden(masker: Masker, text: str, masked: str) -> None:
    assert masker.mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T09:00:00.012345+00:00",
        "invoice 20260012 of 2026-01-31 for EUR 1,234.56",
        "1f0c1a52-0a1b-4c0d-8e1f-061234567890",
        "GET https://start.exactonline.nl/api/v1/123456/crm/Accounts",
        "connections/books.toml: client_secret: a secret is never written in a configuration file",
        "Add client_secret = … (the app's secret).",
        "the refresh token: expired",
        "VAT NL123456789B01",
        "key MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3HO6DZ",
        "line 12, column 3",
    ],
)
def test_ordinary_facts_stay_readable(masker: Masker, text: str) -> None:
    assert masker.mask(text) == text


@pytest.mark.parametrize(
    "key",
    ["name", "debtor_name", "email", "E-Mail", "iban", "payer_iban", "address", "token", "refresh_token",
     "clientSecret", "password", "Authorization", "phone", "bsn", "national_number", "contacts", "x-api-key",
     "birth_date"],
)  # fmt: skip
def test_values_of_personal_keys_are_hidden_whole(masker: Masker, key: str) -> None:
    assert masker.mask_value({key: "Jan Jansen"}) == {key: MASK}
    assert masker.mask_value({"outer": [{key: ["Jan", "Jansen"]}]}) == {"outer": [{key: MASK}]}


@pytest.mark.parametrize("key", ["file_name", "plugin_name", "ledger", "connection", "names_seen_on", "tokens"])
def test_names_of_things_stay(masker: Masker, key: str) -> None:
    expected = MASK if key == "names_seen_on" else "acme"
    assert masker.mask_value({key: "acme"}) == {key: expected}


def test_counts_dates_and_flags_stay_also_under_personal_keys(masker: Masker) -> None:
    facts = {"lines": 3, "email": True, "name": None, "address": "", "token": 0.5, "iban": Decimal(2)}
    assert masker.mask_value(facts) == facts


def test_a_number_that_identifies_a_person_is_hidden(masker: Masker) -> None:
    assert masker.mask_value({"bsn": 123456782, "birth_date": date(1970, 1, 1)}) == {"bsn": MASK, "birth_date": MASK}


def test_a_record_is_masked_field_by_field(masker: Masker) -> None:
    debtor = Debtor(id="d-1", name="Jan Jansen", kind="consumer", addresses=(Address(lines=("Kerkstraat 1",)),))
    masked = masker.mask_value({"debtor": debtor})["debtor"]
    assert masked["id"] == "d-1"
    assert masked["kind"] == "consumer"
    assert "Jan" not in str(masked)
    assert "Kerkstraat" not in str(masked)


@dataclass(frozen=True)
class Seen:
    email: str
    count: int


def test_dataclasses_errors_paths_and_bytes_are_masked_too(masker: Masker) -> None:
    masker.register("hunter2-hunter2")
    facts: dict[str, Any] = {
        "seen": Seen("jan@x.nl", 2),
        "error": ValueError("wrong hunter2-hunter2"),
        "path": PurePosixPath("/data/jan@x.nl.pdf"),
        "body": b"hunter2-hunter2",
        "kind": Seen,
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "open": Money.of("12.34", "EUR"),
    }
    assert masker.mask_value(facts) == {
        "seen": {"email": MASK, "count": 2},
        "error": f"ValueError('wrong {MASK}')",
        "path": "/data/[e-mail]",
        "body": "<15 bytes>",
        "kind": repr(Seen),
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "open": {"minor": 1234, "currency": "EUR"},
    }


def test_a_structure_that_holds_itself_comes_to_an_end(masker: Masker) -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    assert str(masker.mask_value(loop)).count("again") == 8


def test_a_long_text_without_anything_to_hide_is_quick(masker: Masker) -> None:
    text = "a" * 300_000
    done = threading.Event()

    def work() -> None:
        masker.mask(text)
        done.set()

    threading.Thread(target=work, daemon=True).start()
    assert done.wait(10)


texts = st.text(max_size=60)
structures = st.recursive(
    texts | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(
    secret=st.text(min_size=6, max_size=30).filter(lambda text: not set(text) <= set("*[]")), before=texts, after=texts
)
def test_no_registered_secret_ever_gets_through(secret: str, before: str, after: str) -> None:
    masker = Masker()
    masker.register(secret)
    facts = {"a": before + secret + after, "b": [{"c": secret}], secret: 1}
    assert secret not in re.sub(r"\[(?:e-mail|iban|phone)\]|\*\*\*", "", str(masker.mask_value(facts)["a"]))
    assert secret not in str(list(masker.mask_value(facts)))
    assert masker.mask_value(facts)["b"] == [{"c": MASK}]


@given(texts)
@example("0612345678@example.nl token=hunter2-hunter2")
@example("password=password=hunter2")
@example('Bearer token="Bearer abcdefghijklm"')
def test_masking_twice_changes_nothing(text: str) -> None:
    masker = Masker()
    once = masker.mask(text)
    assert masker.mask(once) == once


@given(structures)
def test_any_structure_can_be_masked_and_written_as_json(value: Any) -> None:
    json.dumps(Masker().mask_value(value))
