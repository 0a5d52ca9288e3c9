"""One organisation's published snapshot, as one request sees it: the link is resolved once, so that tables match.

What belongs here: which snapshot, and what of it is kept in memory. What does not: what a screen makes of it.
A new snapshot begins a new view; requests that still hold the old one go on with it.
Read more in docs/bi.md.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Final

import polars as pl

from pipelines.organisations.organisation_exceptions import published_exceptions
from pipelines.planning_settings.demand_settings.assemblies import demand_ways
from pipelines.planning_settings.successors_and_bundles import BUNDLE_SETTINGS
from pipelines.product_codes import ProductCodes
from pipelines.replenishment.plan.plan_summary import newest_last
from pipelines.settings import Settings
from pipelines.storage import tables
from pipelines.storage.snapshots import column_meanings, published_folder, read_snapshot
from pipelines.storage.tables import Table

MOST_KEPT: Final = 4


class PublishedView:
    """A snapshot of an organisation; the plan and what every screen shows of it are read once."""

    def __init__(self, key: str, snapshot: Path) -> None:
        self.key, self.snapshot = key, snapshot
        self._kept: dict[str, Any] = {}

    @property
    def snapshot_id(self) -> str:
        """The name of the snapshot."""
        return self.snapshot.name

    def rows(
        self,
        table: Table,
        *conditions: pl.Expr,
        of: Collection[str] | None = None,
        columns: Collection[str] | None = None,
    ) -> pl.DataFrame:
        """The rows of a published table that meet every condition, of all products or `of` these codes."""
        return read_snapshot(self.snapshot, table, *conditions, product_codes=of, columns=columns)

    @cached_property
    def order_plan(self) -> pl.DataFrame:
        """The lines of the newest plan, one per product; none before the first plan.

        In one piece: what puts a column beside those of a file that was read in parts would copy all of them.
        """
        return self.rows(tables.ORDER_PLAN).rechunk()

    @cached_property
    def codes(self) -> ProductCodes:
        """The codes of the plan's products, to find one by what a person typed."""
        return ProductCodes(self.order_plan["product_code"])

    @cached_property
    def plans(self) -> list[dict[str, Any]]:
        """The summaries of all plans, the newest last; the newest is that of the lines, whatever its clock said."""
        return newest_last(self.rows(tables.PLAN_SUMMARY), self.order_plan).to_dicts()

    @property
    def summary(self) -> dict[str, Any] | None:
        """The summary of the newest plan; None before the first."""
        return self.plans[-1] if self.plans and not self.order_plan.is_empty() else None

    @cached_property
    def organisation(self) -> dict[str, Any]:
        """The organisation's name, base currency and time zone, the day of its data and when they were loaded."""
        found = self.rows(tables.DATA_FRESHNESS).to_dicts()
        return found[0] if found else dict.fromkeys(tables.DATA_FRESHNESS.columns)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What is made of this snapshot under a name, made once: what a screen shows until another is published."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def exceptions(self, today: date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The exceptions as they were published, by money, and the problems of Xero's data behind some of them."""
        day, *found = self._kept.get("exceptions", (None, None, None))
        if day != today:
            found = [published_exceptions(self.rows, today=today), self.rows(tables.XERO_READINESS)]
            self._kept["exceptions"] = (today, *found)
        return found[0], found[1]

    @property
    def as_of(self) -> date | None:
        """The day on which the plan decides."""
        found: date | None = (self.summary or self.organisation)["as_of_date"]
        return found

    @property
    def loaded_at(self) -> datetime | None:
        """When the data behind the plan were loaded."""
        found: datetime | None = self.summary["data_loaded_at"] if self.summary else self.organisation["loaded_at"]
        return found

    @cached_property
    def ways_of_demand(self) -> pl.DataFrame:
        """Whose demand counts for whom: successors, bundles, and the parts of bundles that are assembled."""
        return demand_ways(self.transfer_settings, "")

    @cached_property
    def transfer_settings(self) -> pl.DataFrame:
        """The settings of successors and bundles, of all products."""
        is_one = pl.any_horizontal(pl.col("name") == name for name in BUNDLE_SETTINGS)
        return self.rows(tables.PLAN_SETTINGS, is_one)

    @cached_property
    def product_groups(self) -> pl.DataFrame:
        """Which products are in which group."""
        return self.rows(tables.PRODUCT_GROUPS, columns=["product_code", "group_id", "group_kind", "group_name"])

    @cached_property
    def groups(self) -> dict[str, str]:
        """The groups that have products, by id, each as its kind and name, in the order of the alphabet."""
        rows = self.product_groups.select("group_id", "group_kind", "group_name").unique().rows()
        named = {identity: f"{kind}: {name}" if kind else name for identity, kind, name in rows}
        return dict(sorted(named.items(), key=lambda group: group[1].casefold()))

    def products_of_group(self, wanted: str) -> pl.Series:
        """The products of a group of this id or name; none if there is no such group."""
        ids = [identity for identity, title in self.groups.items() if wanted in {identity, title}]
        return self.product_groups.filter(pl.col("group_id").is_in(ids))["product_code"].implode()

    @cached_property
    def meanings(self) -> dict[str, str]:
        """What each column of the plan means, in a sentence."""
        return column_meanings(self.snapshot, tables.ORDER_PLAN)


class PublishedViews:
    """The view of each organisation, kept until another snapshot is published."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._views: OrderedDict[str, PublishedView] = OrderedDict()
        self._lock = Lock()

    def view(self, key: str) -> PublishedView:
        """The present view of an organisation.

        Raises:
            OrganisationError: the key is not allowed.
            NothingPublishedError: nothing was published yet.
        """
        snapshot = published_folder(self._settings.organisation_folder(key))
        with self._lock:
            view = self._views.get(key)
            if view is None or view.snapshot != snapshot:
                view = self._views[key] = PublishedView(key, snapshot)
            self._views.move_to_end(key)
            while len(self._views) > MOST_KEPT:
                self._views.popitem(last=False)
            return view
