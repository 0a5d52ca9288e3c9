"""Why a product has the quantity that it has, or none: one code a product, one sentence a code.

What belongs here: the codes. What does not: when each applies (`plan.py`).
Read more in docs/interfaces.md.
"""

from typing import Final

REASONS: Final = {
    "below_reorder_point": "Without an order a shortage is likelier than it may be, so the product is ordered.",
    "below_minimum_shelf_level": "The stock position is below the minimum shelf level, so the product is ordered.",
    "no_supplier": "The product should be ordered, but nobody knows from whom; set a preferred supplier.",
    "enough_stock": "What is there and what arrives in time is enough until the next order.",
    "capped": "The maximum shelf level leaves no room for an order.",
    "no_demand": "The product was not sold for a year, or never.",
    "discontinued": "A person took the product out of the plan for good.",
    "unstocked": "A person decided to keep no stock of the product.",
    "untracked": "The product is not tracked inventory in Xero, so its stock is unknown.",
    "data_fault": "Xero has less than nothing, or more than can be, on hand or on order; correct it there first.",
}
BINDING_RULES: Final = {
    "need": "What is missing was ordered as it is.",
    "minimum_order_quantity": "Raised to the minimum order quantity.",
    "minimum_shelf_level": "Raised to the minimum shelf level.",
    "batch_size": "Rounded up to whole batches.",
    "maximum_shelf_level": "Held back by the maximum shelf level.",
    "none": "Nothing is ordered.",
}
UNCERTAIN_CAUSES: Final = {
    "short_history": "The product was first sold only a few weeks ago.",
    "horizon_beyond_history": "The order must last for longer than the product has been sold.",
}
EXCLUDING: Final = ("discontinued", "unstocked", "untracked", "data_fault", "no_demand")
ORDERING: Final = ("below_reorder_point", "below_minimum_shelf_level", "no_supplier")
