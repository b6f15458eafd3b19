"""A listener on this machine for the one answer of a log-in: the browser is sent here with it in the query."""

import html
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic
from urllib.parse import parse_qsl, urlsplit

from connector.errors import AuthError, ConfigError

_PATH = "/callback"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Incasso Connector</title>
<body><p>{said}</p></body></html>"""
_RECEIVED = "The answer has arrived. You may close this window and go back to the terminal."


class Listener:
    """Listens on 127.0.0.1 from the moment it is made. Use it in a `with`."""

    def __init__(self, port: int) -> None:
        self._answers: list[dict[str, str]] = []
        try:
            self._server = HTTPServer(("127.0.0.1", port), _handler(self._answers))
        except OSError as error:
            raise ConfigError(
                f"nothing can listen on port {port} ({error.strerror}).", mend="Choose another with --port."
            ) from error

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._server.server_close()

    @property
    def redirect_uri(self) -> str:
        """The address to which the browser is sent."""
        return f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def wait(self, seconds: float) -> Mapping[str, str]:
        """The query of the answer. Raises AuthError when none came in time."""
        until = monotonic() + seconds
        while not self._answers:
            self._server.timeout = until - monotonic()
            if self._server.timeout <= 0:
                raise AuthError(f"no answer came within {seconds:.0f} seconds. Start the log-in again.")
            self._server.handle_request()
        return self._answers[0]


def read_address(text: str) -> Mapping[str, str]:
    """The query of an address that a person copied out of the browser. Raises AuthError when it has none."""
    query = dict(parse_qsl(urlsplit(text.strip()).query, keep_blank_values=True))
    if not query:
        raise AuthError("this is not the address the browser ended on: it has no ?code=… in it.")
    return query


def _handler(answers: list[dict[str, str]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # A browser that opens a second connection and says nothing must not keep the answer waiting.
        timeout = 5

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            if parts.path != _PATH or not query:
                self.send_error(404)
                return
            answers.append(query)
            page = _PAGE.format(said=html.escape(_RECEIVED)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is inherited
            """Say nothing: the line would hold the code."""

    return Handler
