"""An organisation whose products, suppliers and groups can be given settings, without a Xero behind it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.identities import ContactState
from pipelines.organisations.open_organisation import OpenOrganisation, open_organisation
from pipelines.settings import read_settings
from pipelines.storage import tables
from pipelines.storage.snapshots import publish
from pipelines.store.identity_history import remember_identities
from tests.end_to_end.conftest import Command, CommandResult
from tests.pipelines.planning_builders import a_product
from tests.stocktrim_assets.connected import connect_on_paper

FIRST_LOAD = datetime(2026, 1, 2, tzinfo=UTC)
MILL, FARM = "contact-mill", "contact-farm"
PRODUCTS = {
    "TEA-01": ("Green tea", MILL), "TEA-02": ("Black tea", MILL), "CUP": ("Cup, blue", FARM), "00123": ("Spoon", FARM),
    "=HYPER()": ("Formula", None), 'Ø "6, x"': ("Pipe 🧀", None),
}  # fmt: skip
NEXT = "Next: `stocktrim plan -o acme`"


@dataclass(frozen=True)
class Company:
    """An organisation without a Xero behind it, whose products and suppliers are published."""

    stocktrim: Command
    opened: OpenOrganisation

    def __call__(self, *words: str) -> CommandResult:
        return self.stocktrim("settings", *words)

    def json(self, *words: str) -> Any:
        result = self(*words, "--json")
        assert result.code == 0, result.err
        return result.json()

    def publish(self, **codes: str) -> None:
        """Publish the products, each under another code if given, and let a load see them."""
        named = {codes.get(code, code): words for code, words in PRODUCTS.items()}
        products = pl.concat(
            a_product(code, supplier=supplier, product_name=name, product_id=f"id {place}")
            for place, (code, (name, supplier)) in enumerate(named.items())
        )
        suppliers = pl.DataFrame(
            [{"supplier_id": MILL, "supplier_name": "The Mill"}, {"supplier_id": FARM, "supplier_name": "Farm; Sons"}],
            schema=tables.SUPPLIERS.schema,
        )
        with self.opened.warehouse() as warehouse:
            warehouse.execute("create schema if not exists marts")
            for table, frame in ((tables.PRODUCTS, products), (tables.SUPPLIERS, suppliers)):
                warehouse.register("frame", frame.to_arrow())
                warehouse.execute(f"create or replace table {table.path} as from frame")
        publish(self.opened.folder, snapshot_id=f"snapshot {'-'.join(codes.values())}")
        self.load({f"id {place}": code for place, code in enumerate(named)}, at=None if codes else FIRST_LOAD)

    def load(
        self, items: dict[str, str], contacts: dict[str, ContactState] | None = None, *, at: datetime | None = None
    ) -> None:
        remember_identities(
            self.opened.store, self.opened.key, items=items, contacts=contacts, at=at or self.opened.now()
        )

    def values(self, name: str) -> dict[str, str]:
        rows = self.json("show")
        return {row["subject"]: row["value"] for row in rows if row["name"] == name and row["level"] != "default"}


def make(home: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stocktrim = Command(home, patch)
        connect_on_paper(read_settings(), "acme")
        opened = open_organisation(read_settings(), "acme")
        Company(stocktrim, opened).publish()
        opened.store.close()
