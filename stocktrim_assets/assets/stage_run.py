"""A run of a stage: what it may read, what it makes, and that it is skipped if nothing that it reads has changed.

What belongs here: reading, fingerprints, the mark, and what is reported of a stage, skipped or not. What does not: what
a stage makes of what it reads (the other files of this folder).
A stage reads the warehouse through its run alone, and only tables that it declares. So nothing that it reads is left
out of its fingerprints, and what Dagster shows before it is all that it depends on.
Read more in docs/adr/0011-unchanged-stages-are-skipped.md.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import dagster as dg
import duckdb
import polars as pl

from pipelines.errors import DataError
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.storage import tables
from pipelines.storage.fingerprints import table_fingerprint, value_fingerprint
from pipelines.storage.stage_marks import StageMark, changed, put_mark, read_marks
from pipelines.storage.tables import Table
from pipelines.storage.warehouse import read_table, row_count, table_exists, transaction
from pipelines.storage.whole_plan import Step, set_aside, set_aside_unchanged, to_forecast_with
from stocktrim_assets.specs import CODE_VERSION, key_of, restored_check, stored_check, table_metadata, unchanged_since

Connection = duckdb.DuckDBPyConnection
StageResult = dg.AssetCheckResult | dg.MaterializeResult[Any]
CODE: Final = "code"
NOTHING_LOADED: Final = "Nothing was loaded yet, so nothing can be planned: run `stocktrim load` first."

log = logging.getLogger("pipelines.steps")


def _as_it_is(_: Connection, table: Table) -> Table:
    return table


def _nothing(_: Connection) -> None:
    """What has to be written if a stage is skipped."""


def _no_files(_: Path) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Stage:
    """A stage: its step in Dagster, its title for people, the tables that it reads and makes, and how these are kept.

    `keep` writes the tables, `keep_unchanged` what must be written if the stage is skipped, each in the caller's
    transaction. `place` says where a table is read. `rows` limits what is read of a table by an SQL condition. `files`
    are the fingerprints of what the stage makes beside tables, in the organisation's folder.
    """

    name: str
    title: str
    reads: tuple[Table, ...]
    makes: tuple[Table, ...]
    keep: Callable[[Connection, Mapping[Table, pl.DataFrame]], None]
    keep_unchanged: Callable[[Connection], None] = _nothing
    place: Callable[[Connection, Table], Table] = _as_it_is
    rows: Mapping[Table, str] = field(default_factory=dict)
    files: Callable[[Path], Mapping[str, str]] = _no_files


def waiting_stage(name: str, title: str, step: Step, *, reads: tuple[Table, ...], **more: Any) -> Stage:
    """A stage whose tables wait for their plan."""
    return Stage(
        name, title, reads, step, keep=partial(set_aside, step=step),
        keep_unchanged=partial(set_aside_unchanged, step=step), place=to_forecast_with, **more,
    )  # fmt: skip


class StageRun:
    """A stage in a run: it reads and keeps, and says what became of the stage's assets.

    `is_unchanged` says whether it is skipped. Everything that the stage depends on beside tables is named before, by
    `depends_on`.
    """

    def __init__(
        self, stage: Stage, context: dg.AssetExecutionContext, organisation: OpenOrganisation, warehouse: Connection
    ) -> None:
        self.stage, self.organisation = stage, organisation
        self.now = organisation.now()
        self._run_id = context.run.run_id
        self._warehouse = warehouse
        self._values: dict[str, str] = {CODE: CODE_VERSION}
        self._checks: list[dg.AssetCheckResult] = []
        self._made: StageMark | None = None

    def depends_on(self, **values: object) -> None:
        """Name values that the stage depends on beside the tables that it reads, before it asks what has changed."""
        if "_inputs" in vars(self):
            raise LookupError(f"{self.stage.name} names what it depends on too late.")
        self._values |= {name: value_fingerprint(value) for name, value in values.items()}

    @cached_property
    def is_unchanged(self) -> bool:
        """Whether the stage need not be made: what it reads is as it was, and what it made is still there."""
        return self._former is not None and not self.changes and not self.organisation.rebuild

    @cached_property
    def changes(self) -> Sequence[str]:
        """The names of what is not as it was when the stage was last made; empty if it was never made."""
        if self._former is None:
            return []
        return changed(self._former, inputs=self._inputs, outputs=self._outputs())

    def is_own(self, table: Table) -> bool:
        """Whether a table is still as this version of the stage made it, so that the stage may go on from it."""
        is_as_made = self._former is not None and not {CODE, table.path} & set(self.changes)
        return is_as_made and not self.organisation.rebuild

    def read(self, table: Table) -> pl.DataFrame:
        """A table that the stage declares, as a frame of its shape; of a limited table the rows that it declares."""
        return read_table(self._warehouse, self._place(table), where=self.stage.rows.get(table, "true"))

    def read_as_it_is(self, table: Table) -> pl.DataFrame:
        """A table of a stage that this one does not wait for, empty if it was never made: no change of it counts."""
        if not table_exists(self._warehouse, table):
            return tables.empty(table)
        return read_table(self._warehouse, table)

    def read_products(self, table: Table, product_codes: Sequence[str]) -> pl.DataFrame:
        """The rows of some products of a table that the stage declares."""
        where = "product_code in (select unnest(?))"
        return read_table(self._warehouse, self._place(table), where=where, values=[list(product_codes)])

    def rows(self, table: Table) -> int:
        """The number of rows of a table that the stage declares; 0 if it does not exist yet."""
        place = self._place(table)
        return row_count(self._warehouse, place) if table_exists(self._warehouse, place) else 0

    def as_of(self) -> date:
        """The day on which the run decides.

        Raises:
            DataError: nothing was loaded yet.
        """
        days: list[date] = self.read(tables.AS_OF)["as_of_date"].to_list()
        if not days:
            raise DataError(NOTHING_LOADED)
        return days[0]

    def loaded_at(self) -> datetime | None:
        """When the data that the stage reads were loaded; None if nothing says so."""
        instants: list[datetime | None] = self.read(tables.DATA_FRESHNESS)["loaded_at"].to_list()
        return instants[0] if instants else None

    def checked(self, results: Iterable[dg.AssetCheckResult]) -> Iterator[dg.AssetCheckResult]:
        """The results of the stage's checks, which a skipped run repeats."""
        self._checks = list(results)
        yield from self._checks

    def keep(
        self,
        frames: Mapping[Table, pl.DataFrame],
        metadata: Mapping[Table, Mapping[str, Any]] | None = None,
        **settled: object,
    ) -> None:
        """Write the stage's tables and its mark, both or neither.

        `metadata` is what Dagster shows of a table beside its rows; `settled` are values of `depends_on` that the stage
        itself has changed, as they are now.
        """
        inputs = self._inputs | {name: value_fingerprint(value) for name, value in settled.items()}
        with transaction(self._warehouse):
            self.stage.keep(self._warehouse, frames)
            self._made = StageMark(
                self.stage.name, inputs, self._outputs(), self.now, self._run_id,
                report=_report(self._checks, metadata or {}),
            )  # fmt: skip
            put_mark(self._warehouse, self.organisation.identity, self._made)

    def results(self) -> Iterator[StageResult]:
        """What Dagster records of each asset of the stage; of a skipped stage the results of its checks too."""
        mark = self._skipped() if self.is_unchanged else self._made
        if mark is None:
            raise LookupError(f"{self.stage.name} is neither kept nor unchanged.")
        checks, metadata = _reported(mark.report)
        yield from checks if self.is_unchanged else ()
        for table in self.stage.makes:
            yield dg.MaterializeResult(
                asset_key=key_of(table),
                metadata=table_metadata(self.rows(table), self.organisation.folder)
                | metadata.get(table.path, {}) | self.story,
                data_version=dg.DataVersion(mark.outputs[table.path]),
            )  # fmt: skip

    @property
    def story(self) -> dict[str, Any]:
        """Since when the stage is unchanged and which run made it; if it was made again, why."""
        if self.is_unchanged and self._former is not None:
            return unchanged_since(self._former.made_at, self._former.run_id)
        return {"changed": ", ".join(self.changes)} if self.changes else {}

    def _skipped(self) -> StageMark | None:
        """The mark of the stage, after writing what a skipped stage must write, and saying so."""
        with transaction(self._warehouse):
            self.stage.keep_unchanged(self._warehouse)
        if self._former is not None:
            log.info(
                "%s: unchanged since %s, skipped.", self.stage.title, self.organisation.local_time(self._former.made_at)
            )
        return self._former

    @cached_property
    def _former(self) -> StageMark | None:
        return read_marks(self._warehouse, self.organisation.identity).get(self.stage.name)

    @cached_property
    def _inputs(self) -> dict[str, str]:
        return self._values | {
            table.path: table_fingerprint(
                self._warehouse, self._place(table).path, where=self.stage.rows.get(table, "true")
            )
            for table in self.stage.reads
        }

    def _outputs(self) -> dict[str, str]:
        made = {table.path: table_fingerprint(self._warehouse, self._place(table).path) for table in self.stage.makes}
        return {**made, **self.stage.files(self.organisation.folder)}

    def _place(self, table: Table) -> Table:
        if table not in {*self.stage.reads, *self.stage.makes}:
            raise KeyError(f"{self.stage.name} does not declare that it reads {table.path}.")
        return self.stage.place(self._warehouse, table)


@contextmanager
def stage_run(stage: Stage, context: dg.AssetExecutionContext, organisation: OpenOrganisation) -> Iterator[StageRun]:
    """A stage's run, with the organisation's warehouse open for the block."""
    with organisation.warehouse() as warehouse:
        yield StageRun(stage, context, organisation, warehouse)


def _report(checks: Iterable[dg.AssetCheckResult], metadata: Mapping[Table, Mapping[str, Any]]) -> dict[str, Any]:
    """What is reported of a stage, as JSON."""
    return {
        "checks": [stored_check(check) for check in checks],
        "metadata": {table.path: dg.serialize_value(dict(shown)) for table, shown in metadata.items()},
    }


def _reported(report: Any) -> tuple[list[dg.AssetCheckResult], dict[str, dict[str, Any]]]:
    """The check results and the metadata by the path of each table that `_report` has written."""
    metadata = {path: dict(dg.deserialize_value(shown, dict)) for path, shown in report["metadata"].items()}
    return [restored_check(check) for check in report["checks"]], metadata
