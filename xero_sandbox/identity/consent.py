"""The page on which a person allows access: Xero's login and consent in one.

What belongs here: checking the request of an app, the page, and the way back with a code.
What does not: what a code is worth (`authorization_server.py`).
Read more in docs/sandbox.md.
"""

import html
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import parse_qs, urlencode

from xero_sandbox.core.answers import TEXT, Answer, Call, Refusal
from xero_sandbox.identity.authorization_server import SCOPES, Identity

PATH: Final = "/identity/connect/authorize"
_CARRIED: Final = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


def consent_answer(call: Call, identity: Identity, *, redirect_uris: Collection[str]) -> Answer:
    """The page to GET, and to POST the way back to the app."""
    form = parse_qs(call.body.decode("utf-8", "replace")) if call.method == "POST" else {}
    request = {name: form.get(name, [call.query.get(name, "")])[0] for name in _CARRIED}
    _check_app(request, identity, redirect_uris)
    error = _error(request)
    if error is not None:
        return _back(request, error=error)
    if call.method != "POST":
        return Answer(200, _page(request, identity).encode(), TEXT)
    chosen = [key for key in form.get("organisation", []) if key in identity.organisations]
    if not chosen or "allow" not in form:
        return _back(request, error="access_denied")
    scopes = request["scope"].split()
    code = identity.allow(
        scopes=scopes, tenant_ids=chosen, redirect_uri=request["redirect_uri"], challenge=request["code_challenge"]
    )
    return _back(request, code=code)


def _check_app(request: Mapping[str, str], identity: Identity, redirect_uris: Collection[str]) -> None:
    """An unknown app or another address gets no way back at all."""
    if request["client_id"] != identity.client_id:
        raise _error_page("unauthorized_client: Unknown client or client not enabled")
    if request["redirect_uri"] not in redirect_uris:
        raise _error_page("invalid_request: Invalid redirect_uri")


def _error(request: Mapping[str, str]) -> str | None:
    if request["response_type"] != "code":
        return "unsupported_response_type"
    if not request["scope"].split() or not set(request["scope"].split()) <= SCOPES:
        return "invalid_scope"
    if request["code_challenge"] and request["code_challenge_method"] != "S256":
        return "invalid_request"
    return None


def _back(request: Mapping[str, str], **more: str) -> Answer:
    query = urlencode({**more, "scope": request["scope"], "state": request["state"]})
    return Answer(302, b"", TEXT, {"Location": f"{request['redirect_uri']}?{query}"})


def _error_page(message: str) -> Refusal:
    return Refusal(Answer(400, f"<h1>Error</h1><p>{html.escape(message)}</p>".encode(), TEXT))


def _page(request: Mapping[str, str], identity: Identity) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value, quote=True)}">'
        for name, value in request.items()
    )
    boxes = "".join(
        f'<p><label><input type="checkbox" name="organisation" value="{key}"> {html.escape(organisation.name)}'
        f"{' (demo company)' if organisation.is_demo_company else ''}</label></p>"
        for key, organisation in identity.organisations.items()
    )
    scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in request["scope"].split())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Allow access</title>'
        "<main><h1>Allow access to the sandbox</h1>"
        f"<p>The app asks for:</p><ul>{scopes}</ul>"
        f'<form method="post" action="{PATH}">{hidden}'
        f"<fieldset><legend>Organisations</legend>{boxes}</fieldset>"
        '<button name="allow" value="yes">Allow access</button> <button name="deny" value="yes">Cancel</button>'
        "</form></main></html>"
    )
