"""A small OpenID provider that answers over HTTP, signs real tokens, checks PKCE, and can be made to lie."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "desk", "canary-client-secret"
KEY = RSAKey.generate_key(2048, parameters={"kid": "k-1"})
OTHER_KEY = RSAKey.generate_key(2048, parameters={"kid": "k-1"})


def signed(claims: dict[str, Any]) -> str:
    """A token as the provider signs it."""
    return jwt.encode({"alg": "RS256", "kid": "k-1"}, claims, KEY)


class Provider:
    """What it knows of sign-ins that were begun, and how it changes the claims that it signs."""

    def __init__(self) -> None:
        self.issuer = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {"sub": "u-1", "email": "Anna@Example.com", "email_verified": True}
        self.sign: Callable[[dict[str, Any]], str] = signed
        self.asked: list[dict[str, str]] = []

    def sign_in(self, address: str) -> tuple[str, str]:
        """What a person does at the provider's page; the code and the state that the browser is sent back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return code, asked["state"]

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        """The answer to a code; nothing but an error for a wrong secret, code or verifier."""
        self.asked.append(form)
        begun = self.codes.pop(form.get("code", ""), None)
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        is_right = given == f"{CLIENT_ID}:{CLIENT_SECRET}" and begun and begun["code_challenge"] == challenge.decode()
        if begun is None or not is_right or begun["redirect_uri"] != form["redirect_uri"]:
            return {"error": "invalid_grant"}
        at = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT_ID, "iat": at, "exp": at + 300, "nonce": begun["nonce"]}
        claims = {name: value for name, value in (usual | self.claims).items() if value is not None}
        return {"access_token": "a-1", "token_type": "Bearer", "id_token": self.sign(claims)}


@contextmanager
def served_provider() -> Iterator[Provider]:
    """A provider that answers on a port of this machine."""
    provider = Provider()

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            described = {name: provider.issuer + path for name, path in names.items()}
            keys = {"keys": [KEY.as_dict(private=False)]}
            self.answer(keys if self.path == "/keys" else described | {"issuer": provider.issuer})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            found = provider.token(form, self.headers["Authorization"] or "")
            self.answer(found, 400 if "error" in found else 200)

        def answer(self, found: dict[str, Any], status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, the name that http.server gives it
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield provider
        server.shutdown()
