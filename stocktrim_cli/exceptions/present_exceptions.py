"""The exceptions as they are now: those of the last plan, with what was loaded and what people decided since.

What belongs here: reading, and finding the exceptions that a person means. What does not: printing them.
Read more in docs/buyer/exceptions.md.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stocktrim_cli.settings_options import opened_organisation
from stocktrim_cli.who import person

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.organisation_exceptions import Deciding


def exceptions_of(organisation: str) -> "pl.DataFrame":
    """Every exception with its state of today, largest money first; none before the first run.

    Those of stock and orders are of the last plan, those of Xero's data of the last load.
    """
    from pipelines.organisations.organisation_exceptions import published_exceptions, with_decisions_of
    from pipelines.storage import tables
    from pipelines.storage.snapshots import NothingPublishedError, read_published

    now = opened_organisation(organisation)
    wanted = (tables.EXCEPTIONS, tables.XERO_READINESS, tables.PRODUCTS, tables.PURCHASE_ORDERS)
    try:
        frames = dict(zip(wanted, read_published(now.folder, *wanted), strict=True))
    except NothingPublishedError:
        return tables.empty(tables.EXCEPTIONS)
    today = now.today()
    present = published_exceptions(frames.__getitem__, today=today)
    return with_decisions_of(now.store, now.key, present, frames[tables.XERO_READINESS], today=today)


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
    from pipelines.organisations import organisation_exceptions

    with _where_to_look():
        return organisation_exceptions.find_one(exceptions, wanted)


def find_all(exceptions: "pl.DataFrame", wanted: Sequence[str], *, kind: str = "") -> "pl.DataFrame":
    """The exceptions that a person means by ids, products' codes, documents' numbers or suppliers' names.

    Raises:
        UsageError: one of them names no exception.
    """
    from pipelines.organisations import organisation_exceptions

    with _where_to_look():
        return organisation_exceptions.find_all(exceptions, wanted, kind=kind)


def deciding(organisation: str, by: str) -> "Deciding":
    """Who decides about exceptions of an organisation."""
    from pipelines.organisations.organisation_exceptions import Deciding

    now = opened_organisation(organisation)
    return Deciding(now.store, now.key, person(by), now.now(), now.today())


@contextmanager
def _where_to_look() -> Iterator[None]:
    """A sentence that finds no exception says also which command lists them."""
    from pipelines.errors import UsageError

    try:
        yield
    except UsageError as trouble:
        raise UsageError(f"{trouble} `stocktrim exceptions --all` lists those there are.") from None
