"""The statuses of a line of the plan, and what may become of an order below its supplier's minimum.

What belongs here: the names, for the plan, its checks and the command. What does not: which line has which status
(`line_status.py`). It imports nothing heavy, so that `--help` can list them at once.
Read more in docs/interfaces.md.
"""

from typing import Final

ORDER_NOW: Final = "order_now"
ORDER_LATER: Final = "order_later"
"""To be ordered, but on a later day: the supplier takes no order today."""
ASSEMBLE_NOW: Final = "assemble_now"
SHORT: Final = "short"
ENOUGH: Final = "enough"
TOO_MUCH: Final = "too_much"
NOT_PLANNED: Final = "not_planned"
STATUSES: Final = (ORDER_NOW, ORDER_LATER, ASSEMBLE_NOW, SHORT, ENOUGH, TOO_MUCH, NOT_PLANNED)

IN_DRAFT: Final = "in_draft"
"""Called for an order, and a person put it on a draft, which waits for its approval."""
ORDERED: Final = "ordered"
"""Called for an order, and it is on an order that was approved since the plan was made."""
TAKEN_OFF: Final = "taken_off"
"""Called for an order, and a person took it off the draft."""
DECIDED: Final = (IN_DRAFT, ORDERED, TAKEN_OFF)
"""The statuses of lines on which a person decided since the plan was made; no plan is published with them."""
STATUSES_NOW: Final = (*STATUSES, *DECIDED)

NO_MINIMUM: Final = "no_minimum"
REACHED: Final = "minimum_reached"
ADDED: Final = "units_added"
WAITS: Final = "waits"
BELOW: Final = "below_minimum"
LEFT_OUT: Final = "left_out"
"""The cause of a change by the spend cap, beside `units_added`, `waits` and `kept_draft`."""
