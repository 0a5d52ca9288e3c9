"""One organisation = one partition of everything.

What belongs here: the set of partitions, and which of them can be worked on.
What does not: what an organisation is (`pipelines.organisations.open_organisation`).
Connecting adds a key, `demo` too.
Read more in docs/adr/0001-organisations-are-partitions.md.
"""

from typing import Final

import dagster as dg

from pipelines.organisations.open_organisation import connected_organisations
from pipelines.settings import read_settings

organisations: Final = dg.DynamicPartitionsDefinition(name="organisation")


def workable(instance: dg.DagsterInstance) -> tuple[list[str], list[str]]:
    """The keys of the organisations that let us in, and a sentence for each that does not.

    An organisation that a person must connect again is left alone until then: its runs could only fail.
    """
    partitions = set(instance.get_dynamic_partitions(str(organisations.name)))
    found = [entry for entry in connected_organisations(read_settings()) if entry.key in partitions]
    skipped = [
        f"{entry.key!r} is skipped: Xero has not let us in since {entry.sign_in_needed_at:%Y-%m-%d %H:%M} UTC; "
        f"connect it again with `stocktrim connect`."
        for entry in found
        if entry.sign_in_needed_at is not None
    ]
    return [entry.key for entry in found if entry.sign_in_needed_at is None], skipped
