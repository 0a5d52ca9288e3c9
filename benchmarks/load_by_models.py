"""Reads a sandbox in full with xero-python's models and lands the same rows: `... ADDRESS HOME`."""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token

from benchmarks.load import Token, memory_now, print_cost, tenant_of
from pipelines.landing.endpoints import ENDPOINTS, Endpoint
from pipelines.landing.pages import frame_of
from pipelines.storage.tables import Table
from pipelines.storage.warehouse import insert_rows, open_warehouse, row_count, transaction

PAGE_SIZE: Final = 1000
ATTRIBUTES: Final = {
    "updated_at": "updated_date_utc", "invoice_date": "date", "credit_note_date": "date", "order_date": "date",
}  # fmt: skip


class _Fixed(OAuth2Token):  # type: ignore[misc]  # xero-python has no types
    """The token stands in a header."""

    def get_auth_settings(self) -> None:
        return None


def main(address: str, home: Path) -> None:
    """Load everything once."""
    token = Token(address)
    Configuration.set_default(None)
    client = ApiClient(Configuration())
    client.configuration.oauth2_token = _Fixed()
    client.set_default_header("Authorization", f"Bearer {token.current()}")
    api, tenant = AccountingApi(client, base_url=f"{address}/api.xro/2.0"), tenant_of(address, token)
    memory, began = memory_now(), time.process_time()
    with open_warehouse(home) as warehouse, transaction(warehouse):
        api.get_organisations(tenant)
        for endpoint in ENDPOINTS:
            for models in _pages(api, tenant, endpoint):
                _land(warehouse, endpoint, models)
        tables = [table for endpoint in ENDPOINTS for table in (endpoint.table, endpoint.lines) if table is not None]
        rows = sum(row_count(warehouse, table) for table in tables)
    print_cost(rows=rows, cpu_seconds=time.process_time() - began, memory_before=memory)


def _pages(api: AccountingApi, tenant: str, endpoint: Endpoint) -> Iterator[Sequence[Any]]:
    name = {"CreditNotes": "credit_notes", "PurchaseOrders": "purchase_orders"}.get(
        endpoint.name, endpoint.name.lower()
    )
    call, number = getattr(api, f"get_{name}"), 0
    if not endpoint.is_paged:
        yield getattr(call(tenant), name)
        return
    more: dict[str, Any] = {"include_archived": "true"} if endpoint.name in {"Contacts", "Invoices"} else {}
    pages = 1
    while number < pages:
        number += 1
        answer = call(tenant, page=number, page_size=PAGE_SIZE, order="UpdatedDateUTC DESC", **more)
        pages = answer.pagination.page_count
        yield getattr(answer, name)


def _land(warehouse: duckdb.DuckDBPyConnection, endpoint: Endpoint, models: Sequence[Any]) -> None:
    insert_rows(warehouse, endpoint.table.path, frame_of(_columns(models, endpoint.table), endpoint.table))
    if endpoint.lines is not None:
        pairs = [(model, line) for model in models for line in model.line_items]
        columns = _columns([line for _, line in pairs], endpoint.lines)
        columns[endpoint.key] = [getattr(model, endpoint.key) for model, _ in pairs]
        columns["line_number"] = [number for model in models for number in range(1, len(model.line_items) + 1)]
        insert_rows(warehouse, endpoint.lines.path, frame_of(columns, endpoint.lines))


def _columns(models: Sequence[Any], table: Table) -> dict[str, list[Any]]:
    columns = {name: [_plain(model, ATTRIBUTES.get(name, name)) for model in models] for name in table.columns}
    if "contact_name" in columns:
        columns["contact_id"] = [model.contact.contact_id for model in models]
        columns["contact_name"] = [model.contact.name for model in models]
    return columns


def _plain(model: Any, name: str) -> Any:
    value = getattr(model, name, None)
    return getattr(value, "value", value) if name in {"status", "type", "currency_code", "contact_status"} else value


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
