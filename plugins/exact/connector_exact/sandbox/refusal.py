"""An answer that refuses, raised wherever the reason is found and rendered in one place."""

from collections.abc import Mapping


class Refusal(Exception):
    """A refused call: `status`, the text of the error answer, and headers such as `Reason`.

    `bare` answers with an empty body (429, reference 3.3). `counts` tells that the call uses up the error
    budget of the key (400, 401, 403 and 404, reference 3.1).
    """

    def __init__(
        self, status: int, text: str = "", *, headers: Mapping[str, str] | None = None, bare: bool = False
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})
        self.bare = bare

    @property
    def counts(self) -> bool:
        return self.status in (400, 401, 403, 404)


def bad_request(text: str) -> Refusal:
    """A 400 with `text` as its message."""
    return Refusal(400, text)
