"""What each job and each of its steps is called, for whoever waits: at a terminal, in Dagster's log, at the desk.

What belongs here: names in plain words, and the tag that names a person. What does not: running them
(`stocktrim_assets`).
Read more in docs/operations.md.
"""

from types import MappingProxyType
from typing import Final

STARTED_BY: Final = "stocktrim/by"
"""The tag of a run that has the name of the person who started it, and waits for it."""
STEPS: Final = MappingProxyType({
    "load_from_xero": "Reading Xero",
    "decisions": "Reading settings and orders",
    "warehouse_models": "Building the warehouse",
    "marts__xero_readiness_nothing_needs_a_look": "Checking Xero's data",
    "parameters": "Estimating lead times",
    "plan__explained_product": "Explaining the product",
    "model_choice": "Choosing forecast models",
    "demand": "Forecasting demand",
    "order_plan": "Planning orders",
    "supplier_alternatives": "Comparing suppliers",
    "purchase_order_drafts": "Drafting orders",
    "purchase_orders__sent_orders": "Sending approved orders",
    "exceptions": "Listing exceptions",
    "policy_backtest": "Replaying the last year",
    "published_snapshot": "Publishing",
})  # fmt: skip


def step_in_words(key: str) -> str:
    """What happens in a step.

    >>> step_in_words("demand"), step_in_words("a_new_step")
    ('Forecasting demand', 'A new step')
    """
    return STEPS.get(key, key.replace("_", " ").capitalize())
