"""What a form or a JSON object sends, as texts by name; nothing larger than a form of the desk can be.

What belongs here: reading a form. What does not: what its values mean.
"""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
MOST_BYTES: Final = 1 << 20
MOST_FIELDS: Final = 10_000


async def fields_of(request: Request) -> dict[str, list[str]]:
    """The fields of a request: of a form, or of a JSON object, whose numbers are texts here and whose nulls are none.

    Raises:
        HTTPException: it is too large, or neither.
    """
    if not request.headers.get("Content-Type", "").startswith(JSON):
        return await form_of(request)
    try:
        found = json.loads(await body_of(request) or b"{}", parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise HTTPException(400, "This is no JSON.") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "Send a JSON object: names and values.")
    return {name: _texts(value) for name, value in found.items()}


async def form_of(request: Request) -> dict[str, list[str]]:
    """The values of each field of an urlencoded form.

    Raises:
        HTTPException: it is larger than a form of ours, or no form.
    """
    body = await body_of(request)
    found: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS):
            found.setdefault(name, []).append(value)
    except ValueError:
        raise HTTPException(400) from None
    return found


async def body_of(request: Request, *, most: int = MOST_BYTES, sentence: str | None = None) -> bytes:
    """The body of a request.

    Raises:
        HTTPException: 413, with a sentence if there is one: it has more bytes than `most`.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise HTTPException(413, sentence)
    return bytes(body)


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    if value is None or isinstance(value, dict):
        return []
    return [value if isinstance(value, str) else str(value).lower()]
