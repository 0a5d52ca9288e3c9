"""Where Xero's behaviour is not known: the worst case by default, and a switch for the other.

What belongs here: one switch for each such question. What does not: faults, which are no behaviour.
Read more in docs/sandbox.md.
"""

from dataclasses import dataclass


@dataclass
class Switches:
    """What the sandbox assumes of Xero.

    `is_gzip_on`: answers are compressed for those who ask.
    `items_bump_on_stock_change`: a moved stock changes an item's UpdatedDateUTC.
    `is_error_summary_usual`: without `summarizeErrors`, an error is a 400 with a summary.
    `is_key_mismatch_explained`: an Idempotency-Key used for another request is refused in Xero's JSON, not in text.
    `is_order_by_id_honoured`: `order` by the id of a record is heeded, not replaced by the usual order.
    `is_modified_since_inclusive`: what changed within the very second of If-Modified-Since is listed.
    `are_ties_stable`: rows of one stamp come in the same order at every request.
    `orders_have_unit_decimals`: purchase orders heed `unitdp`; else prices on them are rounded to two decimals.
    `merge_bumps_documents`: documents of a merged contact change UpdatedDateUTC when they change hands.
    """

    is_gzip_on: bool = False
    items_bump_on_stock_change: bool = False
    is_error_summary_usual: bool = True
    is_key_mismatch_explained: bool = False
    is_order_by_id_honoured: bool = False
    is_modified_since_inclusive: bool = True
    are_ties_stable: bool = True
    orders_have_unit_decimals: bool = False
    merge_bumps_documents: bool = False
