"""The session over real sockets: what is returned, what is refused, and what a failure means."""

import gzip
import io
import json
import logging
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from connector.api import Http
from connector.errors import ConfigError, TransientError, UnknownOutcome
from connector.http import CallCount, Session, session
from connector.log import Masker, configure, open_log

Talk = Callable[["Line"], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Line:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.file = connection.makefile("rb")

    def hear(self) -> str:
        """One whole request, head and body, or nothing when the client has hung up."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.file.readline()
            if not line:
                return ""
            head += line
        fields = dict(row.split(b": ", 1) for row in head.split(b"\r\n")[1:] if b": " in row)
        body = self.file.read(int(fields.get(b"Content-Length", 0)))
        return (head + body).decode("latin-1")

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def reset(self) -> None:
        """Break the connection with a reset instead of an orderly end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.file.close()
        self.socket.close()


class Server:
    """A server on loopback that treats its n-th connection as the n-th script says; the last one goes on."""

    def __init__(self, *scripts: Talk, tls: ssl.SSLContext | None = None) -> None:
        self.scripts = scripts
        self.tls = tls
        self.heard: list[str] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            script = self.scripts[min(self.connections, len(self.scripts) - 1)]
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection, script), daemon=True).start()

    def _talk(self, connection: socket.socket, script: Talk) -> None:
        try:
            with connection, self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as secured:
                script(Line(secured))
        except (OSError, ValueError):
            return  # the client hung up, or the script broke the connection on purpose

    def close(self) -> None:
        self.stopping.set()
        self.listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def _serve(*scripts: Talk, tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(*scripts, tls=tls))
        return servers[-1]

    yield _serve
    for server in servers:
        server.close()


Serve = Callable[..., Server]


@pytest.fixture
def http() -> Iterator[Session]:
    with Session(timeout=(5.0, 5.0), log=open_log()) as opened:
        yield opened


@pytest.fixture(autouse=True)
def log_lines() -> Iterator[io.StringIO]:
    out = io.StringIO()
    hooks = sys.excepthook, threading.excepthook
    configure("debug", "json", stream=out, masker=Masker())
    yield out
    logging.getLogger().handlers.clear()
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook = hooks
    structlog.reset_defaults()


def answer(*answers: bytes) -> Talk:
    """A script: one answer a request on one kept connection, the last one again and again."""

    def _talk(line: Line) -> None:
        count = 0
        while line.hear():
            line.say(answers[min(count, len(answers) - 1)])
            count += 1

    return _talk


def hang_up(line: Line) -> None:
    line.hear()


def reset(line: Line) -> None:
    line.hear()
    line.reset()


def break_off(*parts: bytes) -> Talk:
    def _talk(line: Line) -> None:
        line.hear()
        line.say(*parts)

    return _talk


def silence(line: Line) -> None:
    line.hear()
    line.file.read()


TRUNCATED = break_off(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"only this")
TRUNCATED_CHUNKS = break_off(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nWiki\r\n")
TRUNCATED_CHUNK = break_off(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"40\r\nWiki")
NO_CHUNKS = break_off(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\nWiki\r\n0\r\n\r\n")
BROKEN_GZIP = answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nnogzip")
NO_HTTP = break_off(b"220 smtp.example ESMTP\r\n")
HALF_A_HEAD = break_off(b"HTTP/1.1 200 OK\r\nContent-Le")

LOST = [
    pytest.param(hang_up, "connection closed without an answer", id="hung up"),
    pytest.param(reset, "connection reset", id="reset"),
    pytest.param(TRUNCATED, "the answer broke off", id="truncated"),
    pytest.param(TRUNCATED_CHUNKS, "the answer broke off", id="chunks end early"),
    pytest.param(TRUNCATED_CHUNK, "the answer broke off", id="chunk ends early"),
    pytest.param(NO_CHUNKS, "the answer broke off", id="no chunk sizes"),
    pytest.param(BROKEN_GZIP, "the answer's compression is broken", id="broken gzip"),
    pytest.param(NO_HTTP, "the answer is not HTTP", id="another protocol"),
]


@pytest.mark.parametrize(("script", "why"), LOST)
def test_a_lost_answer_of_a_get_is_transient(http: Session, serve: Serve, script: Talk, why: str) -> None:
    server = serve(script)
    with pytest.raises(TransientError) as caught:
        http.request("get", f"{server.url}/items", params={"name": "jansen"})
    assert caught.value.message == f"GET {server.host}/items: the answer was lost ({why})."
    assert "jansen" not in caught.value.detail
    assert server.connections == 1, "nothing is repeated"


@pytest.mark.parametrize(("script", "why"), LOST)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_lost_answer_of_a_change_is_unknown(http: Session, serve: Serve, script: Talk, why: str, method: str) -> None:
    server = serve(script)
    with pytest.raises(UnknownOutcome) as caught:
        http.request(method, f"{server.url}/cases", json={"a": 1}, headers={"idempotency-key": "K-1"})
    assert caught.value.key == "K-1"
    assert why in caught.value.message
    assert server.connections == 1, "nothing is repeated"


def test_a_lost_answer_without_a_key_says_so(http: Session, serve: Serve) -> None:
    with pytest.raises(UnknownOutcome) as caught:
        http.request("POST", serve(hang_up).url, data={"grant_type": "refresh_token"})
    assert caught.value.key == ""


def test_a_head_that_breaks_off_after_its_status_still_tells_the_status(http: Session, serve: Serve) -> None:
    server = serve(HALF_A_HEAD)
    response = http.request("POST", server.url, json={})
    assert (response.status_code, response.content) == (200, b"")
    assert server.connections == 1, "nothing is repeated"


@pytest.mark.parametrize(("method", "expected"), [("GET", TransientError), ("POST", UnknownOutcome)])
def test_silence_ends_at_the_time_out(serve: Serve, method: str, expected: type[Exception]) -> None:
    server = serve(silence)
    with Session(timeout=(1.0, 0.1)) as http, pytest.raises(expected, match="no answer in time"):
        http.request(method, server.url)
    with Session() as http, pytest.raises(expected, match="no answer in time"):
        http.request(method, server.url, timeout=(1.0, 0.1))


# Surely nothing was sent.


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_sent_nothing(http: Session, method: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with pytest.raises(TransientError) as caught:
        http.request(method, f"http://127.0.0.1:{port}/x?secret=1", json={})
    assert caught.value.message == (
        f"{method} 127.0.0.1:{port}/x: 127.0.0.1:{port} cannot be reached (connection refused). Nothing was sent."
    )


@pytest.mark.skipif(sys.platform != "linux", reason="a full backlog drops connections on Linux only")
def test_a_connection_that_is_not_made_in_time_sent_nothing(http: Session) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.settimeout(0)
            one.connect_ex(full.getsockname())
        with pytest.raises(TransientError, match=r"no connection in time\). Nothing was sent"):
            http.request("POST", f"http://127.0.0.1:{full.getsockname()[1]}", timeout=(0.2, 1.0))
        for one in waiting:
            one.close()


def test_a_host_name_that_nobody_knows_sent_nothing(http: Session) -> None:
    with pytest.raises(TransientError, match=r"the host name is not known\). Nothing was sent"):
        http.request("POST", "https://no-such-host.invalid/")


def test_https_to_a_server_without_tls_sent_nothing(http: Session, serve: Serve) -> None:
    heard: list[bytes] = []

    def _listen(line: Line) -> None:
        heard.append(line.socket.recv(5))
        line.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = serve(_listen)
    with pytest.raises(TransientError, match=r"no secure connection\). Nothing was sent"):
        http.request("POST", f"https://{server.host}/", json={"a": 1})
    assert heard[0][:1] == b"\x16", "a TLS hello, no request"


def test_a_server_that_hangs_up_during_the_handshake_got_nothing(http: Session, serve: Serve) -> None:
    server = serve(lambda line: line.socket.close())
    with pytest.raises(TransientError, match="Nothing was sent"):
        http.request("POST", f"https://{server.host}/", json={"a": 1})


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that nobody trusts yet, and a server's context with it."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "test.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def test_a_certificate_that_is_not_trusted_stops_the_call(
    http: Session, serve: Serve, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    server = serve(answer(OK), tls=certificate[1])
    with pytest.raises(TransientError, match="the server's certificate is not trusted"):
        http.request("POST", server.url, json={"a": 1})


def test_over_tls_an_answer_lost_after_sending_is_unknown(
    http: Session, serve: Serve, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate[0]))
    server = serve(answer(OK), hang_up, tls=certificate[1])
    assert http.request("GET", server.url).text == "ok"
    with Session(timeout=(5.0, 5.0)) as second, pytest.raises(UnknownOutcome):
        second.request("POST", server.url, headers={"Idempotency-Key": "K-2"})


# Kept connections.


def test_a_kept_connection_is_used_again_also_after_answers_without_a_body(http: Session, serve: Serve) -> None:
    empty = b"HTTP/1.1 204 No Content\r\n\r\n"
    none = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n"
    server = serve(answer(OK, empty, none, chunked, OK))
    bodies = [http.request("GET", server.url).content for _ in range(5)]
    assert bodies == [b"ok", b"", b"", b"Wikipedia", b"ok"]
    assert http.request("HEAD", server.url).content == b""
    assert server.connections == 1


def test_a_kept_connection_that_dies_under_a_change_leaves_the_outcome_unknown(http: Session, serve: Serve) -> None:
    def _answer_once(line: Line) -> None:
        line.hear()
        line.say(OK)
        line.hear()

    server = serve(_answer_once, answer(OK))
    assert http.request("GET", server.url).text == "ok"
    with pytest.raises(UnknownOutcome):
        http.request("POST", server.url, json={})
    assert server.connections == 1, "nothing is repeated on a new connection"


def test_a_kept_connection_that_the_server_closed_long_ago_is_replaced_before_sending(
    http: Session, serve: Serve
) -> None:
    closed = threading.Event()

    def _answer_and_close(line: Line) -> None:
        line.hear()
        line.say(OK)
        line.file.close()
        line.socket.close()
        closed.set()

    server = serve(_answer_and_close, answer(OK))
    http.request("GET", server.url)
    assert closed.wait(2)
    time.sleep(0.05)
    assert http.request("POST", server.url, json={}).text == "ok"
    assert server.connections == 2


# What comes back.


@pytest.mark.parametrize("status", [200, 201, 400, 401, 404, 429, 500, 503])
def test_every_status_is_returned_with_its_body(http: Session, serve: Serve, status: int) -> None:
    body = b'{"a": 1}'
    server = serve(answer(b"HTTP/1.1 %d X\r\nX-Left: 7\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)))
    response = http.request("POST", server.url, json={})
    assert (response.status_code, response.json(), response.headers["x-left"]) == (status, {"a": 1}, "7")


def test_a_compressed_answer_is_unpacked(http: Session, serve: Serve) -> None:
    packed = gzip.compress(b"a long text " * 1000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    assert http.request("GET", serve(answer(head + packed)).url).text == "a long text " * 1000


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(("method", "expected"), [("GET", TransientError), ("POST", UnknownOutcome)])
def test_an_answer_over_the_limit_is_not_read_to_its_end(
    serve: Serve, packed: bool, method: str, expected: type[Exception]
) -> None:
    body = gzip.compress(bytes(50_000_000)) if packed else bytes(3_000_000)
    encoding = b"Content-Encoding: gzip\r\n" if packed else b""
    server = serve(answer(b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (encoding, len(body), body)))
    with Session(body_limit=1_000_000) as http, pytest.raises(expected, match="larger than 1000000 bytes"):
        http.request(method, server.url)


def test_an_answer_exactly_at_the_limit_is_read(serve: Serve) -> None:
    with Session(body_limit=2) as http:
        assert http.request("GET", serve(answer(OK)).url).text == "ok"


def test_an_answer_that_trickles_is_given_up(http: Session, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def _trickle(line: Line) -> None:
        line.hear()
        line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            line.say(b"x")
            time.sleep(0.01)

    monkeypatch.setattr(session, "_BODY_SECONDS", 0.1)
    started = time.monotonic()
    with pytest.raises(TransientError, match="comes in too slowly"):
        http.request("GET", serve(_trickle).url)
    assert time.monotonic() - started < 5


# What goes out.


def echo(line: Line) -> None:
    while heard := line.hear():
        body = heard.encode("latin-1")
        line.say(b"HTTP/1.1 200 OK\r\nSet-Cookie: seen=1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def test_query_headers_and_body_go_out_as_given(http: Session, serve: Serve) -> None:
    contract: Http = http
    url = serve(echo).url
    filtered = contract.request("GET", f"{url}/a?x=1", params={"$filter": "Code eq 'A B'", "$top": "5"}).text
    assert filtered.startswith("GET /a?x=1&$filter=Code%20eq%20'A%20B'&$top=5 HTTP/1.1\r\n")
    assert "User-Agent: incasso-connector/" in filtered
    assert contract.request("POST", url, json={"a": 1}, headers={"X-A": "b"}).text.endswith('{"a": 1}')
    assert contract.request("POST", url, data={"a": "b c"}).text.endswith("a=b+c")
    assert contract.request("PUT", url, data=b"<xml/>").text.endswith("<xml/>")
    assert "invoice.pdf" in contract.request("POST", url, files={"file": ("invoice.pdf", b"%PDF")}).text


def test_no_cookie_of_one_call_colours_the_next(http: Session, serve: Serve) -> None:
    url = serve(echo).url
    http.request("GET", url)
    assert "Cookie" not in http.request("GET", url).text


def test_proxies_and_passwords_of_the_environment_are_not_used(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Session() as http:
        assert "Authorization" not in http.request("GET", serve(echo).url).text


# Redirects.


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_get_follows_a_redirect_on_the_same_host(http: Session, serve: Serve, status: int) -> None:
    server = serve(answer(redirect("/there?x=1", status), OK))
    assert http.request("GET", f"{server.url}/here").text == "ok"


def test_three_redirects_are_followed_and_the_fourth_is_returned(http: Session, serve: Serve) -> None:
    three = serve(answer(redirect("/1"), redirect("/2"), redirect("/3"), OK))
    assert http.request("GET", three.url).text == "ok"
    endless = serve(answer(redirect("/again")))
    assert http.request("GET", endless.url).status_code == 302
    assert http.calls.total == 8


def test_a_redirect_to_another_host_port_or_scheme_is_returned_and_not_followed(http: Session, serve: Serve) -> None:
    other = serve(answer(OK))
    for location in (f"{other.url}/steal", "https://127.0.0.1/", "//evil.example/", "file:///etc/passwd"):
        server = serve(answer(redirect(location)))
        assert http.request("GET", server.url, headers={"Authorization": "Bearer x"}).status_code == 302
    assert other.connections == 0


def test_a_redirect_of_a_change_is_returned(http: Session, serve: Serve) -> None:
    server = serve(answer(redirect("/there", 307), OK))
    assert http.request("POST", server.url, json={}).status_code == 307


# Addresses.


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://start.exactonline.nl/api", "it is not https"),
        ("ftp://127.0.0.1/x", "it is not https"),
        ("/api/v1", "it is not https"),
        ("https:///path", "it is not https"),
        ("https://me:hunter2@start.exactonline.nl/", "user name or password"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused_before_anything_is_sent(
    http: Session, url: str, why: str
) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        http.request("GET", url)
    assert "hunter2" not in str(caught.value)
    assert http.calls.total == 0


def test_only_the_connections_own_hosts_are_called(serve: Serve) -> None:
    server, other = serve(answer(OK)), serve(answer(OK))
    with Session(hosts=[server.host]) as http:
        assert http.request("GET", server.url).text == "ok"
        for url in (other.url, "https://evil.example/"):
            with pytest.raises(ConfigError, match=f"may not call that host. Allowed: {server.host}"):
                http.request("GET", url)
    with Session(hosts=["127.0.0.1"]) as http:
        assert http.request("GET", other.url).text == "ok"


@pytest.mark.parametrize("value", ["two\nlines-hunter2", "hunter2 \N{SNOWMAN}"])
def test_a_header_that_cannot_be_sent_is_told_without_its_value(http: Session, serve: Serve, value: str) -> None:
    with pytest.raises(ConfigError, match="the request cannot be made") as caught:
        http.request("POST", serve(answer(OK)).url, headers={"Authorization": value})
    assert "hunter2" not in caught.value.message + caught.value.detail


# Log and counts.


def test_every_call_is_logged_without_the_values_of_its_query(
    http: Session, serve: Serve, log_lines: io.StringIO
) -> None:
    server = serve(answer(OK), hang_up)
    http.request("GET", f"{server.url}/api/v1/123/items?$filter=Name eq 'Jansen'&$top=5")
    with pytest.raises(TransientError):
        http.request("GET", server.url.replace("127.0.0.1", "localhost"))
    first, second = [
        line for line in map(json.loads, log_lines.getvalue().splitlines()) if line["event"] == "http call"
    ]
    assert first["path"] == "/api/v1/123/items?$filter=***&$top=***"
    assert (first["method"], first["host"], first["outcome"], first["bytes"]) == ("GET", server.host, 200, 2)
    assert second["outcome"] == "connection closed without an answer"
    assert "Jansen" not in log_lines.getvalue()


def test_calls_are_counted_by_kind(http: Session, serve: Serve) -> None:
    server = serve(answer(OK, OK, b"HTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n", OK))
    for path in ("/api/v1/1234/crm/Accounts(guid'1-2')", "/api/v1/99/crm/Accounts(guid'3-4')", "/api/v1/99/crm/X"):
        http.request("GET", server.url + path)
    http.request("POST", f"{server.url}/api/v1/99/crm/X", json={})
    rows = http.calls.rows()
    assert [(row.method, row.path, row.calls, row.failed, row.received) for row in rows] == [
        ("GET", "/api/v1/{}/crm/Accounts({})", 2, 0, 4),
        ("GET", "/api/v1/{}/crm/X", 1, 1, 0),
        ("POST", "/api/v1/{}/crm/X", 1, 0, 2),
    ]
    assert {row.host for row in rows} == {server.host}
    assert isinstance(rows[0], CallCount)


def test_calls_of_several_threads_are_all_counted(http: Session, serve: Serve) -> None:
    server = serve(answer(OK))
    texts: list[str] = []

    def work() -> None:
        texts.extend(http.request("GET", f"{server.url}/x").text for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["ok"] * 40
    assert http.calls.total == 40
    assert server.connections <= 4


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/api/v1/current/Me", "/api/v1/current/Me"),
        ("/api/v2.1/x", "/api/v2.1/x"),
        ("/cases/0b6d2a0e-1111-4222-8333-444455556666/documents", "/cases/{}/documents"),
        ("/cases/NL-2026-000123", "/cases/{}"),
        ("/cases/acme_20260012", "/cases/{}"),
        ("/read/financial/ReceivablesList", "/read/financial/ReceivablesList"),
    ],
)
def test_paths_of_one_kind_share_a_template(path: str, expected: str) -> None:
    from connector.http.calls import template

    assert template(path) == expected


@given(st.text(max_size=60))
def test_a_template_of_a_template_is_itself(path: str) -> None:
    from connector.http.calls import template

    assert template(template(path)) == template(path)


def test_importing_the_session_costs_no_requests() -> None:
    program = "import sys, connector.http\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded: set[Any] = set(done.stdout.split())
    assert "connector.http.session" in loaded
    assert loaded.isdisjoint({"requests", "urllib3", "structlog"})
