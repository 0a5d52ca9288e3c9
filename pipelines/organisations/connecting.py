"""Connect organisations: let a person sign in, learn what that allows, keep what was chosen.

What belongs here: the steps of connecting and of removing. What does not: the command line, and calls one by one
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
from pipelines.store.sign_ins import SignIn, encrypt_anew
from pipelines.xero.client import XeroClient, XeroConnection
from pipelines.xero.oauth.authorization import REDIRECT_URI, code_in, new_sign_in
from pipelines.xero.oauth.callback import open_callback
from pipelines.xero.oauth.scopes import missing_scopes
from pipelines.xero.oauth.tokens import custom_connection_tokens, exchanged_tokens
from pipelines.xero.organisation_record import read_organisation
from pipelines.xero.xero_errors import MissingScopeError

LONGEST_KEY: Final = 40


@dataclass(frozen=True)
class Allowed:
    """What a sign-in brought: the tokens, and the organisations that they let us into."""

    sign_in: SignIn
    tokens: TokenSet
    organisations: tuple[XeroConnection, ...]


def sign_in_custom(settings: Settings) -> Allowed:
    """Sign in by a custom connection's credentials, which allow one organisation.

    Raises:
        UsageError: the environment gives no client id and secret.
        SignInError: Xero does not accept them, or they allow no organisation or too little.
        XeroUnreachableError: Xero gave no answer.
    """
    app = _app(settings)
    if app.client_secret is None:
        raise UsageError("A custom connection needs XERO_CLIENT_SECRET too; set it, then connect again.")
    return _allowed(settings, SignIn(str(uuid.uuid4()), CUSTOM, app), custom_connection_tokens(app))


def sign_in_by_browser(settings: Settings, *, open_page: Callable[[str], None], patience_seconds: float) -> Allowed:
    """Sign in on Xero's own page; `open_page` is given its address.

    Raises:
        UsageError: the environment gives no client id, or the address to come back to is taken.
        SignInError: access was not allowed, or not in time, or allows no organisation or too little.
        XeroUnreachableError: Xero gave no answer.
    """
    app = _app(settings)
    request = new_sign_in(settings.xero_login_url, app.client_id)
    with open_callback(request.state) as callback:
        open_page(request.address)
        code = code_in(callback.wait(patience_seconds), request)
    tokens = exchanged_tokens(app, code=code, verifier=request.verifier, redirect_uri=REDIRECT_URI)
    return _allowed(settings, SignIn(str(uuid.uuid4()), BROWSER, app), tokens)


def chosen_among(allowed: Sequence[XeroConnection], names: Collection[str]) -> list[XeroConnection]:
    """The organisations that a person named, by name or by Xero's id.

    Raises:
        UsageError: a name is none of them, or of several.
    """
    chosen = []
    for name in names:
        found = [one for one in allowed if name.casefold() in {one.tenant_id.casefold(), one.name.casefold()}]
        if len(found) != 1:
            known = "; ".join(f"{one.name} ({one.tenant_id})" for one in allowed)
            trouble = "names several organisations, so use the id" if found else "is no organisation that was allowed"
            raise UsageError(f"{name!r} {trouble}: {known}.")
        chosen += found
    return list(dict.fromkeys(chosen))


def connect(
    settings: Settings, allowed: Allowed, chosen: Sequence[XeroConnection], *, key: str | None = None
) -> list[ConnectedOrganisation]:
    """Keep the chosen organisations, all of them or none, under the given key or one made from the name.

    Raises:
        OrganisationError: a key cannot be used, or an organisation has another one already.
        SignInError: Xero does not let us in after all.
        XeroUnreachableError: Xero gave no answer.
    """
    if key is not None and len(chosen) > 1:
        raise UsageError("One key is for one organisation: choose one with --tenant, or leave out --organisation.")
    with closing(open_store(settings.database_url)) as store:
        keys = known_keys(store)
        found = []
        for one in chosen:
            its_key = _checked(settings, key or _usual_key(settings, allowed, one, keys))
            organisation = _read(settings, allowed, one, key=its_key)
            keys[XeroTenant(one.tenant_id, settings.xero_api_url)] = organisation.key
            found.append(organisation)
        secrets = secrets_of(settings)
        add_organisations(store, found, sign_in=allowed.sign_in, tokens=allowed.tokens, secrets=secrets)
    return found


def disconnect(organisation: OpenOrganisation) -> str | None:
    """Forget an organisation's credentials here and take it out of what Xero allows us; the trouble, if any, at Xero.

    What was decided for it, its orders and its data stay.
    """
    trouble = None
    try:
        if organisation.grant == BROWSER:
            client = organisation.client()
            for one in client.connections():
                if one.tenant_id == organisation.record.tenant_id:
                    client.disconnect(one.connection_id)
    except PlannerError as refused:
        trouble = str(refused)
    disconnect_organisation(organisation.store, organisation.key)
    return trouble


def erase(organisation: OpenOrganisation) -> None:
    """Delete all that is kept of an organisation: its orders, its settings, and its folder but for the lock."""
    forget_organisation(organisation.store, organisation.key)
    for path in organisation.folder.iterdir():
        if path.name != LOCK_FILE:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def rotate_key(settings: Settings) -> int:
    """Encrypt all credentials and tokens with a new key, all of them or none; the number of sign-ins.

    The new key is the environment's, if it gives one; else a new one takes the key file's place.

    Raises:
        UsageError: the environment gives the present key, and no new one.
        SecretKeyError: a key cannot be used, or something was encrypted with yet another one.
    """
    old, given = secrets_of(settings), settings.new_secret_key
    if given is None and settings.secret_key is not None:
        raise UsageError(
            "STOCKTRIM_SECRET_KEY gives the present key: set STOCKTRIM_NEW_SECRET_KEY to the new one for this."
        )
    if given is not None:
        new = Secrets(given, source="STOCKTRIM_NEW_SECRET_KEY")
    else:
        new = next_secrets(settings.secret_key_file)
        old = secrets_of(settings)
    with closing(open_store(settings.database_url)) as store:
        count = encrypt_anew(store, old=old, new=new)
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


class _Fresh:
    """The tokens of this very moment, before there is an organisation to keep them with."""

    def __init__(self, tokens: TokenSet) -> None:
        self._tokens = tokens

    def current(self) -> str:
        return self._tokens.access_token.reveal()

    renewed = current

    def lost(self) -> None:
        """Nothing is kept yet that could be lost."""


def _app(settings: Settings) -> App:
    if not settings.xero_client_id:
        raise UsageError("Set XERO_CLIENT_ID to your Xero app's client id, then connect again (docs/connecting.md).")
    return App(settings.xero_identity_url, settings.xero_client_id, settings.xero_client_secret)


def _allowed(settings: Settings, sign_in: SignIn, tokens: TokenSet) -> Allowed:
    missing = missing_scopes(tokens.scopes)
    if tokens.scopes and missing:
        raise MissingScopeError(missing)
    if sign_in.grant == BROWSER and tokens.refresh_token is None:
        raise MissingScopeError(["offline_access"])
    client = XeroClient(api_url=settings.xero_api_url, tenant_id="", tokens=_Fresh(tokens))
    organisations = tuple(one for one in client.connections() if one.kind in {"ORGANISATION", ""})
    if not organisations:
        raise SignInError("This sign-in allows no organisation: choose one on Xero's page, then connect again.")
    return Allowed(sign_in, tokens, organisations)


def _usual_key(settings: Settings, allowed: Allowed, one: XeroConnection, known: Mapping[XeroTenant, str]) -> str:
    """The key that an organisation always had; else the demo's for a sandbox's own, or one made from its name."""
    its_own = known.get(XeroTenant(one.tenant_id, settings.xero_api_url))
    taken = set(known.values())
    if its_own is None and allowed.sign_in.grant == CUSTOM and _is_sandbox(settings) and DEMO not in taken:
        return DEMO
    return its_own or key_from(one.name, taken={DEMO, *taken})


def _checked(settings: Settings, key: str) -> str:
    if key == DEMO and not _is_sandbox(settings):
        raise OrganisationError(
            f"The key {DEMO!r} is the demo's, which `stocktrim demo` starts over; choose another with --organisation."
        )
    return check_key(key)


def _is_sandbox(settings: Settings) -> bool:
    return is_loopback(urlsplit(settings.xero_api_url).hostname or "")


def _read(settings: Settings, allowed: Allowed, one: XeroConnection, *, key: str) -> ConnectedOrganisation:
    client = XeroClient(api_url=settings.xero_api_url, tenant_id=one.tenant_id, tokens=_Fresh(allowed.tokens))
    found = read_organisation(client.organisation())
    return ConnectedOrganisation(
        key=key,
        tenant_id=one.tenant_id,
        name=found.name or one.name or key,
        base_currency=found.base_currency or "",
        time_zone=found.timezone or "",
        is_demo_company=bool(found.is_demo_company),
        api_url=settings.xero_api_url,
        connected_at=datetime.now(UTC),
        sign_in_id=allowed.sign_in.sign_in_id,
    )
