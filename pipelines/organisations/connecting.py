"""Connecting organisations: sign-in, the organisations that it allows, and storing the chosen ones.

What belongs here: the steps of connecting and of removing. What does not: the command line, and single calls
(`pipelines.xero`).
Read more in docs/connecting.md.
"""

import re
import shutil
import unicodedata
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from pipelines.credentials import BROWSER, CUSTOM, App, TokenSet
from pipelines.errors import PlannerError, SignInError, UsageError
from pipelines.organisation_key import OrganisationError, check_key
from pipelines.organisations.open_organisation import DEMO, OpenOrganisation, secrets_of
from pipelines.settings import Settings, is_loopback
from pipelines.storage.run_locks import LOCK_FILE
from pipelines.store.connected_organisations import (
    ConnectedOrganisation,
    XeroTenant,
    add_organisations,
    disconnect_organisation,
    forget_organisation,
    known_keys,
)
from pipelines.store.engine import open_store
from pipelines.store.secrets import Secrets, next_secrets, take_next_key
from pipelines.store.sign_ins import SignIn, encrypt_again
from pipelines.xero.client import XeroClient, XeroConnection
from pipelines.xero.oauth.authorization import SignInRequest, code_in, new_sign_in
from pipelines.xero.oauth.callback import open_callback
from pipelines.xero.oauth.scopes import missing_scopes
from pipelines.xero.oauth.tokens import custom_connection_tokens, exchanged_tokens
from pipelines.xero.organisation_record import read_organisation
from pipelines.xero.xero_errors import MissingScopeError

LONGEST_KEY: Final = 40


@dataclass(frozen=True)
class AllowedOrganisations:
    """The organisations that a sign-in allows, and its tokens."""

    sign_in: SignIn
    tokens: TokenSet
    organisations: tuple[XeroConnection, ...]


def sign_in_custom(settings: Settings, *, app: App | None = None) -> AllowedOrganisations:
    """The one organisation that the credentials of a custom connection allow: of `app`, else of the environment.

    Raises:
        UsageError: the environment gives no client id and secret.
        SignInError: Xero refuses the credentials, or they allow no organisation or lack a scope.
        XeroUnreachableError: Xero gave no answer.
    """
    app = app or app_of(settings)
    if app.client_secret is None:
        raise UsageError("A custom connection needs XERO_CLIENT_SECRET too; set it, then connect again.")
    return _allowed(settings, SignIn(str(uuid.uuid4()), CUSTOM, app), custom_connection_tokens(app))


def sign_in_by_browser(
    settings: Settings, *, open_page: Callable[[str], None], patience_seconds: float
) -> AllowedOrganisations:
    """The organisations that a person allows on Xero's own page, whose address `open_page` receives.

    Raises:
        UsageError: the environment gives no client id, or another program uses the callback's port.
        SignInError: access was not allowed in time, allows no organisation, or lacks a scope.
        XeroUnreachableError: Xero gave no answer.
    """
    app = app_of(settings)
    request = new_sign_in(settings.xero_login_url, app.client_id)
    with open_callback(request.state) as callback:
        open_page(request.address)
        answer = callback.wait(patience_seconds)
    return allowed_by(settings, app, request, answer)


def allowed_by(settings: Settings, app: App, request: SignInRequest, answer: Mapping[str, str]) -> AllowedOrganisations:
    """The organisations that the browser's answer to a sign-in allows.

    Raises:
        SignInError: access was not allowed, allows no organisation, or lacks a scope.
        XeroUnreachableError: Xero gave no answer.
    """
    code = code_in(answer, request)
    tokens = exchanged_tokens(app, code=code, verifier=request.verifier, redirect_uri=request.redirect_uri)
    return _allowed(settings, SignIn(str(uuid.uuid4()), BROWSER, app), tokens)


def chosen_among(allowed: Sequence[XeroConnection], names: Collection[str]) -> list[XeroConnection]:
    """The organisations that a person named, by name or by Xero's id.

    Raises:
        UsageError: a name matches no organisation, or several.
    """
    chosen = []
    for name in names:
        found = [
            connection
            for connection in allowed
            if name.casefold() in {connection.tenant_id.casefold(), connection.name.casefold()}
        ]
        if len(found) != 1:
            known = "; ".join(f"{connection.name} ({connection.tenant_id})" for connection in allowed)
            trouble = "names several organisations, so use the id" if found else "is not an allowed organisation"
            raise UsageError(f"{name!r} {trouble}: {known}.")
        chosen += found
    return list(dict.fromkeys(chosen))


def connect(
    settings: Settings, allowed: AllowedOrganisations, chosen: Sequence[XeroConnection], *, key: str | None = None
) -> list[ConnectedOrganisation]:
    """Store the chosen organisations, all of them or none, under the given key or a key made from the name.

    Raises:
        OrganisationError: a key cannot be used, or an organisation has another key already.
        SignInError: Xero refuses the sign-in after all.
        XeroUnreachableError: Xero gave no answer.
    """
    if key is not None and len(chosen) > 1:
        raise UsageError("One key is for one organisation: choose one with --tenant, or leave out --organisation.")
    with closing(open_store(settings.database_url)) as store:
        keys = known_keys(store)
        found = []
        for connection in chosen:
            own_key = _checked(settings, key or _usual_key(settings, allowed, connection, keys))
            organisation = _read(settings, allowed, connection, key=own_key)
            keys[XeroTenant(connection.tenant_id, settings.xero_api_url)] = organisation.key
            found.append(organisation)
        secrets = secrets_of(settings)
        add_organisations(store, found, sign_in=allowed.sign_in, tokens=allowed.tokens, secrets=secrets)
    return found


def disconnect(organisation: OpenOrganisation) -> str | None:
    """Delete an organisation's credentials here and its connection at Xero; the error at Xero, if any.

    What was decided for it, its orders and its data stay.
    """
    trouble = None
    try:
        if organisation.grant == BROWSER:
            client = organisation.client()
            for connection in client.connections():
                if connection.tenant_id == organisation.record.tenant_id:
                    client.disconnect(connection.connection_id)
    except PlannerError as refused:
        trouble = str(refused)
    disconnect_organisation(organisation.store, organisation.key)
    return trouble


def erase(organisation: OpenOrganisation) -> None:
    """Delete everything of an organisation: its orders, its settings, and its folder except for the lock."""
    forget_organisation(organisation.store, organisation.key)
    for path in organisation.folder.iterdir():
        if path.name != LOCK_FILE:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def rotate_key(settings: Settings) -> int:
    """Encrypt all credentials and tokens with a new key, all of them or none; the number of sign-ins.

    The new key is the environment's, if it gives one; otherwise a new key replaces the key file.

    Raises:
        UsageError: the environment gives the present key, but no new key.
        SecretKeyError: a key cannot be used, or a value was encrypted with neither key.
    """
    old, given = secrets_of(settings), settings.new_secret_key
    if given is None and settings.secret_key is not None:
        raise UsageError("STOCKTRIM_SECRET_KEY gives the present key: set STOCKTRIM_NEW_SECRET_KEY to the new key.")
    if given is not None:
        new = Secrets(given, source="STOCKTRIM_NEW_SECRET_KEY")
    else:
        new = next_secrets(settings.secret_key_file)
        old = secrets_of(settings)
    with closing(open_store(settings.database_url)) as store:
        count = encrypt_again(store, old=old, new=new)
    if given is None:
        take_next_key(settings.secret_key_file)
    return count


def key_from(name: str, *, taken: Collection[str]) -> str:
    """A key that resembles an organisation's name and is not taken.

    >>> key_from("Café Harbour & Sons Ltd.", taken=[])
    'cafe-harbour-sons-ltd'
    >>> key_from("Demo", taken=["demo", "demo-2"])
    'demo-3'
    """
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_KEY].rstrip("-") or "organisation"
    number, key = 1, stem
    while key in taken:
        number += 1
        key = f"{stem[: LONGEST_KEY - len(str(number)) - 1]}-{number}"
    return key


class _UnstoredTokens:
    """The tokens of a new sign-in, before its organisations are stored."""

    def __init__(self, tokens: TokenSet) -> None:
        self._tokens = tokens

    def current(self) -> str:
        return self._tokens.access_token.reveal()

    renewed = current

    def lost(self) -> None:
        """Do nothing: no organisation is stored yet."""


def app_of(settings: Settings) -> App:
    """The app of the environment.

    Raises:
        UsageError: it names none.
    """
    if not settings.xero_client_id:
        raise UsageError("Set XERO_CLIENT_ID to your Xero app's client id, then connect again (docs/connecting.md).")
    return App(settings.xero_identity_url, settings.xero_client_id, settings.xero_client_secret)


def _allowed(settings: Settings, sign_in: SignIn, tokens: TokenSet) -> AllowedOrganisations:
    missing = missing_scopes(tokens.scopes)
    if tokens.scopes and missing:
        raise MissingScopeError(missing)
    if sign_in.grant == BROWSER and tokens.refresh_token is None:
        raise MissingScopeError(["offline_access"])
    client = XeroClient(api_url=settings.xero_api_url, tenant_id="", tokens=_UnstoredTokens(tokens))
    organisations = tuple(
        connection for connection in client.connections() if connection.tenant_type in {"ORGANISATION", ""}
    )
    if not organisations:
        raise SignInError("This sign-in allows no organisation: choose one on Xero's page, then connect again.")
    return AllowedOrganisations(sign_in, tokens, organisations)


def _usual_key(
    settings: Settings, allowed: AllowedOrganisations, connection: XeroConnection, known: Mapping[XeroTenant, str]
) -> str:
    """The key that an organisation has already; else the demo's for a sandbox, or one made from its name."""
    own_key = known.get(XeroTenant(connection.tenant_id, settings.xero_api_url))
    taken = set(known.values())
    if own_key is None and allowed.sign_in.grant == CUSTOM and _is_sandbox(settings) and DEMO not in taken:
        return DEMO
    return own_key or key_from(connection.name, taken={DEMO, *taken})


def _checked(settings: Settings, key: str) -> str:
    if key == DEMO and not _is_sandbox(settings):
        raise OrganisationError(
            f"The key {DEMO!r} belongs to the demo, which `stocktrim demo` replaces; "
            f"choose another key with --organisation."
        )
    return check_key(key)


def _is_sandbox(settings: Settings) -> bool:
    return is_loopback(urlsplit(settings.xero_api_url).hostname or "")


def _read(
    settings: Settings, allowed: AllowedOrganisations, connection: XeroConnection, *, key: str
) -> ConnectedOrganisation:
    tokens = _UnstoredTokens(allowed.tokens)
    client = XeroClient(api_url=settings.xero_api_url, tenant_id=connection.tenant_id, tokens=tokens)
    found = read_organisation(client.organisation())
    return ConnectedOrganisation(
        key=key,
        tenant_id=connection.tenant_id,
        name=found.name or connection.name or key,
        base_currency=found.base_currency or "",
        time_zone=found.timezone or "",
        is_demo_company=bool(found.is_demo_company),
        api_url=settings.xero_api_url,
        connected_at=datetime.now(UTC),
        sign_in_id=allowed.sign_in.sign_in_id,
    )
