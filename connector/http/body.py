"""Reading an answer's body, so that neither its size nor its slowness is without end."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests import Response

_CHUNK = 64 * 1024


class BodyError(Exception):
    """An answer that is too large or too slow. Its text says which."""


def read_body(response: "Response", *, limit: int, seconds: float) -> bytes:
    """The whole body, decompressed: at most `limit` bytes, read within `seconds`. The connection is free after it.

    Raises BodyError, or what requests and urllib3 raise for a broken connection.
    """
    deadline = time.monotonic() + seconds
    # Parts that are joined once: an array that grows is copied again and again, and is twice in memory at its end.
    parts: list[bytes] = []
    size = 0
    raw = response.raw
    try:
        # read1 returns what has come in: read would wait for a full chunk, however slowly it comes.
        while chunk := raw.read1(_CHUNK, decode_content=True):
            parts.append(chunk)
            size += len(chunk)
            _check(size, limit, deadline)
    except BaseException:
        # The rest of the answer is still on the way: this connection is of no further use.
        raw.close()
        raise
    raw.release_conn()
    return b"".join(parts)


def _check(size: int, limit: int, deadline: float) -> None:
    if size > limit:
        raise BodyError(f"the answer is larger than {limit} bytes")
    if time.monotonic() > deadline:
        raise BodyError("the answer comes in too slowly")
