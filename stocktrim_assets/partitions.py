"""One organisation = one partition of everything.

What belongs here: the set of partitions. What does not: what an organisation is (`pipelines.organisation`).
`stocktrim connect` adds a key; `demo` is there from the start.
Read more in docs/adr/0001-organisations-are-partitions.md.
"""

from typing import Final

import dagster as dg

DEMO: Final = "demo"
organisations: Final = dg.DynamicPartitionsDefinition(name="organisation")
