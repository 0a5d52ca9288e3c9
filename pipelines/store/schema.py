"""The tables of the store, as SQLAlchemy sees them.

What belongs here: tables and the type of instants. What does not: queries. A change here needs a migration.
Read more in docs/operations.md.
"""

from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

metadata: Final = sa.MetaData()


class Instant(sa.types.TypeDecorator[datetime]):
    """An instant, always in UTC and with its zone, whatever the database stores."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002, SQLAlchemy passes it
        """The instant in UTC; refused without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(value)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002, SQLAlchemy passes it
        """The instant with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


organisation: Final = sa.Table(
    "organisation",
    metadata,
    sa.Column("key", sa.String(40), primary_key=True),
    sa.Column("tenant_id", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("base_currency", sa.String(8), nullable=False),
    sa.Column("time_zone", sa.String(64), nullable=False),
    sa.Column("is_demo_company", sa.Boolean, nullable=False),
    sa.Column("api_url", sa.Text, nullable=False),
    sa.Column("connected_at", Instant, nullable=False),
    sa.Column("sign_in_id", sa.String(40)),
    sa.Column("sign_in_needed_at", Instant),
)

sign_in: Final = sa.Table(
    "sign_in",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("grant_kind", sa.String(32), nullable=False),
    sa.Column("identity_url", sa.Text, nullable=False),
    sa.Column("credentials", sa.LargeBinary, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("access_token", sa.LargeBinary),
    sa.Column("refresh_token", sa.LargeBinary),
    sa.Column("expires_at", Instant),
)

setting_change: Final = sa.Table(
    "setting_change",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("value", sa.Text),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("batch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("product_id", sa.Text),
)

group_change: Final = sa.Table(
    "group_change",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
    sa.Column("group_id", sa.String(16), nullable=False),
    sa.Column("field", sa.String(16), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("value", sa.Text),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("batch", sa.Integer, nullable=False),
    sa.Column("product_id", sa.Text),
)

exception_decision: Final = sa.Table(
    "exception_decision",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
    sa.Column("problem", sa.String(64), nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("decision", sa.String(16), nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", Instant, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("until", sa.Date),
    sa.Column("money_at_stake", sa.Text),
)

one_off_answer: Final = sa.Table(
    "one_off_answer",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
    sa.Column("invoice_id", sa.String(64), nullable=False),
    sa.Column("product_id", sa.Text),
    sa.Column("product_code", sa.Text, nullable=False),
    sa.Column("invoice_number", sa.Text, nullable=False),
    sa.Column("answer", sa.String(8), nullable=False),
    sa.Column("answered_by", sa.Text, nullable=False),
    sa.Column("answered_at", Instant, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

demand_event_change: Final = sa.Table(
    "demand_event_change",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("event", sa.Text),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

watermark: Final = sa.Table(
    "watermark",
    metadata,
    sa.Column("organisation_key", sa.String(40), primary_key=True),
    sa.Column("endpoint", sa.String(32), primary_key=True),
    sa.Column("modified_since", Instant, nullable=False),
    sa.Column("completed_at", Instant, nullable=False),
)

xero_call: Final = sa.Table(
    "xero_call",
    metadata,
    sa.Column("call_id", sa.String(32), primary_key=True),
    sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("is_over", sa.Boolean, nullable=False),
    sa.Column("process", sa.Text, nullable=False, server_default=""),
)

xero_pause: Final = sa.Table(
    "xero_pause",
    metadata,
    sa.Column("organisation_key", sa.String(40), primary_key=True),
    sa.Column("until", Instant, nullable=False),
    sa.Column("problem", sa.String(16), nullable=False),
    sa.Column("asked_at", Instant),
)

order_event: Final = sa.Table(
    "order_event",
    metadata,
    sa.Column("organisation_key", sa.String(40), primary_key=True),
    sa.Column("order_id", sa.String(32), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("event", sa.Text, nullable=False),
)

product_code: Final = sa.Table(
    "product_code",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
    sa.Column("product_id", sa.Text, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("seen_at", Instant, nullable=False),
)

contact_state: Final = sa.Table(
    "contact_state",
    metadata,
    sa.Column("organisation_key", sa.String(40), primary_key=True),
    sa.Column("contact_id", sa.String(64), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("merged_into", sa.String(64)),
    sa.Column("is_archived", sa.Boolean, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
)

kept_answer: Final = sa.Table(
    "kept_answer",
    metadata,
    sa.Column("person", sa.String(320), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("request_digest", sa.String(64), nullable=False),
    sa.Column("begun_at", Instant, nullable=False, index=True),
    sa.Column("status", sa.Integer),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

desk_role: Final = sa.Table(
    "desk_role",
    metadata,
    sa.Column("person", sa.String(320), primary_key=True),
    sa.Column("organisation_key", sa.String(40), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("given_by", sa.Text, nullable=False),
    sa.Column("given_at", Instant, nullable=False),
)

access_token: Final = sa.Table(
    "access_token",
    metadata,
    sa.Column("token_id", sa.String(16), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("revoked_by", sa.Text),
    sa.Column("revoked_at", Instant),
    sa.Column("last_used_at", Instant),
)

access_token_organisation: Final = sa.Table(
    "access_token_organisation",
    metadata,
    sa.Column("token_id", sa.String(16), primary_key=True),
    sa.Column("organisation_key", sa.String(40), primary_key=True),
)

ended_session: Final = sa.Table(
    "ended_session",
    metadata,
    sa.Column("subject", sa.String(400), primary_key=True),
    sa.Column("ended_at", Instant, nullable=False),
)

plan_view: Final = sa.Table(
    "plan_view",
    metadata,
    sa.Column("organisation_key", sa.String(40), primary_key=True),
    sa.Column("person", sa.String(320), primary_key=True),
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)

OF_ONE_ORGANISATION: Final = (
    setting_change, group_change, exception_decision, one_off_answer, demand_event_change, watermark, xero_call,
    xero_pause, order_event, product_code, contact_state, desk_role, access_token_organisation, plan_view,
)  # fmt: skip
