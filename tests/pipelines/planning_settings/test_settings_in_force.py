"""What a person may type, and which value is in force for a product."""

import re
from decimal import Decimal

import pytest

from pipelines.planning_settings.registry import (
    SettingError,
    global_settings,
    parse_setting,
    settings_of_products,
    wide_settings,
)
from pipelines.planning_settings.setting_descriptions import LEVELS, PARAMETERS, described
from tests.pipelines.planning_builders import SUPPLIER, TEA, a_product, a_setting, inputs

EVERYBODYS = a_setting("lead_time_days", "20", level="global", subject="")
THEIRS = a_setting("lead_time_days", "30", level="supplier", subject=SUPPLIER)
OWN = a_setting("lead_time_days", "40")
BOTH = a_setting("lead_time_days", "50", level="product_supplier", subject=f"{TEA} @ {SUPPLIER}")


def in_force(*frames, name="lead_time_days"):
    tables = inputs(*frames)
    found = settings_of_products(tables.products, tables.planning_settings)
    return {row["product_code"]: (row["value"], row["origin"]) for row in found.to_dicts() if row["name"] == name}


@pytest.mark.parametrize(
    ("settings", "value", "origin"),
    [
        ([], "14", "default"),
        ([EVERYBODYS], "20", "global"),
        ([THEIRS, EVERYBODYS], "30", "supplier"),
        ([EVERYBODYS, OWN, THEIRS], "40", "product"),
        ([BOTH, EVERYBODYS, OWN, THEIRS], "50", "product_supplier"),
    ],
)
def test_the_value_with_a_supplier_wins_then_the_products_its_suppliers_the_global_one_and_the_default(
    settings, value, origin
):
    assert in_force(a_product(), *settings) == {TEA: (value, origin)}


def test_what_the_organisation_set_to_the_default_is_still_its_own():
    same = a_setting("lead_time_days", "14", level="global", subject="")
    assert in_force(a_product(), same) == {TEA: ("14", "global")}


def test_a_setting_of_another_product_or_supplier_does_not_count():
    other = a_setting("lead_time_days", "90", subject="OTHER")
    theirs = a_setting("lead_time_days", "90", level="supplier", subject="supplier-01")
    assert in_force(a_product(), other, theirs) == {TEA: ("14", "default")}


@pytest.mark.parametrize("supplier", ["supplier-01", None])
def test_what_holds_with_one_supplier_does_not_hold_while_another_supplies_the_product(supplier):
    assert in_force(a_product(supplier=supplier), BOTH, OWN) == {TEA: ("40", "product")}


def test_a_code_with_the_mark_between_product_and_supplier_is_read_whole():
    code = f"{TEA} @ {SUPPLIER}"
    theirs = a_setting("batch_size", "6", level="product_supplier", subject=f"{code} @ {SUPPLIER}")
    assert in_force(a_product(code), a_product(), theirs, name="batch_size") == {
        code: ("6", "product_supplier"), TEA: ("1", "default"),
    }  # fmt: skip


def test_a_product_without_a_supplier_takes_the_global_setting():
    assert in_force(a_product(supplier=None), THEIRS, EVERYBODYS) == {TEA: ("20", "global")}


def test_a_product_and_a_supplier_of_one_code_are_two_things():
    theirs = a_setting("lead_time_days", "90", level="supplier", subject=TEA)
    assert in_force(a_product(), theirs) == {TEA: ("14", "default")}


def test_every_product_has_every_setting_that_can_be_its_own():
    tables = inputs(a_product("A"), a_product("B"))
    found = settings_of_products(tables.products, tables.planning_settings)
    own = sorted(name for name, parameter in PARAMETERS.items() if "product" in parameter.levels)
    assert found.select("product_code", "name").rows() == [(code, name) for code in ("A", "B") for name in own]


def test_no_maximum_is_not_a_maximum_of_zero():
    tables = inputs(a_product("A"), a_product("B"), a_setting("maximum_shelf_level", "0", subject="B"))
    wide = wide_settings(settings_of_products(tables.products, tables.planning_settings))
    assert wide["maximum_shelf_level"].to_list() == [None, 0]


def test_an_organisation_without_products_has_settings_of_the_same_shape():
    tables = inputs()
    wide = wide_settings(settings_of_products(tables.products, tables.planning_settings))
    assert wide.height == 0
    assert "service_level" in wide.columns


def test_settings_of_the_whole_organisation_are_typed():
    tables = inputs(a_setting("overstock_period_days", "30", level="global", subject=""))
    found = global_settings(tables.planning_settings)
    assert (found.overstock_period_days, found.stale_after_hours, found.push_status) == (30, 36, "DRAFT")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("95%", "0.95"), ("95", "0.95"), ("0.95", "0.95"), (" 95 % ", "0.95"), ("97.5", "0.975"), ("99.99%", "0.9999"),
     ("50", "0.5"), ("0.5", "0.5")],
)  # fmt: skip
def test_a_service_level_may_be_typed_as_a_percentage_or_a_fraction(text, kept):
    assert parse_setting("service_level", text, "product") == kept


@pytest.mark.parametrize(
    "text", ["0", "1", "100", "100%", "0.95%", "49", "-95", "99.995", "high", "", "nan", "infinity", "0,95"]
)
def test_a_service_level_of_zero_or_of_certainty_is_refused(text):
    with pytest.raises(SettingError, match="give a share from 50% to "):
        parse_setting("service_level", text, "product")


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("lead_time_days", " 014 ", "14"),
        ("lead_time_days", "0", "0"),
        ("batch_size", "12.50", "12.5"),
        ("batch_size", "1000", "1000"),
        ("minimum_order_quantity", "-0", "0"),
        ("maximum_shelf_level", "", ""),
        ("discontinued", "TRUE", "true"),
        ("preferred_supplier", " supplier-07 ", "supplier-07"),
        ("unit_cost", "12.5000", "12.5"),
    ],
)
def test_a_typed_value_is_stored_in_one_form(name, text, kept):
    assert parse_setting(name, text, "product") == kept


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("lead_time_days", "two weeks", "a whole number of days from 0 to 730"),
        ("lead_time_days", "731", "a whole number of days from 0 to 730"),
        ("lead_time_days", "-1", "a whole number of days from 0 to 730"),
        ("lead_time_days", "1.5", "a whole number of days from 0 to 730"),
        pytest.param("lead_time_days", "9" * 5000, "a whole number of days from 0 to 730", id="5000 digits"),
        ("order_frequency_days", "0", "a whole number of days from 1 to 365"),
        ("batch_size", "0", "a number of units from 0.0001 to 1000000000"),
        ("batch_size", "0.00001", "a number of units from 0.0001 to 1000000000"),
        ("minimum_order_quantity", "1e10", "a number of units from 0 to 1000000000"),
        ("unit_cost", "0", "a positive price, such as 12.50"),
        ("discontinued", "maybe", "one of true, false"),
        ("preferred_supplier", " ", "the id of a supplier's contact"),
        ("supplier_product_code", " ", "a code of at most 100 characters"),
        ("supplier_product_code", "4711\n4712", "a code of at most 100 characters"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(name, text, allowed):
    with pytest.raises(SettingError) as refused:
        parse_setting(name, text, "product")
    assert str(refused.value) == f"{name} cannot be {text!r}: give {allowed}."


@pytest.mark.parametrize("text", ["0", "-5", "nan", "0.001", "1e10", "much"])
def test_a_suppliers_least_order_is_an_amount_of_money(text):
    assert parse_setting("minimum_order_value", "250.50", "supplier") == "250.5"
    with pytest.raises(SettingError, match=r"give an amount of money from 0\.01 to 1000000000, such as 250"):
        parse_setting("minimum_order_value", text, "supplier")


def test_hours_are_given_as_hours():
    with pytest.raises(SettingError, match="a whole number of hours from 1 to 8760"):
        parse_setting("stale_after_hours", "0", "global")


def test_a_setting_is_refused_at_a_level_where_it_means_nothing():
    with pytest.raises(SettingError, match="shutdowns cannot be set for a product; it can be set at: global, supplier"):
        parse_setting("shutdowns", "2026-12-24..2027-01-02", "product")


def test_an_unknown_setting_is_refused_with_those_there_are():
    with pytest.raises(SettingError, match=r"There is no setting 'lead_time'\. Nearest first: lead_time_days, "):
        parse_setting("lead_time", "12", "product")


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=PARAMETERS)
def test_a_default_and_an_example_are_what_a_person_may_type(parameter):
    if parameter.default:
        assert parameter.form.parse(parameter.default) == parameter.default
    assert parameter.form.parse(parameter.example)


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=PARAMETERS)
def test_a_setting_is_described_whole(parameter):
    description = described(parameter)
    assert all(description[name] for name in ("meaning", "effect", "unit", "levels", "allowed", "example", "command"))
    assert set(parameter.levels) <= set(LEVELS)


@pytest.mark.parametrize(
    "parameter", [each for each in PARAMETERS.values() if each.form.most is not None], ids=lambda each: each.name
)
def test_the_bounds_that_a_description_gives_are_those_that_are_checked(parameter):
    form, step = parameter.form, Decimal("0.000001") if parameter.form.kind == "percentage" else Decimal("0.0001")
    for bound in (form.least, form.most):
        assert Decimal(form.parse(as_typed(bound, form.kind))) == bound
    for beyond in (form.least - step, form.most + step):
        with pytest.raises(ValueError, match=re.escape(form.allowed)):
            form.parse(as_typed(beyond, form.kind))


def as_typed(value, kind):
    return f"{value * 100:f}%" if kind == "percentage" else f"{value:f}"
