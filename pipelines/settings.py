"""The settings of this process, read once from the environment: the home folder, the store's address, Xero's addresses.

What belongs here: environment variables and the checks on them; nothing else in the project reads the environment.
What does not: what a buyer sets (lead times, service levels): that is `pipelines.planning_settings.registry`.
Read more in docs/interfaces.md.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from pipelines.errors import UsageError
from pipelines.organisation_key import OrganisationError, check_key
from pipelines.secret import Secret
from pipelines.storage.permissions import group_named

XERO_API_URL: Final = "https://api.xero.com"
XERO_IDENTITY_URL: Final = "https://identity.xero.com"
XERO_LOGIN_URL: Final = "https://login.xero.com"
DAGSTER_URL: Final = "http://127.0.0.1:3000"
_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_READ_AS_ADDRESS: Final = re.compile(r"[?#\\\0]|%[0-9A-Fa-f]{2}")


# STOCKTRIM_DEBUG is the command's, STOCKTRIM_WAREHOUSE dbt's, STOCKTRIM_SALES_FILE the tests' and benchmarks'.
KNOWN_VARIABLES: Final = frozenset(
    f"STOCKTRIM_{name}"
    for name in (
        "HOME",
        "ORGANISATION",
        "USER",
        "DATABASE_URL",
        "SECRET_KEY",
        "NEW_SECRET_KEY",
        "PUBLISHED_GROUP",
        "DAGSTER_URL",
        "DESK_URL",
        "OPENID_ISSUER",
        "OPENID_CLIENT_ID",
        "OPENID_CLIENT_SECRET",
        "PROXY_ADDRESS",
        "PROXY_HEADER",
        "DEBUG",
        "WAREHOUSE",
        "SALES_FILE",
    )
)


class SettingsError(UsageError):
    """An environment variable cannot be used; the sentence names it and says what it must be."""


@dataclass(frozen=True)
class OpenIdSettings:
    """The provider by which a team signs in to the desk, and the desk's own address for it to come back to."""

    issuer: str
    client_id: str
    client_secret: Secret
    desk_url: str


@dataclass(frozen=True)
class TrustedProxy:
    """A proxy that signs people in before they reach the desk: where it is, and the header that names the person."""

    address: str
    header: str


@dataclass(frozen=True)
class Settings:
    """The settings of this process; secrets do not show in the repr."""

    home: Path
    database_url: str = field(repr=False)
    xero_api_url: str
    xero_identity_url: str
    xero_login_url: str
    xero_client_id: str | None
    xero_client_secret: Secret | None
    secret_key: Secret | None
    published_group: int | None = None
    new_secret_key: Secret | None = None
    organisation: str | None = None
    user: str | None = None
    dagster_url: str = DAGSTER_URL
    desk_url: str | None = None
    open_id: OpenIdSettings | None = None
    trusted_proxy: TrustedProxy | None = None

    @property
    def dagster_home(self) -> Path:
        """DAGSTER_HOME: Dagster's runs, event log and its dagster.yaml."""
        return self.home / "dagster"

    @property
    def sandbox_folder(self) -> Path:
        """Where the sandbox of `stocktrim demo` and `stocktrim serve` keeps its organisation."""
        return self.home / "sandbox"

    @property
    def planner_folder(self) -> Path:
        """What the buyer's desk keeps beside the store: the key of its sessions, its log of sign-ins."""
        return self.home / "planner"

    @property
    def secret_key_file(self) -> Path:
        """The key that encrypts credentials, unless STOCKTRIM_SECRET_KEY gives one."""
        return self.home / "secret.key"

    def organisation_folder(self, key: str) -> Path:
        """Everything of one organisation: its warehouse, its dbt artefacts, its published snapshots.

        Raises:
            OrganisationError: the key is not allowed, or its folder is a link.
        """
        folder = self.home / "organisations" / check_key(key)
        if folder.is_symlink():
            raise OrganisationError(
                f"{folder} is a link, which could lead anywhere: put the folder itself there, or move the "
                f"whole home and set STOCKTRIM_HOME."
            )
        return folder


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: an address is neither https nor plain http on this machine, or a variable is unknown.
    """
    given = os.environ if environment is None else environment
    for name in given:
        if name.startswith("STOCKTRIM_") and name not in KNOWN_VARIABLES:
            raise SettingsError(f"{name} is not a setting: use one of {', '.join(sorted(KNOWN_VARIABLES))}.")
    home = _checked_home(Path(given.get("STOCKTRIM_HOME") or ".stocktrim").expanduser().absolute())
    return Settings(
        home=home,
        database_url=given.get("STOCKTRIM_DATABASE_URL") or f"sqlite:///{quote(str(home / 'stocktrim.sqlite'))}",
        xero_api_url=_checked_address("XERO_API_URL", given.get("XERO_API_URL") or XERO_API_URL),
        xero_identity_url=_checked_address("XERO_IDENTITY_URL", given.get("XERO_IDENTITY_URL") or XERO_IDENTITY_URL),
        xero_login_url=_checked_address("XERO_LOGIN_URL", given.get("XERO_LOGIN_URL") or XERO_LOGIN_URL),
        xero_client_id=given.get("XERO_CLIENT_ID") or None,
        xero_client_secret=_secret(given.get("XERO_CLIENT_SECRET")),
        secret_key=_secret(given.get("STOCKTRIM_SECRET_KEY")),
        new_secret_key=_secret(given.get("STOCKTRIM_NEW_SECRET_KEY")),
        published_group=group_named(given.get("STOCKTRIM_PUBLISHED_GROUP") or ""),
        organisation=given.get("STOCKTRIM_ORGANISATION") or None,
        user=given.get("STOCKTRIM_USER") or None,
        dagster_url=_checked_address("STOCKTRIM_DAGSTER_URL", given.get("STOCKTRIM_DAGSTER_URL") or DAGSTER_URL),
        desk_url=_desk_url(given),
        open_id=_open_id(given),
        trusted_proxy=_trusted_proxy(given),
    )


def _desk_url(given: Mapping[str, str]) -> str | None:
    address = given.get("STOCKTRIM_DESK_URL")
    return _checked_address("STOCKTRIM_DESK_URL", address) if address else None


def _open_id(given: Mapping[str, str]) -> OpenIdSettings | None:
    """How a team signs in; None unless all of it is given."""
    names = ("STOCKTRIM_OPENID_ISSUER", "STOCKTRIM_OPENID_CLIENT_ID", "STOCKTRIM_OPENID_CLIENT_SECRET")
    issuer, client_id, client_secret = (given.get(name) or "" for name in names)
    if not (issuer or client_id or client_secret):
        return None
    desk_url = _desk_url(given)
    if desk_url is None or not (issuer and client_id and client_secret):
        raise SettingsError(f"For the sign-in of a team give all of {', '.join(names)} and STOCKTRIM_DESK_URL.")
    _checked_address(names[0], issuer)
    return OpenIdSettings(issuer, client_id, Secret(client_secret), desk_url)


def _trusted_proxy(given: Mapping[str, str]) -> TrustedProxy | None:
    """The proxy that is trusted to name people; None unless it is switched on."""
    address, header = given.get("STOCKTRIM_PROXY_ADDRESS") or "", given.get("STOCKTRIM_PROXY_HEADER") or ""
    if not (address or header):
        return None
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise SettingsError(f"STOCKTRIM_PROXY_ADDRESS is {address!r}: give the proxy's IP address.") from None
    if not _HEADER_NAME.fullmatch(header):
        raise SettingsError(f"STOCKTRIM_PROXY_HEADER is {header!r}: give the header by which the proxy names people.")
    return TrustedProxy(address, header)


def _checked_home(home: Path) -> Path:
    """The home folder, checked: Dagster, dbt and DuckDB make addresses of it and must find it there."""
    if _READ_AS_ADDRESS.search(str(home)):
        raise SettingsError(
            f"STOCKTRIM_HOME is {str(home)!r}: use a folder without ?, # and \\ in its path, and without % before two "
            f"of 0-9 and a-f: Dagster, dbt and DuckDB would look for it elsewhere."
        )
    return home


def _secret(text: str | None) -> Secret | None:
    return Secret(text) if text else None


def read_day(text: str) -> date:
    """The calendar day that a person wrote.

    Raises:
        UsageError: it is not a date.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date; write it as YYYY-MM-DD.") from None


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_link_local(host: str) -> bool:
    """Whether a host is a link-local address, at which clouds serve their metadata."""
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def _checked_address(name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme == "https" and host and not _is_link_local(host):
        return value.rstrip("/")
    if parts.scheme == "http" and is_loopback(host):
        return value.rstrip("/")
    raise SettingsError(
        f"{name} is {value!r}: use an https address (plain http is allowed only for this machine, such as "
        f"http://127.0.0.1:8765)."
    )
