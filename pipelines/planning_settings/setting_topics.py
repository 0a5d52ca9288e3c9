"""Settings as a buyer finds them: a label for each, by topic, and the words of a choice that is stored as a code.

What belongs here: names for people. What does not: meaning, unit and bounds (`setting_descriptions.py`), values in
words (`setting_words.py`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Mapping
from typing import Final

from pipelines.planning_settings.setting_descriptions import PARAMETERS

TOPICS: Final[Mapping[str, Mapping[str, str]]] = {
    "Time to arrive": {
        "lead_time_days": "Lead time",
        "lead_time_rule": "Which lead time counts",
        "manufacturing_time_days": "Manufacturing time",
    },
    "When to order": {
        "order_frequency_days": "Order frequency",
        "order_days": "Order days",
        "shutdowns": "Shutdowns",
        "forecast_period_days": "Forecast period",
    },
    "Service and stock": {
        "service_level": "Service level",
        "service_measure": "What the service level counts",
        "service_allocation": "Who keeps the service level",
        "service_floor": "Lowest service level",
        "minimum_shelf_level": "Minimum shelf level",
        "maximum_shelf_level": "Maximum shelf level",
        "holding_cost_rate": "Holding cost",
        "overstock_period_days": "Overstock after",
        "unmet_demand": "Demand without stock",
        "order_rule": "What an order is decided on",
        "order_levels": "When a small order waits",
        "unit_rounding": "Levels in whole units",
    },
    "Supplier's terms": {
        "preferred_supplier": "Preferred supplier",
        "minimum_order_quantity": "Minimum order quantity",
        "batch_size": "Order multiple (batch size)",
        "minimum_order_value": "Minimum order value",
        "below_minimum": "Below the minimum order value",
        "unit_cost": "Unit cost",
        "price_breaks": "Price breaks",
        "order_currency": "Currency of orders",
        "supplier_product_code": "Supplier's product code",
        "cost_per_order": "Cost per order",
        "cost_per_order_line": "Cost per order line",
    },
    "Demand": {
        "overridden_demand": "Overridden demand",
        "overridden_demand_from": "Overridden demand from",
        "overridden_demand_until": "Overridden demand until",
        "ignore_seasonality": "Ignore seasonality",
        "like_product": "Sells like",
        "successor_of": "Successor of",
        "bundle_of": "Bundle of",
        "is_assembled": "Bundle kept in stock",
        "returns_handling": "Returns",
    },
    "What is planned": {
        "discontinued": "Discontinued",
        "unstocked": "Not stocked",
    },
    "Orders and money": {
        "spend_cap": "Spend cap",
        "approval_limit": "Approval limit",
        "push_status": "Status in Xero",
        "on_order_rule": "Which open orders count",
    },
    "Daily run": {
        "daily_run_at": "Daily run at",
        "daily_run_weekdays": "Daily run on",
        "stale_after_hours": "Data are old after",
    },
}  # fmt: skip
"""Every setting once, by topic, with its label."""
LABELS: Final = {name: label for topic in TOPICS.values() for name, label in topic.items()}
TOPIC_OF: Final = {name: topic for topic, names in TOPICS.items() for name in names}
CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "lead_time_rule": {"as_set": "the one that is set", "learned": "the one that receipts show"},
    "service_measure": {"cycle": "order cycles without a shortage", "fill": "demand served from stock"},
    "service_allocation": {
        "even": "each product keeps its own", "by_value": "products together, at least stock value",
        "by_margin": "each product by its margin",
    },
    "below_minimum": {
        "best": "the cheaper of adding and waiting", "add": "add units", "wait": "wait", "as_is": "order it as it is",
    },
    "unmet_demand": {"lost": "is lost", "backordered": "is delivered later"},
    "order_rule": {"projected": "stock projected to the arrival", "position": "stock and all that is on order"},
    "order_levels": {"two": "until the risk is twice the target", "one": "never"},
    "unit_rounding": {"average": "the products keep the level together", "each": "each product keeps the level"},
    "on_order_rule": {"delivery_date": "by their delivery date", "unbilled": "all without a bill that delivers them"},
    "returns_handling": {"net": "cancel earlier sales", "ignore": "are left out"},
    "push_status": {"DRAFT": "Draft", "SUBMITTED": "Awaiting approval", "AUTHORISED": "Approved"},
}  # fmt: skip
"""The words of each choice, by what is stored."""


def label_of(name: str) -> str:
    """The label of a setting; of one that an earlier version had, its name.

    >>> label_of("lead_time_days"), label_of("gone_since")
    ('Lead time', 'gone_since')
    """
    return LABELS.get(name, name)


def is_found(name: str, text: str) -> bool:
    """Whether all words of a search stand in the label, the name or the description of a setting, in any case.

    >>> is_found("lead_time_days", "lead TIME"), is_found("lead_time_days", "colour"), is_found("lead_time_days", "")
    (True, False, True)
    """
    setting = PARAMETERS[name]
    described = f"{LABELS[name]} {name} {setting.help} {setting.effect} {TOPIC_OF[name]}".casefold()
    return all(word in described for word in text.casefold().split())
