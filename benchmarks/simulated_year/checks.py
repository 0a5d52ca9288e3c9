"""What a buyer would call absurd in a review, by what Xero and the known demand distribution say, not by the plan.

What belongs here: the checks, one function each; each returns a sentence for everything that it finds. What does not:
how good the service was (`report.py`).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

from benchmarks.simulated_year import terms
from benchmarks.simulated_year.buyer import Review
from benchmarks.simulated_year.world import OURS, Wholesaler
from xero_sandbox.core.documents import Document

CERTAIN: Final = 0.999
TWO_YEARS: Final = 104
MONTH, YEAR = 28, 364
ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class Seen:
    """A review, and what Xero held before it (`on_hand` and `on_order`, units by product) and got from it (`sent`)."""

    week: int
    review: Review
    on_hand: Mapping[str, float]
    on_order: Mapping[str, float]
    sent: list[Document]
    world: Wholesaler

    @property
    def today(self) -> date:
        """The day of the review."""
        return self.world.story.monday(self.week)

    @cached_property
    def ordered(self) -> Counter[str]:
        """Units ordered by product, as Xero got them."""
        total: Counter[str] = Counter()
        for order in self.sent:
            for line in order.lines:
                total[line.item_code] += int(line.quantity)
        return total

    @cached_property
    def plan(self) -> dict[str, dict[str, Any]]:
        """The plan's row of each product."""
        return {row["product_code"]: row for row in self.review.plan.to_dicts()}

    @cached_property
    def for_a_minimum(self) -> Counter[str]:
        """Units by product that the plan says were added only to reach a supplier's minimum."""
        added: Counter[str] = Counter()
        for code in self.ordered:
            row = self.plan[code]
            if row["supplier_id"] == self.world.shutdown()[0].contact_id:
                added[code] = max(0, round(row["order_quantity"] - row["quantity_after_cap"]))
        return added

    def enough(self, code: str) -> float:
        """The most units that can be asked of a product until an order of the next review arrives, late or not.

        Or that it asked for in as many days before: a season that has just turned is known only afterwards. Before a
        product has been sold for two years its season is unknown, so its busiest time of the year counts.
        """
        row = self.plan[code]
        spread = 3 * (row["lead_time_deviation_days"] or 0)
        days = round(max(row["expected_lead_time_days"] + row["order_frequency_days"], row["horizon_days"]) + spread)
        place = next(place for place, item in enumerate(self.world.items) if item.code == code)
        is_new = self.world.story.history_weeks + self.week < TWO_YEARS
        back = range(0, YEAR, MONTH) if is_new else (0, days)
        return max(
            float(self.world.distribution.most(self.today - timedelta(days=ago), days, CERTAIN)[place]) for ago in back
        )


Check = Callable[[Seen], Iterator[str]]


def above_the_maximum_shelf_level(seen: Seen) -> Iterator[str]:
    """An order lifts stock and open orders above the most that the shelf takes."""
    for code, units in seen.ordered.items():
        most = seen.plan[code]["maximum_shelf_level"]
        after = seen.on_hand[code] + seen.on_order.get(code, 0) + units
        if most is not None and after > most + ROUNDING:
            yield f"{code}: {after:g} after an order of {units}, at most {most:g}"


def an_order_with_enough_in_time(seen: Seen) -> Iterator[str]:
    """A product is ordered although stock and open orders are above all that the distribution could ask of it in time.

    Unless its supplier's order would be too small without it.
    """
    for code, units in (seen.ordered - seen.for_a_minimum).items():
        there = seen.on_hand[code] + seen.on_order.get(code, 0)
        enough = seen.enough(code)
        if there >= enough:
            yield f"{code}: {units} ordered with {there:g} there, of which at most {enough:g} can be asked for"


def a_second_order_for_the_same_need(seen: Seen) -> Iterator[str]:
    """A product is on two new orders, or its stock, open and new orders exceed the level that the plan orders up to."""
    products = Counter(code for order in seen.sent for code in {line.item_code for line in order.lines})
    yield from (f"{code}: on {count} orders of one review" for code, count in products.items() if count > 1)
    for code, units in (seen.ordered - seen.for_a_minimum).items():
        row = seen.plan[code]
        level = max(row["order_up_to_level"], row["minimum_shelf_level"] or 0) + row["batch_size"]
        after = seen.on_hand[code] + seen.on_order.get(code, 0) + units
        lost = row["demand_lost_before_arrival"] or 0
        if units > (row["minimum_order_quantity"] or 0) and after > level + lost + ROUNDING:
            yield f"{code}: {after:g} after an order of {units}; it is ordered up to {level:g}"


def an_order_to_an_archived_supplier(seen: Seen) -> Iterator[str]:
    """An order reached Xero for a contact that is archived there."""
    for order in seen.sent:
        if seen.world.world.contacts[order.contact_id].status == "ARCHIVED":
            yield f"{order.number}: for {seen.world.world.contacts[order.contact_id].name}"


def an_order_for_delivery_in_a_shutdown(seen: Seen) -> Iterator[str]:
    """An order is placed in its supplier's shutdown, or expected then: nothing is made or shipped there."""
    supplier, first, last = seen.world.shutdown()
    for order in seen.sent:
        day = order.expected_arrival_date
        if order.contact_id != supplier.contact_id:
            continue
        if first <= order.date <= last or (day is not None and first <= day <= last):
            yield f"{order.number}: of {order.date}, expected on {day}; the shutdown is from {first} to {last}"


def an_order_on_a_day_on_which_its_supplier_takes_none(seen: Seen) -> Iterator[str]:
    """An order is dated on another weekday than its supplier's."""
    for order in seen.sent:
        if order.contact_id == seen.world.suppliers[1].contact_id and order.date.weekday() != terms.ORDER_DAY:
            yield f"{order.number}: of {order.date:%A %d %B}"


def an_order_below_its_suppliers_minimum_or_far_above(seen: Seen) -> Iterator[str]:
    """An order is too small, or more was added to it than the last unit that reached the minimum."""
    supplier = seen.world.shutdown()[0].contact_id
    for order in seen.sent:
        if order.contact_id != supplier:
            continue
        value = sum(line.quantity * line.unit_amount for line in order.lines)
        added = [line for line in order.lines if seen.for_a_minimum[line.item_code]]
        step = max((line.unit_amount * int(seen.plan[line.item_code]["batch_size"]) for line in added), default=0)
        if value < terms.MINIMUM_VALUE or (added and value > terms.MINIMUM_VALUE + step):
            yield f"{order.number}: {value} with a minimum of {terms.MINIMUM_VALUE}"


def a_setting_of_a_group_that_does_not_hold(seen: Seen) -> Iterator[str]:
    """A product of the group is ordered in another batch than the group's."""
    for code in terms.grouped(seen.world):
        if seen.ordered[code] % terms.GROUP_BATCH:
            yield f"{code}: {seen.ordered[code]} of batch {terms.GROUP_BATCH}"


def supply_read_otherwise_than_it_is(seen: Seen) -> Iterator[str]:
    """The plan's stock on hand or on order is not what Xero holds."""
    for item in seen.world.items:
        row = seen.plan.get(item.code)
        if row is None:
            yield f"{item.code} is not in the plan"
            continue
        found = (row["stock_on_hand"], row["stock_on_order"])
        there = (seen.on_hand[item.code], seen.on_order.get(item.code, 0.0))
        if found != there:
            yield f"{item.code}: {found} in the plan, {there} in Xero"


def an_order_twice_or_not_at_all(seen: Seen) -> Iterator[str]:
    """What was approved is not in Xero once."""
    approved = {f"{OURS}{draft['order_id']}" for draft in seen.review.drafts} - {
        f"{OURS}{order_id}" for order_id in seen.review.refused
    }
    numbers = Counter(order.number for order in seen.sent)
    yield from (f"{number} is in Xero {numbers[number]} times" for number in approved if numbers[number] != 1)
    yield from (f"{number} was not approved" for number in numbers.keys() - approved)


def a_quantity_that_cannot_be_bought(seen: Seen) -> Iterator[str]:
    """A fraction, less than the minimum order, or a part of a batch."""
    for code, units in seen.ordered.items():
        row = seen.plan[code]
        is_capped = row["binding_rule"] == "maximum_shelf_level"
        if units % row["batch_size"] or (units < (row["minimum_order_quantity"] or 0) and not is_capped):
            yield f"{code}: {units} of batch {row['batch_size']:g}, minimum {row['minimum_order_quantity']}"
    for order in seen.sent:
        yield from (
            f"{line.item_code}: {line.quantity}" for line in order.lines if line.quantity % 1 or line.quantity <= 0
        )


def a_bare_shelf_and_no_order(seen: Seen) -> Iterator[str]:
    """A product that sells has nothing on the shelf and nothing on its way, and is not ordered although it could be."""
    refused = {
        line["product_code"]
        for draft in seen.review.drafts if draft["order_id"] in seen.review.refused
        for line in draft["lines"]
    }  # fmt: skip
    for item in seen.world.items:
        there = seen.on_hand[item.code] + seen.on_order.get(item.code, 0) + seen.ordered[item.code]
        if there <= 0 and item.code not in refused:
            yield f"{item.code}: none on the shelf, none ordered ({seen.plan[item.code]['reason']})"


CHECKS: Final[tuple[Check, ...]] = (
    above_the_maximum_shelf_level, an_order_with_enough_in_time, a_second_order_for_the_same_need,
    an_order_to_an_archived_supplier, an_order_for_delivery_in_a_shutdown,
    an_order_on_a_day_on_which_its_supplier_takes_none, an_order_below_its_suppliers_minimum_or_far_above,
    a_setting_of_a_group_that_does_not_hold, supply_read_otherwise_than_it_is,
    an_order_twice_or_not_at_all, a_quantity_that_cannot_be_bought, a_bare_shelf_and_no_order,
)  # fmt: skip


def absurdities(seen: Seen) -> dict[str, list[str]]:
    """What each check finds in a review, by the check's name in words."""
    return {check.__name__.replace("_", " "): [f"week {seen.week}: {one}" for one in check(seen)] for check in CHECKS}
