"""Raw: what Xero gave us and what people decided, typed and otherwise untouched.

Read more in docs/operations.md.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any, Final

import dagster as dg
import duckdb
import polars as pl
from pydantic import Field

from pipelines.errors import UsageError
from pipelines.expectations import raw_rules
from pipelines.expectations.known_findings import known_findings
from pipelines.expectations.validate import BlockedError, Finding, stop_where_blocked
from pipelines.identities import Identities
from pipelines.landing.changes import LoadChanges
from pipelines.landing.endpoints import ENDPOINTS, Endpoint
from pipelines.landing.identity_notes import former_products, note_identities
from pipelines.landing.land import Pass
from pipelines.landing.load import land_load, read_kept_load, read_load, refuse_load
from pipelines.landing.load_log import ORGANISATION, day_calls_left
from pipelines.landing.page_archive import KeptLoad
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.organisations.rule_attributes import rule_attributes
from pipelines.planning_settings.registry import with_defaults
from pipelines.planning_settings.successors_and_bundles import demand_transfers
from pipelines.product_groups.groups import groups_of
from pipelines.product_groups.membership import asks_for_tracking, product_groups
from pipelines.purchasing.current_names import with_current_names
from pipelines.purchasing.kept_lines import kept_order_lines
from pipelines.settings import read_day
from pipelines.storage import tables
from pipelines.storage.tables import Table
from pipelines.storage.warehouse import put_table, read_table, row_count, transaction
from pipelines.store.demand_decisions.demand_event_log import demand_events
from pipelines.store.demand_decisions.one_off_answer_log import one_off_answers
from pipelines.store.exception_decisions import dismissed_exceptions
from pipelines.store.order_ledger import ledger_order_lines
from pipelines.store.setting_ledger.group_ledger import group_history
from pipelines.store.setting_ledger.setting_changes import explicit_settings, settings_without_subject
from stocktrim_assets.failures import plain_failures, tried_again
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import changes_report
from stocktrim_assets.specs import check_results, check_specs, key_of, table_metadata, table_specs


def _tables_of(endpoint: Endpoint) -> list[Table]:
    return [table for table in (endpoint.table, endpoint.lines) if table is not None]


XERO_TABLES: Final = (
    tables.XERO_ORGANISATION,
    tables.ENTITY_LOADS,
    tables.LOADS,
    tables.QUARANTINED_RECORDS,
    *(table for endpoint in ENDPOINTS for table in _tables_of(endpoint)),
)
DECISION_TABLES: Final = (
    tables.PLANNING_SETTINGS, tables.SETTINGS_WITHOUT_SUBJECT, tables.EXCEPTION_DECISIONS, tables.DEMAND_TRANSFERS,
    tables.ONE_OFF_ANSWERS, tables.DEMAND_EVENTS, tables.FORMER_PRODUCTS, tables.LEDGER_ORDER_LINES,
    tables.KEPT_ORDER_LINES, tables.GROUP_MEMBERS, tables.AS_OF,
)  # fmt: skip
# Decisions name products as Xero does, so they are read after the products.
_BEFORE: Final = dict.fromkeys(
    (
        tables.SETTINGS_WITHOUT_SUBJECT,
        tables.DEMAND_TRANSFERS,
        tables.ONE_OFF_ANSWERS,
        tables.FORMER_PRODUCTS,
        tables.LEDGER_ORDER_LINES,
    ),
    (tables.XERO_ITEMS,),
) | {
    tables.GROUP_MEMBERS: (tables.XERO_ITEMS, tables.XERO_INVOICE_LINES),
    tables.KEPT_ORDER_LINES: (tables.XERO_ITEMS, tables.XERO_ORGANISATION),
}
# The tables that hold what each frame of `raw_rules` shows before it is landed.
ABOUT: Final = {
    "organisation": (tables.XERO_ORGANISATION,),
    "lists": (tables.LOADS,),
    "unreadable": (tables.QUARANTINED_RECORDS,),
    "items": (tables.XERO_ITEMS,),
    "contacts": (tables.XERO_CONTACTS,),
    "documents": (tables.XERO_INVOICES, tables.XERO_CREDIT_NOTES, tables.XERO_PURCHASE_ORDERS),
    "product_lines": (
        tables.XERO_INVOICE_LINES, tables.XERO_CREDIT_NOTE_LINES, tables.XERO_PURCHASE_ORDER_LINES,
    ),
    "sales_lines": (tables.XERO_INVOICE_LINES,),
}  # fmt: skip


class LoadRequest(dg.Config):
    """What to read: nothing ticked means the usual. Words: products, sales_orders, purchase_orders, suppliers.

    `replay` names a load whose kept bytes are landed again instead.
    """

    entities: list[str] = Field(default_factory=list)
    refresh: list[str] = Field(default_factory=list)
    replay: str = ""


class PlanRequest(dg.Config):
    """The day to decide on, as YYYY-MM-DD; empty means today where the organisation is.

    A day before the newest plan's is refused.
    """

    as_of: str = ""


def _list_key(name: str) -> dg.AssetKey:
    """The key of a list of Xero, such as xero/credit_notes."""
    return dg.AssetKey(["xero", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()])


XERO_LISTS: Final = {name: _list_key(name) for name in (ORGANISATION, *(endpoint.name for endpoint in ENDPOINTS))}
SOURCES: Final = [
    dg.AssetSpec(
        key, description=f"The list {name} of Xero's Accounting API, which people and other programs change.",
        group_name="xero", kinds={"xero"}, metadata={"dagster/uri": f"https://api.xero.com/api.xro/2.0/{name}"},
    )
    for name, key in XERO_LISTS.items()
]  # fmt: skip


def _lists_of(table: Table) -> list[dg.AssetKey]:
    """The lists of Xero that a table is read from: its own, or all of them for the tables about loads."""
    own = [XERO_LISTS[endpoint.name] for endpoint in ENDPOINTS if table in _tables_of(endpoint)]
    return [XERO_LISTS[ORGANISATION]] if table is tables.XERO_ORGANISATION else own or list(XERO_LISTS.values())


@dg.multi_asset(
    name="load_from_xero",
    description="Read from Xero what changed, look at it, and land all of it or nothing.",
    specs=[
        spec for table in XERO_TABLES for spec in table_specs([table], deps=_lists_of(table), kinds={"xero", "duckdb"})
    ],
    check_specs=check_specs(raw_rules.RULES, about=ABOUT),
    can_subset=True,
    partitions_def=organisations,
)
def load_from_xero(
    context: dg.AssetExecutionContext, config: LoadRequest, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """One pass over Xero's lists, held aside until it was looked at."""
    with tried_again(context), organisation.warehouse() as warehouse:
        kept, read = _read(context, config, organisation, warehouse)
        findings = _findings(warehouse, organisation, read)
        yield from check_results(findings, about=ABOUT, selected=context.selected_asset_check_keys)
        try:
            stop_where_blocked(findings)
        except BlockedError as why:
            refuse_load(warehouse, kept, read, why=str(why))
            raise
        changes = land_load(warehouse, organisation, kept, read).changes
        rows = {table: row_count(warehouse, table) for table in XERO_TABLES}
    for table in XERO_TABLES:
        if key_of(table) in context.selected_asset_keys:
            metadata = table_metadata(rows[table], organisation.folder) | _of_load(table, read, changes)
            yield dg.MaterializeResult(asset_key=key_of(table), metadata=metadata)


def _read(
    context: dg.AssetExecutionContext,
    config: LoadRequest,
    organisation: OpenOrganisation,
    warehouse: duckdb.DuckDBPyConnection,
) -> tuple[KeptLoad, Pass]:
    """What the run asked for, read from Xero or from the answers of an earlier load."""
    if config.replay:
        return read_kept_load(warehouse, organisation, load_id=config.replay)
    entities = config.entities or _entities(context.selected_asset_keys)
    return read_load(warehouse, organisation, entities=entities, refresh=config.refresh)


def _findings(warehouse: duckdb.DuckDBPyConnection, organisation: OpenOrganisation, read: Pass) -> list[Finding]:
    """What the rules find in a pass; what they have found in the same rows before is not looked for again."""
    dismissed = dismissed_exceptions(organisation.store, organisation.key)
    with known_findings(warehouse, organisation.identity, raw_rules.RULES, name="checks_of_xero") as known:
        return raw_rules.check_pass(warehouse, read, dismissed=dismissed, known=known)


def _entities(selected: AbstractSet[dg.AssetKey]) -> list[str]:
    """What to read if only some tables of Xero are to be materialized; nothing, which means the usual, for all."""
    if selected >= {key_of(table) for table in XERO_TABLES}:
        return []
    wanted = {endpoint.entity for endpoint in ENDPOINTS if selected & {key_of(table) for table in _tables_of(endpoint)}}
    return sorted(wanted)


@dg.multi_asset(
    name="decisions",
    description="What people decided here, and the day the run decides on, for dbt to read.",
    specs=[
        spec
        for table in DECISION_TABLES
        for spec in table_specs([table], deps=_BEFORE.get(table, ()), kinds={"sqlalchemy", "duckdb"})
    ],
    partitions_def=organisations,
)
def decisions(
    config: PlanRequest, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Settings, groups and dismissals in force, whose demand counts for whom, our open orders, the day to decide on."""
    with plain_failures(), organisation.warehouse() as warehouse:
        as_of = _day_to_decide_on(config, organisation, read_table(warehouse, tables.PLAN_SUMMARY))
        known = note_identities(warehouse, organisation)
        groups = groups_of(group_history(organisation.store, organisation.key), known).values()
        attributes = rule_attributes(warehouse, is_tracking_asked=asks_for_tracking(groups))
        currency = next(iter(read_table(warehouse, tables.XERO_ORGANISATION)["base_currency"].to_list()), "")
        frames = _decided(organisation, known, as_of, base_currency=currency) | {
            tables.GROUP_MEMBERS: product_groups(groups, attributes)
        }
        with transaction(warehouse):
            for table, frame in frames.items():
                put_table(warehouse, table, frame)
    for table, frame in frames.items():
        yield dg.MaterializeResult(asset_key=key_of(table), metadata=table_metadata(frame.height, organisation.folder))


def _decided(
    organisation: OpenOrganisation, known: Identities, as_of: date, *, base_currency: str
) -> dict[Table, pl.DataFrame]:
    """The rows of each table of decisions; `known` are the identities of records in Xero."""
    settings = with_defaults(explicit_settings(organisation.store, organisation.key))
    orders = [with_current_names(order, known) for order in organisation.ledger.orders()]
    return {
        tables.PLANNING_SETTINGS: settings,
        tables.SETTINGS_WITHOUT_SUBJECT: settings_without_subject(organisation.store, organisation.key),
        tables.EXCEPTION_DECISIONS: dismissed_exceptions(organisation.store, organisation.key),
        tables.DEMAND_EVENTS: demand_events(organisation.store, organisation.key),
        tables.ONE_OFF_ANSWERS: one_off_answers(organisation.store, organisation.key),
        tables.DEMAND_TRANSFERS: demand_transfers(settings, known.product_codes()),
        tables.FORMER_PRODUCTS: former_products(known),
        tables.LEDGER_ORDER_LINES: ledger_order_lines(orders),
        tables.KEPT_ORDER_LINES: kept_order_lines(orders, base_currency=base_currency),
        tables.AS_OF: pl.DataFrame({"as_of_date": [as_of]}, schema=tables.AS_OF.schema),
    }


def _day_to_decide_on(config: PlanRequest, organisation: OpenOrganisation, plans: pl.DataFrame) -> date:
    """The day that was asked for, else today; an old run that is run again must not take the newest plan's place."""
    if not config.as_of:
        return organisation.today()
    as_of, days = read_day(config.as_of), plans["as_of_date"].to_list()
    if days and as_of < max(days):
        raise UsageError(
            f"There is a plan as of {max(days)}, and one as of {as_of} would be published in its place: "
            f"plan as of that day or later, or look the old plan up in plan_history."
        )
    return as_of


def _of_load(table: Table, read: Pass, changes: LoadChanges) -> dict[str, Any]:
    """What reading a list took, on the asset of the list; the whole load's, and what it changed, on that of loads."""
    of_table = {endpoint.table: endpoint.name for endpoint in ENDPOINTS} | {tables.XERO_ORGANISATION: "Organisation"}
    rows = read.loads
    if table in of_table:
        rows = rows.filter(pl.col("list") == of_table[table])
    elif table is not tables.LOADS:
        return {}
    changed = changes_report(changes) if table is tables.LOADS else {}
    return {} if rows.is_empty() else {"read/load_id": read.load_id, **_calls(rows), **changed}


def _calls(rows: pl.DataFrame) -> dict[str, Any]:
    """What some rows of the log of loads took."""
    return {
        "read/kind": ", ".join(rows["kind"].unique(maintain_order=True)),
        "read/calls": int(rows["calls"].sum()),
        "read/megabytes": round(float(rows["megabytes"].sum()), 3),
        "read/day_calls_left": day_calls_left(rows),
        "read/quarantined": int(rows["quarantined"].sum()),
    }
