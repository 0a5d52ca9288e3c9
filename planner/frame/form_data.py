"""What a form sends, as texts by name; nothing larger than a form of the desk can be.

What belongs here: reading a form. What does not: what its values mean.
"""

from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST_BYTES: Final = 1 << 20
MOST_FIELDS: Final = 10_000


async def form_of(request: Request) -> dict[str, list[str]]:
    """The values of each field of an urlencoded form.

    Raises:
        HTTPException: it is larger than a form of ours, or no form.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    found: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS):
            found.setdefault(name, []).append(value)
    except ValueError:
        raise HTTPException(400) from None
    return found
