"""Where Xero's behaviour is not known: the worst case by default, and a switch for the other.

What belongs here: one switch for each such question. What does not: faults, which are no behaviour.
Read more in docs/sandbox.md.
"""

from dataclasses import dataclass


@dataclass
class Switches:
    """What the sandbox assumes of Xero.

    `is_gzip_on`: answers are compressed for those who ask. `items_bump_on_stock_change`: a moved stock changes an
    item's UpdatedDateUTC. `is_summary_all_or_nothing`: a 400 that summarises errors keeps no element at all.
    """

    is_gzip_on: bool = False
    items_bump_on_stock_change: bool = False
    is_summary_all_or_nothing: bool = False
