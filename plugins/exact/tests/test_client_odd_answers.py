"""Answers that the stand-in does not give: the client takes each for what it is."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses

from connector.errors import AuthError, ConfigError, PluginError, QuotaError, TransientError
from connector.testing import RecordedContext, make_context
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.documents import InvoiceFinder
from connector_exact.pages import RowReader, walk
from connector_exact.rights import Rights
from connector_exact.rows import DeletedRow
from connector_exact.tokens import TokenKeeper, Tokens

SITE = "https://start.exactonline.nl"
BASE = f"{SITE}/api/v1/1"
KEY = "{:08d}-0000-4000-8000-000000000000"
CONFIG = ExactConfig.model_validate({"client_id": "app", "client_secret": {"env": "EXACT_SECRET"}, "division": 1})
DELETED: RowReader[DeletedRow] = RowReader(DeletedRow, "sync/Deleted", entity="deletes")


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as found:
        yield found


@pytest.fixture
def context() -> RecordedContext:
    made = make_context(connection="exact-nl")
    keep_token(made)
    return made


def keep_token(context: RecordedContext) -> None:
    tokens = Tokens(issuer=CONFIG.issuer, access="access", refresh="refresh", issued_at=context.clock.now())
    context.secrets.save("tokens", tokens.model_dump_json())


@pytest.fixture
def client(context: RecordedContext) -> Client:
    return Client(CONFIG, context, TokenKeeper(CONFIG, context))


def get(client: Client) -> bytes:
    return client.get(client.url("sync/Deleted"), "sync/Deleted")


def page(*, next_url: str = "") -> dict[str, Any]:
    row = {"Timestamp": "5", "EntityKey": KEY.format(1), "EntityType": 10}
    return {"d": {"results": [row], **({"__next": next_url} if next_url else {})}}


@pytest.mark.parametrize(
    "address",
    [
        "https://start.exactonline.be/api/v1/1/sync/Deleted?x=1",
        "http://start.exactonline.nl/api/v1/1/sync/Deleted?x=1",
        "https://start.exactonline.nl.evil.example/api/v1/1/sync/Deleted?x=1",
        "https://start.exactonline.nl/api/v1/2/sync/Deleted?x=1",
        "https://start.exactonline.nl/api/v1/1/crm/Accounts?x=1",
        "/api/v1/1/sync/Deleted?x=1",
    ],
)
def test_the_access_token_never_follows_a_next_page_to_another_place(
    mock: responses.RequestsMock, client: Client, address: str
) -> None:
    mock.get(f"{BASE}/sync/Deleted", json=page(next_url=address))
    with pytest.raises(TransientError, match="sync/Deleted: malformed page: its next page lies elsewhere"):
        list(walk(client, DELETED, {}))
    assert len(mock.calls) == 1


def test_a_page_that_names_itself_as_the_next_ends_in_an_error(mock: responses.RequestsMock, client: Client) -> None:
    second = f"{BASE}/sync/Deleted?$skiptoken=5L"
    mock.get(f"{BASE}/sync/Deleted", json=page(next_url=second))
    mock.get(second, json=page(next_url=second))
    with pytest.raises(TransientError, match="its next page is itself"):
        list(walk(client, DELETED, {}))


def test_the_next_page_is_followed_as_it_is(mock: responses.RequestsMock, client: Client) -> None:
    second = f"{SITE}/api/v1/1/Sync/deleted?$select=A,B&$skiptoken=493115L"
    mock.get(f"{BASE}/sync/Deleted", json=page(next_url=second))
    mock.get(second, json=page())
    assert len(list(walk(client, DELETED, {}))) == 2
    assert mock.calls[1].request.url == second


def test_options_are_encoded_so_that_no_blank_becomes_a_plus(client: Client) -> None:
    url = client.url("sync/Deleted", {"$filter": "Timestamp gt 1 and Name eq 'a&b'"})
    assert url == f"{BASE}/sync/Deleted?$filter=Timestamp%20gt%201%20and%20Name%20eq%20'a%26b'"


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/atom+xml", "application/jsonp", ""])
def test_only_json_is_parsed(mock: responses.RequestsMock, client: Client, kind: str) -> None:
    mock.get(f"{BASE}/sync/Deleted", body="{}", content_type=kind)
    with pytest.raises(TransientError, match="expected JSON, got"):
        get(client)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "Application/JSON;odata=verbose"]
)
def test_json_may_have_parameters(mock: responses.RequestsMock, client: Client, kind: str) -> None:
    mock.get(f"{BASE}/sync/Deleted", json=page(), content_type=kind)
    assert b"results" in get(client)


@pytest.mark.parametrize(
    ("status", "error", "counted"),
    [
        (400, PluginError, True),
        (401, AuthError, True),
        (403, AuthError, True),
        (404, ConfigError, True),
        (405, PluginError, False),
        (414, PluginError, False),
        (302, PluginError, False),
    ],
)
def test_each_status_is_named_once_and_never_tried_again(
    mock: responses.RequestsMock,
    client: Client,
    context: RecordedContext,
    status: int,
    error: type[Exception],
    counted: bool,
) -> None:
    mock.get(f"{BASE}/sync/Deleted", status=status, body="nonsense")
    with pytest.raises(error):
        get(client)
    assert len(mock.calls) == 1
    assert bool(context.state.get("1/refused")) is counted


def test_the_servers_own_words_stand_in_the_detail_alone_and_are_shortened(
    mock: responses.RequestsMock, client: Client
) -> None:
    text = "Gegevens\r\n ontbreken " + "x" * 1000
    mock.get(f"{BASE}/sync/Deleted", status=400, json={"error": {"code": "", "message": {"lang": "", "value": text}}})
    with pytest.raises(PluginError) as caught:
        get(client)
    assert "Gegevens" not in caught.value.message
    assert caught.value.detail.startswith("Gegevens ontbreken xxx")
    assert len(caught.value.detail) == 300


@pytest.mark.parametrize(
    "body",
    [{"error": {"message": {}}}, {"error": {"message": {"value": ["odd"]}}}, [], "text", {"error": {"message": None}}],
)
def test_an_odd_error_body_never_hides_the_error(mock: responses.RequestsMock, client: Client, body: Any) -> None:
    mock.get(f"{BASE}/sync/Deleted", status=400, json=body)
    with pytest.raises(PluginError):
        get(client)


def test_refusals_fall_out_of_the_count_after_an_hour(
    mock: responses.RequestsMock, client: Client, context: RecordedContext
) -> None:
    mock.get(f"{BASE}/sync/Deleted", status=404)
    for _ in range(5):
        with pytest.raises(ConfigError):
            get(client)
        context.clock.advance(minutes=1)
    with pytest.raises(QuotaError) as caught:
        get(client)
    assert caught.value.until == context.clock.now() + timedelta(minutes=55)
    context.clock.advance(minutes=55, seconds=1)
    keep_token(context)
    with pytest.raises(ConfigError):
        get(Client(CONFIG, context, TokenKeeper(CONFIG, context)))


def test_endpoints_have_their_own_count(mock: responses.RequestsMock, client: Client) -> None:
    mock.get(f"{BASE}/sync/Deleted", status=404)
    mock.get(f"{BASE}/crm/Accounts", json=page())
    for _ in range(5):
        with pytest.raises(ConfigError):
            get(client)
    assert client.get(client.url("crm/Accounts"), "crm/Accounts")


@pytest.mark.parametrize(
    "body", ["true", '{"d": true}', '{"d": {"UserHasRights": true}}', '{"d": {"results": [true]}}', '{"d": "True"}']
)
def test_rights_are_read_in_every_form_they_may_have(
    mock: responses.RequestsMock, client: Client, context: RecordedContext, body: str
) -> None:
    mock.get(f"{BASE}/users/UserHasRights", body=body, content_type="application/json")
    Rights(CONFIG, context, client).assert_reading(now=True)
    assert len(mock.calls) == 6
    assert mock.calls[0].request.url == f"{BASE}/users/UserHasRights?endpoint='sync/Cashflow/PaymentTerms'&action='GET'"


@pytest.mark.parametrize("body", ["{}", '{"d": {"a": true, "b": false}}', '{"d": 1}', '"perhaps"', "<html>", "null"])
def test_an_answer_about_rights_that_says_neither_is_a_passing_fault(
    mock: responses.RequestsMock, client: Client, context: RecordedContext, body: str
) -> None:
    mock.get(f"{BASE}/users/UserHasRights", body=body, content_type="application/json")
    with pytest.raises(TransientError, match="neither true nor false"):
        Rights(CONFIG, context, client).assert_reading(now=True)


@pytest.mark.parametrize("status", [400, 404])
def test_where_rights_cannot_be_asked_the_question_is_put_once(
    mock: responses.RequestsMock, client: Client, context: RecordedContext, status: int
) -> None:
    mock.get(f"{BASE}/users/UserHasRights", status=status)
    Rights(CONFIG, context, client).assert_reading()
    Rights(CONFIG, context, client).assert_reading()
    assert len(mock.calls) == 1
    assert "rights cannot be asked here" in context.log.text()


def _documents(mock: responses.RequestsMock, attachments: list[dict[str, Any]], *, documents: int = 1) -> None:
    rows = [{"ID": KEY.format(number), "Type": 10 if number == documents else 20} for number in range(1, documents + 1)]
    mock.get(f"{BASE}/documents/Documents", json={"d": {"results": rows}})
    mock.get(f"{BASE}/documents/DocumentAttachments", json={"d": {"results": attachments}})


def _attachment(number: int, name: str | None, *, document: int = 1, site: str = SITE) -> dict[str, Any]:
    url = f"{site}/docs/SysAttachment.aspx?ID={number}&_Division_=1"
    return {"ID": KEY.format(100 + number), "Document": KEY.format(document), "FileName": name, "Url": url}


def _find(client: Client, context: RecordedContext) -> Any:
    return InvoiceFinder(CONFIG, context, client).find(KEY.format(9))


def test_the_pdf_is_chosen_among_several_attachments(
    mock: responses.RequestsMock, client: Client, context: RecordedContext
) -> None:
    _documents(mock, [_attachment(1, "26700001.xml"), _attachment(2, None), _attachment(3, "26700001.PDF")])
    mock.get(f"{SITE}/docs/SysAttachment.aspx", body=b"%PDF-1.7 content", content_type="application/pdf")
    found = _find(client, context)
    assert (found.file_name, found.content) == ("26700001.PDF", b"%PDF-1.7 content")
    assert str(mock.calls[-1].request.url).endswith("?ID=3&_Division_=1&Download=1")


def test_the_document_of_the_sales_invoice_goes_first(
    mock: responses.RequestsMock, client: Client, context: RecordedContext
) -> None:
    _documents(mock, [_attachment(1, "mail.pdf"), _attachment(2, "invoice.pdf", document=2)], documents=2)
    mock.get(f"{SITE}/docs/SysAttachment.aspx", body=b"%PDF-1.7", content_type="application/pdf")
    assert _find(client, context).file_name == "invoice.pdf"


def test_an_attachment_that_only_calls_itself_pdf_is_passed_over(
    mock: responses.RequestsMock, client: Client, context: RecordedContext
) -> None:
    _documents(mock, [_attachment(1, "login.pdf"), _attachment(2, "real.pdf")])
    mock.get(f"{SITE}/docs/SysAttachment.aspx?ID=1&_Division_=1&Download=1", body="<html>", content_type="text/html")
    mock.get(f"{SITE}/docs/SysAttachment.aspx?ID=2&_Division_=1&Download=1", body=b"%PDF-1.4")
    assert _find(client, context).file_name == "real.pdf"


def test_the_access_token_is_not_sent_to_an_attachment_elsewhere(
    mock: responses.RequestsMock, client: Client, context: RecordedContext
) -> None:
    _documents(mock, [_attachment(1, "a.pdf", site="https://files.example")])
    with pytest.raises(TransientError, match="another site"):
        _find(client, context)


@pytest.mark.parametrize("status", [403, 404])
def test_where_invoices_may_not_be_looked_up_by_number_the_question_is_put_once_a_week(
    mock: responses.RequestsMock, client: Client, context: RecordedContext, status: int
) -> None:
    mock.get(f"{BASE}/documents/Documents", json={"d": {"results": []}})
    mock.get(f"{BASE}/salesentry/SalesEntries", status=status)
    assert _find(client, context) is None
    assert _find(client, context) is None
    assert len([call for call in mock.calls if "SalesEntries" in str(call.request.url)]) == 1
