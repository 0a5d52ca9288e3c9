"""A product's setting names products that there are, leads demand in no circle, and ends after it begins."""

import pytest

from pipelines.errors import UsageError
from pipelines.planning_settings.validation import fit_setting
from pipelines.storage.tables import PLANNING_SETTINGS, empty
from tests.pipelines.planning_builders import a_setting

PRODUCTS = ["CUP", "NEW", "OLD", "SET", "TEA"]
NOTHING_ELSE = empty(PLANNING_SETTINGS)


def fitted(name, value, product, *, beside=NOTHING_ELSE):
    return fit_setting(name, value, product, products=PRODUCTS, explicit=beside)


@pytest.mark.parametrize(("name", "value"), [("bundle_of", "TEA:2; ZZZ:1"), ("successor_of", "ZZZ")])
def test_a_product_that_is_not_there_is_refused(name, value):
    with pytest.raises(UsageError, match=r"^There is no product 'ZZZ'; load first if it is new in Xero\.$"):
        fitted(name, value, "SET")


@pytest.mark.parametrize(
    ("name", "value", "kept"), [("bundle_of", "tea:2; A:1", "TEA:2"), ("successor_of", " old ", "OLD")]
)
def test_products_are_kept_by_the_codes_that_xero_has(name, value, kept):
    assert fitted(name, value.removesuffix("; A:1"), "NEW") == kept


@pytest.mark.parametrize(("name", "value"), [("bundle_of", "TEA:2; SET:1"), ("successor_of", "SET")])
def test_no_product_is_its_own_part_or_successor(name, value):
    with pytest.raises(UsageError, match=rf"^{name} of SET cannot name SET itself\.$"):
        fitted(name, value, "SET")


@pytest.mark.parametrize(
    ("name", "value", "product", "beside", "way"),
    [
        ("successor_of", "NEW", "OLD", a_setting("successor_of", "OLD", subject="NEW"), "OLD counts for NEW"),
        ("bundle_of", "SET:1", "TEA", a_setting("bundle_of", "CUP:1; TEA:2", subject="SET"), "SET counts for TEA"),
        ("successor_of", "TEA", "SET", a_setting("bundle_of", "TEA:2", subject="SET"), "SET counts for TEA"),
        (
            "bundle_of", "TEA:1", "CUP",
            a_setting("successor_of", "TEA", subject="SET").extend(a_setting("bundle_of", "CUP:2", subject="SET")),
            "TEA counts for SET, that for CUP",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_leads_demand_in_a_circle_is_refused_with_its_way(name, value, product, beside, way):
    with pytest.raises(UsageError) as refused:
        fitted(name, value, product, beside=beside)
    assert str(refused.value) == f"{name} of {product} would lead demand in a circle: what is sold of {way}."


def test_what_takes_the_place_of_a_setting_is_held_against_the_others_alone():
    assert fitted("successor_of", "OLD", "NEW", beside=a_setting("successor_of", "TEA", subject="NEW")) == "OLD"
    assert fitted("successor_of", "OLD", "NEW", beside=a_setting("successor_of", "NEW", subject="TEA")) == "OLD"


def test_nothing_takes_a_bundle_back():
    assert fitted("bundle_of", "", "SET") == ""


@pytest.mark.parametrize(
    ("name", "value", "bound", "there"),
    [
        ("overridden_demand_from", "2026-05-01", "overridden_demand_until", "2026-04-30"),
        ("overridden_demand_until", "2026-04-30", "overridden_demand_from", "2026-05-01"),
    ],
)
def test_an_override_that_ends_before_it_begins_is_refused_whichever_is_set_second(name, value, bound, there):
    with pytest.raises(UsageError) as refused:
        fitted(name, value, "TEA", beside=a_setting(bound, there, subject="TEA"))
    assert str(refused.value) == (
        f"{name} cannot be {value}, as {bound} is {there}: the override would end before it begins."
    )
    assert fitted(name, value, "TEA", beside=a_setting(bound, there, subject="CUP")) == value
    assert fitted(name, there, "TEA", beside=a_setting(bound, there, subject="TEA")) == there
    assert fitted(name, "", "TEA", beside=a_setting(bound, there, subject="TEA")) == ""
