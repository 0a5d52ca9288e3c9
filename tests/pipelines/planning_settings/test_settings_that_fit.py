"""A product's setting names products that there are, leads demand in no circle, and ends after it begins."""

import itertools

import pytest

from pipelines.planning_settings.setting_files.requested_settings import SettingRequest, propose
from pipelines.planning_settings.subjects import Subjects
from pipelines.product_codes import ProductCodes
from tests.running import cpu_seconds

PRODUCTS = ["CUP", "NEW", "OLD", "SET", "TEA"]


def proposed(*requests, beside=(), products=PRODUCTS):
    subjects = Subjects(ProductCodes(products), suppliers={})
    explicit = {("product", subject, name): value for name, value, subject in beside}
    wanted = [SettingRequest("product", subject, name, value) for name, value, subject in requests]
    return propose(wanted, subjects=subjects, explicit=explicit)


def fitted(name, value, product, *, beside=()):
    """The stored value, or the sentence that says why not."""
    found = proposed((name, value, product), beside=beside)
    return found.faults[0].problem if found.faults else next((change.new for change in found.changes), value)


@pytest.mark.parametrize(("name", "value"), [("bundle_of", "TEA:2; ZZZ:1"), ("successor_of", "ZZZ")])
def test_a_product_that_is_not_there_is_refused(name, value):
    assert fitted(name, value, "SET") == "There is no product 'ZZZ'; load first if it is new in Xero."


@pytest.mark.parametrize(("name", "value", "kept"), [("bundle_of", "tea:2", "TEA:2"), ("successor_of", " old ", "OLD")])
def test_products_are_kept_by_the_codes_that_xero_has(name, value, kept):
    assert fitted(name, value, "NEW") == kept


@pytest.mark.parametrize(("name", "value"), [("bundle_of", "TEA:2; SET:1"), ("successor_of", "SET")])
def test_no_product_is_its_own_part_or_successor(name, value):
    assert fitted(name, value, "SET") == f"{name} of SET cannot name SET itself."


@pytest.mark.parametrize(
    ("name", "value", "product", "beside", "way"),
    [
        ("successor_of", "NEW", "OLD", [("successor_of", "OLD", "NEW")], "OLD counts for NEW"),
        ("bundle_of", "SET:1", "TEA", [("bundle_of", "CUP:1; TEA:2", "SET")], "SET counts for TEA"),
        ("successor_of", "TEA", "SET", [("bundle_of", "TEA:2", "SET")], "SET counts for TEA"),
        (
            "bundle_of", "TEA:1", "CUP", [("successor_of", "TEA", "SET"), ("bundle_of", "CUP:2", "SET")],
            "TEA counts for SET, that for CUP",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_leads_demand_in_a_circle_is_refused_with_its_way(name, value, product, beside, way):
    refused = fitted(name, value, product, beside=beside)
    assert refused == f"{name} of {product} would lead demand in a circle: what is sold of {way}."


def test_what_takes_the_place_of_a_setting_is_held_against_the_others_alone():
    assert fitted("successor_of", "OLD", "NEW", beside=[("successor_of", "TEA", "NEW")]) == "OLD"
    assert fitted("successor_of", "OLD", "NEW", beside=[("successor_of", "NEW", "TEA")]) == "OLD"


def test_settings_that_change_together_are_held_against_each_other():
    """The successor may be turned round in one step, but not be given both ways."""
    beside = [("successor_of", "OLD", "NEW")]
    turned = proposed(("successor_of", "NEW", "OLD"), ("successor_of", None, "NEW"), beside=beside)
    assert (turned.faults, len(turned.changes)) == ([], 2)
    both = proposed(("successor_of", "NEW", "OLD"), ("successor_of", "OLD", "NEW"))
    assert len(both.faults) == 2


def test_nothing_takes_a_bundle_back():
    assert fitted("bundle_of", "", "SET", beside=[("bundle_of", "TEA:1", "SET")]) == ""
    assert fitted("bundle_of", "none", "SET", beside=[("bundle_of", "TEA:1", "SET")]) == ""


@pytest.mark.parametrize(
    ("name", "value", "bound", "there"),
    [
        ("overridden_demand_from", "2026-05-01", "overridden_demand_until", "2026-04-30"),
        ("overridden_demand_until", "2026-04-30", "overridden_demand_from", "2026-05-01"),
    ],
)
def test_an_override_that_ends_before_it_begins_is_refused_whichever_is_set_second(name, value, bound, there):
    assert fitted(name, value, "TEA", beside=[(bound, there, "TEA")]) == (
        f"{name} cannot be {value}, as {bound} is {there}: the override would end before it begins."
    )
    assert fitted(name, value, "TEA", beside=[(bound, there, "CUP")]) == value
    assert fitted(name, there, "TEA", beside=[(bound, there, "TEA")]) == there
    assert fitted(name, "", "TEA", beside=[(bound, there, "TEA")]) == ""


@pytest.mark.parametrize(
    ("level", "requests", "explicit", "floor", "service"),
    [
        ("global", {"service_floor": "97%"}, {}, 97, 95),
        ("global", {"service_level": "85%"}, {"service_floor": "0.9"}, 90, 85),
        ("product", {"service_floor": "99%", "service_level": "98%"}, {}, 99, 98),
    ],
)
def test_a_lowest_service_level_above_the_service_level_is_refused(level, requests, explicit, floor, service):
    subject = "TEA" if level == "product" else ""
    subjects = Subjects(ProductCodes(PRODUCTS), suppliers={})
    there = {(level, subject, name): value for name, value in explicit.items()}
    wanted = [SettingRequest(level, subject, name, value) for name, value in requests.items()]
    found = propose(wanted, subjects=subjects, explicit=there)
    sentence = f"The service_floor of {floor}% is above the service_level of {service}%: set it to that or lower."
    assert [fault.problem for fault in found.faults] == [sentence]


def test_a_lowest_service_level_of_one_product_may_be_above_the_level_of_all():
    assert fitted("service_floor", "97%", "TEA") == "0.97"


def test_a_long_chain_of_successors_takes_time_in_proportion_to_its_length():
    """And its last link, which would close it to a circle, is found."""

    def settle(count):
        codes = [f"P-{number}" for number in range(count)]
        chain = [("successor_of", old, new) for old, new in itertools.pairwise(codes)]
        assert not proposed(*chain, products=codes).faults
        circle = proposed(("successor_of", codes[-1], codes[0]), beside=chain, products=codes)
        assert "in a circle" in circle.faults[0].problem

    assert cpu_seconds(lambda: settle(8_000)) < 8 * 4 * cpu_seconds(lambda: settle(1_000))
