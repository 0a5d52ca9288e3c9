"""Sign-in in the browser: the address to open, and the answer that comes back (authorization code with PKCE).

What belongs here: making the request and judging the answer. What does not: receiving it (`callback.py`), and
exchanging the code for tokens (`tokens.py`).
Read more in docs/connecting.md; RFC 6749 section 4.1, RFC 7636.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from pipelines.errors import SignInError
from pipelines.secret import Secret
from pipelines.xero.oauth.scopes import NEEDED, TO_STAY_SIGNED_IN

CALLBACK_PORT: Final = 8912
CALLBACK_PATH: Final = "/callback"
REDIRECT_URI: Final = f"http://localhost:{CALLBACK_PORT}{CALLBACK_PATH}"  # exactly as in the app's configuration


@dataclass(frozen=True)
class SignInRequest:
    """A sign-in in progress: the address for the browser, and the secrets that prove that an answer belongs to it.

    `redirect_uri` is where the browser comes back to; the app's configuration must name it.
    """

    address: str
    state: str
    verifier: Secret
    redirect_uri: str


def new_sign_in(login_url: str, client_id: str, *, redirect_uri: str = REDIRECT_URI) -> SignInRequest:
    """A new request, with a state and a verifier of its own."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    query = urlencode({
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join((TO_STAY_SIGNED_IN, *NEEDED)),
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    })  # fmt: skip
    return SignInRequest(f"{login_url}/identity/connect/authorize?{query}", state, Secret(verifier), redirect_uri)


def code_in(answer: Mapping[str, str], request: SignInRequest) -> Secret:
    """The code in the answer from the browser.

    Raises:
        SignInError: the answer belongs to another sign-in, or access was not allowed.
    """
    if not hmac.compare_digest(answer.get("state", "").encode(), request.state.encode()):
        raise SignInError(
            "The answer belongs to another sign-in, so nothing was connected; run `stocktrim connect` again and "
            "use the page that it opens."
        )
    error = re.sub(r"[^a-z_]", "", answer.get("error", ""))[:40]
    if error == "access_denied":
        raise SignInError("Access was not allowed in the browser, so nothing was connected.")
    if error or not answer.get("code"):
        raise SignInError(
            f"Xero refused the sign-in ({error or 'no code'}), so nothing was connected; check the scopes and the "
            f"redirect address {request.redirect_uri} of your app (docs/connecting.md)."
        )
    return Secret(answer["code"])


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier; the example is RFC 7636's.

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
