"""An order whose dates its supplier's calendar does not allow says so."""

from datetime import date
from typing import Any

import pytest

from pipelines.organisations.order_decisions.calendar_remarks import calendar_remarks
from pipelines.planning_settings.supplier_terms.supplier_calendar import EVERYONE, SupplierCalendar
from tests.pipelines.purchasing.purchasing_builders import SUPPLIER, a_draft, an_order

MONDAYS = SupplierCalendar("mon", "2026-03-20..2026-03-29", date(2026, 3, 5))
NO_ORDER = "its supplier takes no order on Tue 3 Mar, its date; the next order day is Mon 9 Mar"
SHUT = "it is expected while its supplier is shut, from Fri 20 Mar to Sun 29 Mar"


@pytest.mark.parametrize(
    ("ordered", "expected", "remarks"),
    [(2, 16, []), (3, 16, [NO_ORDER]), (2, 20, [SHUT]), (2, 30, []), (3, 29, [NO_ORDER, SHUT])],
)
@pytest.mark.parametrize("supplier", [SUPPLIER, EVERYONE])
def test_a_date_that_the_calendar_does_not_allow_is_said(ordered, expected, remarks, supplier):
    dates: dict[str, Any] = {"order_date": date(2026, 3, ordered), "expected_arrival_date": date(2026, 3, expected)}
    assert calendar_remarks(an_order(a_draft(**dates)), {supplier: MONDAYS}) == remarks


def test_a_supplier_without_a_calendar_takes_orders_on_any_day():
    assert calendar_remarks(an_order(), {"s-2": MONDAYS}) == []
