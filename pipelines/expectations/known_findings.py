"""Findings that are known already: the same rules find the same in the same rows, so they are not asked twice.

What belongs here: keeping findings in the warehouse by the fingerprint of the frame that they are about.
What does not: validating (`validate.py`). A load that brings nothing new needs no validation, nor the import for it.
Read more in docs/operations.md.
"""

import base64
import io
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from pipelines.expectations.validate import BorderRule, Finding
from pipelines.storage.fingerprints import code_fingerprint
from pipelines.storage.stage_marks import StageMark, put_mark, read_marks
from pipelines.storage.warehouse import transaction

MOST_FRAMES: Final = 50
_CODE: Final = "code"
Known = MutableMapping[str, list[Finding]]


@contextmanager
def known_findings(
    warehouse: duckdb.DuckDBPyConnection, organisation: str, rules: Sequence[BorderRule], *, name: str
) -> Iterator[Known]:
    """The findings of these rules by the fingerprint of a frame; those that the block adds are kept.

    `name` is that of the mark, `organisation` identifies the organisation of the warehouse. Findings of other code, or
    of another version of a library, are not known.
    """
    code = {_CODE: code_fingerprint([Path(__file__).parent])}
    mark = read_marks(warehouse, organisation).get(name)
    known = _restored(mark, rules) if mark and mark.inputs == code else {}
    before = list(known)
    yield known
    if list(known) != before:
        report = {key: [_stored(finding) for finding in known[key]] for key in list(known)[-MOST_FRAMES:]}
        with transaction(warehouse):
            put_mark(warehouse, organisation, StageMark(name, code, {}, datetime.now(UTC), run_id="", report=report))


def _stored(finding: Finding) -> dict[str, Any]:
    rows = io.BytesIO()
    finding.rows.write_ipc(rows)
    return {
        "rule": finding.rule.name, "is_met": finding.is_met, "count": finding.count,
        "rows": base64.b64encode(rows.getvalue()).decode(),
    }  # fmt: skip


def _restored(mark: StageMark, rules: Sequence[BorderRule]) -> dict[str, list[Finding]]:
    by_name = {rule.name: rule for rule in rules}
    report: Any = mark.report
    return {
        key: [
            Finding(by_name[kept["rule"]], kept["is_met"], kept["count"], pl.read_ipc(base64.b64decode(kept["rows"])))
            for kept in findings
        ]
        for key, findings in report.items()
    }
