"""The page about a decision: complete, in three languages, and of nothing but itself."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

sys.path.insert(0, str(Path(__file__).parents[1] / "policy"))

from policy_builders import STANDARD, debtor, dispute, hold, invoice, policy, step, taken

from connector.model import Account, Decision
from connector.policy import decide
from connector.policy.seen import see_account
from connector.runtime.pages import explained
from connector.runtime.pages.explained import Dossier, chapters_of, draw_page, headline
from connector.runtime.pages.languages import CATALOGUES, Language, choose, tongue

ROOM = Path(explained.__file__).parent
LANGUAGES: list[Language] = ["nl", "fr", "en"]
BOTH = (taken("remind", 36), taken("notice", 20))
HANDED = debtor(invoice("2026-0012", late=50), invoice("2026-0013", late=50), steps=BOTH)
CONSUMER = debtor(invoice("A", late=50), debtor_kind="consumer")
OPEN_TO_ALL = policy(step("escalate", 30), debtor_kind={"before": "never"})


def dossier(account: Account, rules: object = STANDARD, **changes: object) -> Dossier:
    decision = decide(account, rules)  # type: ignore[arg-type]
    facts: dict[str, object] = {
        "creditor": "Groothandel Voorbeeld B.V.",
        "company_number": "12345678",
        "debtor": "Bakkerij <De Vogel> & Zn",
        "debtor_code": "1001",
        "decision": decision,
        "claims": decision.seen or see_account(account),
        "made_at": datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
        "timezone": "Europe/Amsterdam",
        "law_version": "abc123",
    }
    return Dossier(**facts | changes)  # type: ignore[arg-type]


def parsed(page: str) -> ElementTree.Element:
    """As XML, with the elements that HTML does not close closed: nothing else may be wrong with it."""
    text = re.sub(r"<!doctype html>\n", "", page)
    text = re.sub(r"<(meta [^>]*)>", r"<\1/>", text).replace("&middot;", "·")
    return ElementTree.fromstring(text)


def said(page: str) -> str:
    unbroken = re.sub(r"</?span[^>]*>", "", page)
    return " ".join(" ".join(parsed(unbroken).itertext()).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_condition_is_there_with_what_was_asked_seen_and_where(language: Language) -> None:
    one = dossier(HANDED)
    text = said(draw_page(one, language))
    for reason in one.decision.because:
        for part in (reason.asked, reason.seen, reason.origin):
            assert " ".join(part.split()) in text
    for part in (one.debtor, one.creditor, "1001", "2026-0012", STANDARD.version, one.decision.facts, "abc123"):
        assert part in text


def test_it_reads_in_dutch() -> None:
    text = said(draw_page(dossier(HANDED), "nl"))
    for part in (
        "Het dossier gaat naar het incassobureau, voor €\xa0242,00.".replace("\xa0", " "),
        "Wat openstond op 22 november 2026",
        "In totaal gevraagd",
        "De stap “escalate”",
        "Wat de wet vraagt vóór de stap “escalate”",
        "22 november 2026 09:30 (Europe/Amsterdam)",
    ):
        assert part in text


def test_it_reads_in_french() -> None:
    text = said(draw_page(dossier(HANDED), "fr"))
    assert "Le dossier est transmis à l'agence de recouvrement, pour 242,00 €." in text
    assert "Ce qui était ouvert le 22 novembre 2026" in text


HEADLINES = {
    "Nothing is done.": debtor(),
    "Nothing is done, not before 9 December 2026.": debtor(invoice("A", late=-3)),
    "A reminder is sent, for €121.00.": debtor(invoice("A", late=20)),
    "A formal notice is sent, for €121.00.": debtor(invoice("A", late=40), steps=(taken("remind", 14),)),
    "The file goes to the collection agency, for €242.00.": HANDED,
    "Nothing is done: the step “remind”, for €121.00, is held back.": debtor(invoice("A", late=20), holds=(hold(),)),
    "Nothing is decided: a fact is missing for the step “escalate”.": HANDED.model_copy(
        update={"debtor_kind": "unknown"}
    ),
}


@pytest.mark.parametrize("sentence", HEADLINES)
def test_the_decision_in_one_sentence(sentence: str) -> None:
    decision = decide(HEADLINES[sentence], STANDARD)
    assert headline(decision, tongue("en")) == sentence
    assert headline(decision, tongue("nl")) != headline(decision, tongue("fr"))


def test_a_call_has_its_sentence() -> None:
    decision = decide(debtor(invoice("A", late=20)), policy(step("call", 1)))
    assert headline(decision, tongue("nl")) == "De debiteur wordt gebeld, over €\xa0121,00."


def test_what_the_law_asks_stands_by_itself() -> None:
    decision: Decision = decide(CONSUMER, OPEN_TO_ALL)
    assert [one.subject for one in chapters_of(decision)] == ["step", "law"]
    assert "BW" in said(draw_page(dossier(CONSUMER, OPEN_TO_ALL), "nl")), "with its articles"


def test_credit_is_taken_off_before_the_total() -> None:
    text = said(draw_page(dossier(debtor(invoice("A", late=20), credit="21.00")), "en"))
    assert "Less credit -€21.00 Asked for in all €100.00" in text


def test_a_claim_that_takes_no_part_is_shown_and_not_asked() -> None:
    account = debtor(invoice("A", late=20), invoice("B", late=20), disputes=(dispute("B"),))
    text = said(draw_page(dossier(account), "en"))
    assert "B - 2 November 2026 €121.00 €121.00 -" in text
    assert "Claims that take no part" in text


@pytest.mark.parametrize(("claims", "told"), [(None, "were not kept"), ((), "Nothing was open.")])
def test_without_claims_it_says_so(claims: object, told: str) -> None:
    assert told in said(draw_page(dossier(debtor(), claims=claims), "en"))


def test_a_stored_decision_names_its_plan() -> None:
    text = said(draw_page(dossier(HANDED, plan=7, law_version=""), "en"))
    assert "Plan 7 Fingerprint" in text
    assert "as it stood on 22 November 2026 Plan" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_of_nothing_but_itself(language: Language) -> None:
    page = draw_page(dossier(HANDED), language)
    root = parsed(page)
    assert root.get("lang") == language
    for element in root.iter():
        assert element.tag not in ("script", "link", "img", "iframe", "a", "form", "object")
        assert not {name for name in element.attrib if name.startswith("on") or name in ("src", "href", "style")}
    style = root.find("head/style")
    assert style is not None
    assert style.text is not None
    assert "url(" not in style.text
    assert "@import" not in style.text
    (rules,) = [one.get("content", "") for one in root.iter("meta") if one.get("http-equiv")]
    digest = b64encode(sha256(style.text.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in rules
    assert "default-src 'none'" in rules


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_heard(language: Language) -> None:
    """One heading of the first level, none skipped; a caption and scopes in every table; English marked as such."""
    root = parsed(draw_page(dossier(HANDED), language))
    levels = [int(one.tag[1]) for one in root.iter() if re.fullmatch("h[1-6]", one.tag)]
    assert levels == [1, *[2] * (len(levels) - 1)]
    for table in root.iter("table"):
        caption = table.find("caption")
        assert caption is not None
        assert "".join(caption.itertext()).strip()
        assert all(one.get("scope") in ("col", "row") for one in table.iter("th"))
    spoken = [cell for cell in root.iter("td") if cell.get("lang") == "en"]
    assert len(spoken) == 3 * len(decide(HANDED, STANDARD).because)


def wanted_texts() -> set[str]:
    found = {
        text
        for name, method in (("explained.html", "jinja2.ext:babel_extract"), ("explained.py", "python"))
        for _, text, _, _ in extract_from_file(method, ROOM / name, options={"newstyle_gettext": "true"})
    }
    return {text for text in found if isinstance(text, str)}


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_the_catalogue_has_every_text_and_no_other(language: str) -> None:
    with (CATALOGUES / f"{language}.po").open("rb") as text:
        catalogue = read_po(text, locale=language)
    texts = {one.id: one for one in catalogue if one.id}
    assert set(texts) == wanted_texts()
    for one in texts.values():
        assert one.string
        assert not list(one.check(catalogue)), one.id
        assert set(re.findall(r"%\(\w+\)s", one.string)) == set(re.findall(r"%\(\w+\)s", one.id))


@pytest.mark.parametrize(
    ("stated", "language"),
    [(("nl", "fr"), "nl"), (("FR-be", "nl"), "fr"), (("de", "fr"), "fr"), (("", "nl"), "nl"), (("de", "de"), "en")],
)
def test_the_debtors_language_comes_before_the_ledgers(stated: tuple[str, str], language: str) -> None:
    assert choose(*stated) == language
