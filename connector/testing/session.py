"""A session as the contract of `connector.api.Http` asks, for tests."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connector.errors import TransientError, UnknownOutcome

if TYPE_CHECKING:
    from requests import Response


class PlainSession:
    """Sends with requests; tells surely-not-processed from perhaps-processed."""

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        files: Any = None,
        timeout: tuple[float, float] | None = None,
    ) -> "Response":
        import requests

        try:
            return requests.request(
                method,
                url,
                params=params,
                headers=headers,
                json=json,
                data=data,
                files=files,
                timeout=timeout or (5.0, 30.0),
                allow_redirects=False,
            )
        except requests.ConnectTimeout as error:
            raise TransientError("the server could not be reached", detail=str(error)) from error
        except requests.RequestException as error:
            if method.upper() == "GET" or "Connection refused" in str(error):
                raise TransientError("the server gave no answer", detail=str(error)) from error
            raise UnknownOutcome("the answer was lost", key="", detail=str(error)) from error
