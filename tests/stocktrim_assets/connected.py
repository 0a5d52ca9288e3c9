"""Organisations that are connected on paper: Dagster's own parts ask who there is, not Xero."""

from contextlib import closing
from datetime import UTC, datetime

from pipelines.credentials import App, TokenSet
from pipelines.organisations.open_organisation import secrets_of
from pipelines.secret import Secret
from pipelines.settings import Settings
from pipelines.store.connected_organisations import ConnectedOrganisation, add_organisations
from pipelines.store.engine import open_store
from pipelines.store.sign_ins import SignIn

AT = datetime(2026, 1, 1, tzinfo=UTC)


def connect_on_paper(settings: Settings, key: str, *, time_zone: str = "", currency: str = "NZD") -> None:
    """Keep an organisation of this key as `stocktrim connect` does; `time_zone` is Xero's name of one."""
    organisation = ConnectedOrganisation(
        key=key, tenant_id=f"tenant of {key}", name=key.title(), base_currency=currency, time_zone=time_zone,
        is_demo_company=False, api_url="http://127.0.0.1:1", connected_at=AT, sign_in_id=f"sign-in of {key}",
    )  # fmt: skip
    app = App("http://127.0.0.1:1", "client", Secret("secret"))
    tokens = TokenSet(Secret("token"), expires_at=AT)
    with closing(open_store(settings.database_url)) as store:
        add_organisations(
            store, [organisation], sign_in=SignIn(organisation.sign_in_id, "custom", app), tokens=tokens,
            secrets=secrets_of(settings),
        )  # fmt: skip
