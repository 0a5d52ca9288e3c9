"""The exceptions as they are now: those of the last plan, with what was loaded and what people decided since.

What belongs here: reading, and finding the exceptions that a person means. What does not: printing them.
Read more in docs/buyer/exceptions.md.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stocktrim_cli.settings_options import opened_organisation

if TYPE_CHECKING:
    import polars as pl


def exceptions_of(organisation: str) -> "pl.DataFrame":
    """Every exception with its state of today, largest money first; none before the first run.

    Those of stock and orders are of the last plan, those of Xero's data of the last load.
    """
    from pipelines.exceptions.open_exceptions import with_new_data
    from pipelines.exceptions.snoozes import with_decisions
    from pipelines.storage import tables
    from pipelines.storage.snapshots import NothingPublishedError, read_published
    from pipelines.store.exception_decisions import dismissed_exceptions, snoozes_in_force

    now = opened_organisation(organisation)
    try:
        found, readiness, products = read_published(
            now.folder, tables.EXCEPTIONS, tables.XERO_READINESS, tables.PRODUCTS
        )
    except NothingPublishedError:
        return tables.empty(tables.EXCEPTIONS)
    snoozes, dismissed = snoozes_in_force(now.store, now.key), dismissed_exceptions(now.store, now.key)
    today = now.today()
    present = with_new_data(found, readiness, products, today=today)
    return with_decisions(present, readiness, snoozes=snoozes, dismissed=dismissed, today=today)


def read_exceptions(organisation: str) -> "pl.DataFrame":
    """The problems of Xero's data that nobody has dismissed, record by record; none before the first run."""
    from pipelines.readiness import open_exceptions
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty
    from pipelines.store.exception_decisions import dismissed_exceptions

    now = opened_organisation(organisation)
    readiness = published_or_empty(now.folder, tables.XERO_READINESS)
    return open_exceptions(readiness, dismissed_exceptions(now.store, now.key))


def refused_load(organisation: str) -> str:
    """The reason why the last load was refused; empty if it was not."""
    from pipelines.landing.page_archive import kept_loads
    from pipelines.settings import read_settings

    loads = kept_loads(read_settings().organisation_folder(organisation))
    return loads[-1].refusal if loads else ""


def find_one(exceptions: "pl.DataFrame", wanted: str) -> dict[str, Any]:
    """The exception of an id.

    Raises:
        UsageError: there is none.
    """
    from pipelines.errors import UsageError

    rows = exceptions.filter(exception_id=wanted.strip().lower()).to_dicts()
    if not rows:
        raise UsageError(
            f"No exception has the id {wanted!r}: it may be solved. `stocktrim exceptions --all` lists those there are."
        )
    return rows[0]


def find_all(exceptions: "pl.DataFrame", wanted: Sequence[str], *, kind: str = "") -> "pl.DataFrame":
    """The exceptions that a person means by ids, products' codes, documents' numbers or suppliers' names.

    Raises:
        UsageError: one of them names no exception.
    """
    import polars as pl

    from pipelines.errors import UsageError

    of_kind = exceptions.filter(kind=kind) if kind else exceptions
    meant = [(word, of_kind.filter(_is_meant(word.strip()))) for word in wanted]
    for word, rows in meant:
        if rows.is_empty():
            of = f" of the kind {kind}" if kind else ""
            raise UsageError(
                f"No exception{of} is about {word!r}: it may be solved. `stocktrim exceptions --all` lists those there "
                f"are."
            )
    return pl.concat([rows for _, rows in meant]).unique("exception_id", keep="first", maintain_order=True)


def _is_meant(word: str) -> "pl.Expr":
    import polars as pl

    names = ("product_code", "document_number", "supplier_name", "product_name")
    exact = [pl.col(name) == word for name in names]
    return pl.any_horizontal(pl.col("exception_id") == word.lower(), *exact).fill_null(value=False)
