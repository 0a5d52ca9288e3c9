"""What a change would do to the plan, for a page: sentences, the most affected products, what is left out.

What belongs here: shaping an answer of `WhatIfs`. What does not: working it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Self

from pipelines.organisations.settings_in_force.plan_effect_words import NO_PLAN, left_out
from planner.shown.settings_shown.what_ifs import WhatIf

MOST_LINES: Final = 15
LOST: Final = "The desk was restarted meanwhile, so this is not worked out any more: go back, then look again."


@dataclass(frozen=True)
class EffectShown:
    """An effect, or how long it is worked on, or why there is none."""

    what_if_id: str = ""
    is_done: bool = True
    seconds: int = 0
    problem: str = ""
    sentences: Sequence[str] = ()
    left_out: str = ""
    lines: Sequence[dict[str, Any]] = ()
    count: int = 0

    @classmethod
    def lost(cls) -> Self:
        """Of a question that this process does not know."""
        return cls(problem=LOST)


def effect_shown(found: WhatIf | None) -> EffectShown | None:
    """An effect as far as it is known; None if nobody asked for it."""
    if found is None:
        return None
    if not found.is_done:
        return EffectShown(found.what_if_id, is_done=False, seconds=found.seconds)
    if found.problem or found.answer is None:
        return EffectShown(found.what_if_id, problem=found.problem)
    effect = found.answer["effect"]
    if effect is None:
        return EffectShown(found.what_if_id, sentences=[NO_PLAN])
    return EffectShown(
        found.what_if_id, sentences=effect["sentences"], left_out=left_out(effect["not_shown"]),
        lines=[_with_money(line) for line in effect["most_affected"][:MOST_LINES]], count=effect["products"],
    )  # fmt: skip


def _with_money(line: dict[str, Any]) -> dict[str, Any]:
    """A line whose amounts, which come as texts, are numbers again."""
    amounts = {name: line[name] for name in ("order_value", "new_order_value")}
    return line | {name: None if amount is None else Decimal(amount) for name, amount in amounts.items()}
