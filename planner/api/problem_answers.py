"""The problems that every operation of the API may answer, in its document: sentences as RFC 9457 has them.

What belongs here: which statuses, and what they mean. What does not: the sentences (`pipelines`, `planner/frame`).
"""

from typing import Any, Final

OF_ALL: Final = {
    "401": "No token, or one that opens nothing.",
    "403": "The token's role may not do this.",
    "404": "There is no such organisation, product, order or the like.",
    "422": "This cannot be used; the sentence names what.",
    "429": "Too many wrong tokens: wait as Retry-After says.",
    "503": "Not now: the desk is busy, or what it needs does not answer. Nothing was done; come again later.",
}
OF_READS: Final = {"400": "The cursor is none of this list."}
OF_WRITES: Final = {
    "400": "A header cannot be read, such as If-Match or Idempotency-Key.",
    "409": "Somebody else was first, or the same request is at work, or it is Xero's to change.",
    "412": "It is no longer at the version of If-Match.",
    "413": "That is too large.",
    "428": "Say which version was seen.",
}
_PROBLEM: Final = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
    },
}
_READ: Final = "get"


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document whose operations name their problems, in place of FastAPI's own form of 422."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _PROBLEM
    for methods in document["paths"].values():
        for method, operation in methods.items():
            is_read = method == _READ
            problems = OF_ALL | (OF_READS if is_read else OF_WRITES)
            operation["responses"] |= {status: _answer(problems[status]) for status in sorted(problems)}
            if is_read:
                operation["responses"]["304"] = {"description": "Nothing new since the ETag in If-None-Match."}
    return document


def _answer(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}
