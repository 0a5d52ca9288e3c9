"""The files that pages load: found by name, and kept by browsers for as long as the name has the same content.

What belongs here: addresses of our own files. What does not: pages.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from planner.security.response_headers import KEPT_FOR_EVER

FOLDER: Final = Path(__file__).parents[1] / "static"


class KeptFiles(StaticFiles):
    """Files whose address has their fingerprint, so that a browser need not ask for them again."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file; kept for ever only if it was asked for by its present fingerprint."""
        response = await super().get_response(path, scope)
        is_present = (
            bool(scope["query_string"]) and scope["query_string"].decode("latin-1") == f"v={_fingerprint(path)}"
        )
        if response.status_code == 200 and is_present:  # noqa: PLR2004, it was found
            response.headers["Cache-Control"] = KEPT_FOR_EVER
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response


def static_url(path: str) -> str:
    """The address of a file of ours."""
    return f"/static/{path}?v={_fingerprint(path)}"


@cache
def _fingerprint(path: str) -> str:
    file = FOLDER / path
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else ""
