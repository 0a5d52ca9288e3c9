"""What a new plan did to the drafts, said after `stocktrim plan`.

What belongs here: the sentences. What does not: which drafts a plan replaces (`pipelines.purchasing.drafts`).
Read more in docs/buyer/orders.md.
"""

from typing import TYPE_CHECKING, Final

from stocktrim_cli.chosen_organisation import command_for
from stocktrim_cli.orders.orders_options import desk_of
from stocktrim_cli.output import counted, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.organisations.order_decisions.order_desk import OrderDesk

SHOWN: Final = 5


def say_what_became_of_drafts(organisation: str, plan_id: str) -> None:
    """Say how many drafts a plan kept and replaced, by what, and what it would change on drafts that a person keeps."""
    desk = desk_of(organisation)
    unchanged, replaced = _by_the_plan(desk, plan_id)
    kept = _kept(desk)
    facts = [f"{counted(unchanged, 'draft')} unchanged" if unchanged else "", f"{len(replaced)} replaced"]
    if unchanged or replaced:
        say(f"Of the drafts before this plan: {', '.join(filter(None, facts))}.")
    _say_first(replaced, command_for(organisation, "orders history"))
    _say_first(kept, command_for(organisation, "orders show ORDER"))


def _by_the_plan(desk: "OrderDesk", plan_id: str) -> tuple[int, list[str]]:
    """How many drafts a plan left as they are, and a sentence for each that it replaced."""
    from pipelines.purchasing.events import Confirmed, Superseded
    from pipelines.purchasing.order_history import difference_text

    last = [events[-1] for events in desk.histories]
    unchanged = sum(isinstance(event, Confirmed) and event.plan_id == plan_id for event in last)
    replaced = []
    for event in last:
        if isinstance(event, Superseded) and event.plan_id == plan_id:
            successor = f"is replaced by RP-{event.replaced_by}" if event.replaced_by else "is not needed any more"
            changes = ", ".join(map(difference_text, event.changes))
            replaced.append(f"RP-{event.order_id} {successor}{f': {changes}' if changes else ''}.")
    return unchanged, replaced


def _kept(desk: "OrderDesk") -> list[str]:
    """A sentence for each draft that a person keeps and the plan would change."""
    from pipelines.purchasing.order_history import difference_text

    found = ((order, desk.differences(order)) for order in desk.orders)
    return [
        f"{order.purchase_order_number} is kept as a person left it; the plan would change "
        f"{', '.join(map(difference_text, changes))}."
        for order, changes in found if changes
    ]  # fmt: skip


def _say_first(sentences: "Sequence[str]", where: str) -> None:
    for sentence in sentences[:SHOWN]:
        say(sentence)
    if len(sentences) > SHOWN:
        say(f"… and {len(sentences) - SHOWN} more; {where} shows them.")
