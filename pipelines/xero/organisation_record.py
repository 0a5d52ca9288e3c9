"""The organisation's own record in Xero: its name, its currency, its time zone.

What belongs here: reading it from Xero's answer. What does not: calls (`client.py`), and landing it (`landing`).
Read more in docs/loading.md.
"""

import msgspec

from pipelines.xero import wire
from pipelines.xero.client import XeroAnswer, decoded


def read_organisation(answer: XeroAnswer) -> wire.OrganisationRecord:
    """The organisation's record in an answer; an empty one if the answer has none.

    Raises:
        UnreadableAnswerError: the answer is not readable.
    """
    envelope = decoded(answer.body, dict[str, msgspec.Raw], "the organisation")
    found = decoded(bytes(envelope.get("Organisations", b"[]")), list[wire.OrganisationRecord], "the organisation")
    return found[0] if found else wire.OrganisationRecord()
