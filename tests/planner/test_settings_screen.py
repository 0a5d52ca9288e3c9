"""Settings on the screen: in force with their origin, what a change would do, saved, refused, undone."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import polars as pl
import pytest

from pipelines.planning_settings.setting_descriptions import PARAMETERS
from pipelines.planning_settings.setting_topics import LABELS
from pipelines.storage.tables import DEMAND_TRANSACTIONS
from planner.security.roles import Role
from planner.shown.settings_shown.controls import control_of
from planner.shown.settings_shown.level_page import Scope
from planner.shown.settings_shown.used_in_plan import used_in_plan
from tests.planner.conftest import KEY, ODD, Visitor
from tests.planner.settings_writes import SETTINGS, now_of, own_home, send, set_by, signed_in


@pytest.fixture
def buyer(desk_home: Path, tmp_path: Path) -> Iterator[Visitor]:
    with signed_in(own_home(desk_home, tmp_path)) as visitor:
        yield visitor


def supplier(visitor: Visitor) -> tuple[str, str]:
    return min(now_of(visitor).subjects.suppliers.items(), key=lambda one: one[1])


def test_the_page_of_all_products_lists_every_setting_that_can_be_set_there(visitor: Visitor) -> None:
    text = visitor.text(SETTINGS)
    assert "Settings of all products" in text
    assert re.search(r"Lead time</h3>.*?14 days.*?the default", text, re.DOTALL)
    assert LABELS["minimum_order_value"] not in text.replace(LABELS["below_minimum"], "").replace(
        "Below the minimum", ""
    )


def test_settings_are_found_by_words_of_their_label_or_meaning(visitor: Visitor) -> None:
    text = visitor.text(f"{SETTINGS}/list?search=shortage")
    assert "Service level" in text
    assert "Daily run at" not in text
    for other in ("Monday", "weekday", "delivery+day", "ship"):
        assert "Order days" in visitor.text(f"{SETTINGS}/list?search={other}")
    assert "No setting has these words" in visitor.text(f"{SETTINGS}/list?search=zzzz")


def test_a_deep_link_opens_the_form_of_a_setting_of_a_supplier(buyer: Visitor) -> None:
    identity, name = supplier(buyer)
    text = buyer.text(f"{SETTINGS}?supplier={quote(identity)}&change=order_days")
    assert f"Settings of {name}" in text
    assert 'type="checkbox" name="day" value="mon"' in text


@pytest.mark.parametrize("query", ["supplier=nobody", "product=nope", "group=none", "supplier=" + "x" * 4_000])
def test_nobody_by_that_name_is_said_and_is_no_fault(visitor: Visitor, query: str) -> None:
    assert "There is no" in visitor.text(f"{SETTINGS}?{query}", status=404)


def test_what_if_shows_old_new_units_and_money_and_changes_nothing(buyer: Visitor) -> None:
    status, text = send(buyer, "what-if", "service_level", "98")
    assert status == 200
    assert "95% (the default)" in text
    assert "<strong>98%</strong>" in text
    assert "4 more units of 1 product, 12.40 GBP more" in text
    assert "P-00011" in text
    assert now_of(buyer).history == []


def test_what_the_what_if_leaves_out_is_said(desk_home: Path, tmp_path: Path) -> None:
    effect = {"sentences": [], "not_shown": ["returns_handling"], "most_affected": [], "products": 0}
    with signed_in(own_home(desk_home, tmp_path), effect) as visitor:
        _, text = send(visitor, "what-if", "returns_handling", "ignore")
    assert "Not worked out here: what Returns would do" in text


def test_saving_says_what_happened_and_what_the_plan_would_do(buyer: Visitor) -> None:
    send(buyer, "what-if", "lead_time_days", "21", page=f"supplier:{supplier(buyer)[0]}")
    status, text = send(buyer, "save", "lead_time_days", "21", page=f"supplier:{supplier(buyer)[0]}", reason="new port")
    assert status == 200
    assert f"Saved. Lead time of {supplier(buyer)[1]} is 21 days (before: not set)." in text
    assert "4 more units" in text
    (change,) = now_of(buyer).history
    assert (change.level, change.value, change.changed_by, change.reason) == ("supplier", "21", "anna", "new port")
    assert "set here by anna" in text


def test_a_setting_that_is_taken_away_says_what_holds_again(buyer: Visitor) -> None:
    set_by(buyer, "lead_time_days", "21")
    _, text = send(buyer, "what-if", "lead_time_days", action="unset")
    assert "21 days" in text
    assert "14 days (the default)" in text
    _, text = send(buyer, "save", "lead_time_days", action="unset")
    assert "is no longer set (before: 21 days)" in text
    assert now_of(buyer).in_force == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lead_time_days", "731"), ("lead_time_days", "-1"), ("lead_time_days", ""), ("lead_time_days", "1e3"),
        ("service_level", "nan"), ("service_level", "inf"), ("service_level", "12"), ("service_level", "9" * 400),
        ("lead_time_rule", "<b>learned</b>"), ("spend_cap", "=1+1"), ("daily_run_at", "x" * 4_000),
        ("order_frequency_days", "٣٠٠٠"), ("approval_limit", "NaN"), ("push_status", "{{7*7}}"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_allowed_is_refused_beside_what_was_typed(buyer: Visitor, name: str, value: str) -> None:
    for step in ("what-if", "save"):
        status, text = send(buyer, step, name, value)
        assert status == 422
        assert "Give " in text
        assert 'role="alert"' in text
        assert "<b>" not in text
        assert "49" not in text.replace("14", "")
    assert now_of(buyer).history == []


def test_what_somebody_else_set_meanwhile_is_shown_beside_what_was_typed(buyer: Visitor) -> None:
    seen = now_of(buyer).version
    set_by(buyer, "lead_time_days", "30")
    for step in ("what-if", "save"):
        status, text = send(buyer, step, "lead_time_days", "21", version=seen)
        assert status == 409
        assert "bob has changed Lead time of all products to 30 days since you opened this; you want 21 days" in text
        assert 'value="21"' in text
    version = re.search(r'name="version" value="(\d+)"', text)
    assert version
    assert send(buyer, "save", "lead_time_days", "21", version=version[1])[0] == 200
    assert now_of(buyer).explicit["global", "", "lead_time_days"] == "21"


def test_a_change_of_another_setting_meanwhile_is_no_conflict(buyer: Visitor) -> None:
    seen = now_of(buyer).version
    set_by(buyer, "service_level", "98%")
    assert send(buyer, "save", "lead_time_days", "21", version=seen)[0] == 200


@pytest.mark.parametrize(
    ("name", "fields", "stored"),
    [
        ("order_days", {"day": ["mon", "thu"]}, "mon,thu"),
        ("order_days", {"dates": "1, 15"}, "1st,15th"),
        ("shutdowns", {"from": ["2026-12-24", ""], "to": ["2027-01-02", ""]}, "2026-12-24..2027-01-02"),
        ("below_minimum", {"value": "wait"}, "wait"),
        ("minimum_order_value", {"value": "250.5"}, "250.5"),
    ],
)  # fmt: skip
def test_each_control_stores_what_it_shows(buyer: Visitor, name: str, fields: dict, stored: str) -> None:
    identity, _ = supplier(buyer)
    assert send(buyer, "save", name, page=f"supplier:{identity}", **({"value": ""} | fields))[0] == 200
    assert now_of(buyer).explicit["supplier", identity, name] == stored
    buyer.text(f"{SETTINGS}?supplier={quote(identity)}&change={name}")


@pytest.mark.parametrize(("stored", "shown"), [("0", "0"), ("0.1", "10"), ("0.125", "12.5"), ("1", "100")])
def test_a_stored_percentage_is_shown_whole_in_its_field(stored: str, shown: str) -> None:
    control = control_of(PARAMETERS["holding_cost_rate"], stored, currency="GBP", suppliers={})
    assert control.value == shown


@pytest.mark.parametrize("code", sorted(ODD))
def test_a_product_of_any_code_has_its_page_and_takes_a_setting(buyer: Visitor, code: str) -> None:
    text = buyer.text(f"{SETTINGS}?{urlencode({'product': code, 'change': 'batch_size'})}")
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert send(buyer, "save", "batch_size", "12", page=f"product:{code}")[0] == 200
    assert now_of(buyer).explicit["product", code, "batch_size"] == "12"


def test_a_setting_cannot_be_set_where_the_form_does_not_offer_it(buyer: Visitor) -> None:
    for place in ("product:P-00011", "group:G1", "odd:", "supplier:nobody"):
        assert send(buyer, "save", "lead_time_days", "21", place=place)[0] == 422
    assert send(buyer, "save", "nonsense", "21")[0] == 422
    assert send(buyer, "save", "lead_time_days", "21", version="x")[0] == 400
    assert send(buyer, "save", "lead_time_days", "21", reason="r" * 501)[0] == 422


def test_a_viewer_sees_and_does_not_change(buyer: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(buyer.desk), "role", lambda *_: Role.VIEWER)
    assert ">Change</a>" not in buyer.text(SETTINGS)
    for step in ("what-if", "save", "change"):
        status, text = send(buyer, step, "lead_time_days", "21")
        assert status == 403
        assert "Your role here is viewer" in text
    assert now_of(buyer).history == []


def test_the_history_has_who_when_old_new_and_why_and_takes_a_batch_back(buyer: Visitor) -> None:
    set_by(buyer, "lead_time_days", "30")
    send(buyer, "save", "lead_time_days", "21", reason="<i>port</i>")
    text = buyer.text(f"{SETTINGS}/history")
    assert "<strong>anna</strong>" in text
    assert "&lt;i&gt;port" in text
    assert re.search(r"Lead time of all products: .*30 days.*→ 21 days", text)
    assert "changed again by anna" in text
    answer = buyer.client.post(f"{SETTINGS}/history/undo", data={"batch": "2"}, headers=buyer.word)
    assert answer.status_code == 200
    assert "Undone. Lead time of all products is 30 days (before: 21 days)." in answer.text
    assert now_of(buyer).explicit["global", "", "lead_time_days"] == "30"


def test_a_change_that_somebody_changed_since_is_not_undone(buyer: Visitor) -> None:
    set_by(buyer, "lead_time_days", "30")
    set_by(buyer, "lead_time_days", "31", by="eve")
    answer = buyer.client.post(f"{SETTINGS}/history/undo", data={"batch": "1"}, headers=buyer.word)
    assert answer.status_code == 409
    assert "eve set it to 31 since" in answer.text
    assert "stocktrim" not in answer.text.partition("<ol")[0]
    answer = buyer.client.post(f"{SETTINGS}/history/undo", data={"batch": "999"}, headers=buyer.word)
    assert answer.status_code == 422
    assert "There is no change 999." in answer.text


def test_suppliers_are_listed_with_what_is_set(buyer: Visitor) -> None:
    identity, _ = supplier(buyer)
    set_by(buyer, "order_days", "mon", level="supplier", subject=identity)
    assert "<strong>Mondays</strong>" in buyer.text(f"{SETTINGS}/suppliers")


def test_a_product_is_found_by_words_and_by_code(visitor: Visitor) -> None:
    assert "P-00011" in visitor.text(f"{SETTINGS}/products?find=P-00011")
    assert "No product has" in visitor.text(f"{SETTINGS}/products?find=zzzz")
    assert "<option value" in visitor.text(f"{SETTINGS}/product-codes?value=mug")


def test_another_organisations_question_to_the_plan_is_not_shown(buyer: Visitor) -> None:
    _, _text = send(buyer, "what-if", "service_level", "98")
    (asked,) = buyer.desk.what_ifs._kept
    assert "12.40" in buyer.text(f"{SETTINGS}/what-if/{asked}")
    assert "restarted" in buyer.text(f"/o/beta/settings/what-if/{asked}")
    assert KEY != "beta"


def test_a_group_is_made_and_changed_on_its_page(buyer: Visitor) -> None:
    groups = f"{SETTINGS}/groups"
    answer = buyer.client.post(f"{groups}/make", data={"kind": "brand", "name": "<b>Red"}, headers=buyer.word)
    assert answer.status_code == 204
    (group,) = now_of(buyer).groups.groups
    assert answer.headers["HX-Redirect"] == f"{groups}/group?group={group}"

    def change(status: int = 200, **fields: str) -> str:
        answer = buyer.client.post(f"{groups}/change", data={"group": group} | fields, headers=buyer.word)
        assert answer.status_code == status
        return answer.text

    assert "Saved." in change(what="rule", rule_kind="name", value="red")
    assert "P-00011" in change(what="member", subject="P-00011", value="in")
    assert "Kept out by hand" in change(what="member", subject="P-00011", value="out")
    assert "There is no product" in change(422, what="member", subject="nope", value="in")
    assert "whole number" in change(422, what="describe", kind="brand", name="Red", order="0")
    assert "<h1>season: Red</h1>" in change(what="describe", kind="season", name="Red", order="2")
    assert "&lt;b&gt;" not in buyer.text(groups)
    assert "season: Red" in buyer.text(groups)
    assert "Nothing was changed" in change(what="describe", kind="season", name="Red", order="2")


def test_a_file_of_a_hundred_rows_is_saved_as_one_change(buyer: Visitor) -> None:
    rows = "".join(f"product,P-{number:05},batch_size,6\n" for number in range(20, 120))
    data = f"level,subject,setting,value\n{rows}"
    headers = buyer.word | {"Content-Type": "text/csv"}
    answer = buyer.client.post(f"{SETTINGS}/file/preview?name=terms.csv", content=data, headers=headers)
    assert "100 settings of terms.csv would change" in answer.text
    answer = buyer.client.post(f"{SETTINGS}/file/save?name=terms.csv&version=0", content=data, headers=headers)
    assert "Saved. 100 settings of terms.csv changed" in answer.text
    assert {row.batch for row in now_of(buyer).history} == {1}
    assert "Undo these 100" in buyer.text(f"{SETTINGS}/history")
    answer = buyer.client.post(f"{SETTINGS}/file/preview?name=terms.csv", content=b"\xff\x00", headers=headers)
    assert answer.status_code == 422


def test_a_large_sale_is_answered_once_and_the_answer_taken_back(buyer: Visitor) -> None:
    page = f"{SETTINGS}/one-offs"
    assert "No large sale waits" in buyer.text(page)
    sale = buyer.desk.views.view(KEY).rows(DEMAND_TRANSACTIONS).row(0, named=True)
    wanted = {"invoice": sale["invoice_number"], "product": sale["product_code"]}

    def answer(word: str, status: int = 200, **fields: str) -> str:
        answer = buyer.client.post(f"{page}/answer", data=wanted | {"answer": word} | fields, headers=buyer.word)
        assert answer.status_code == status
        return answer.text

    assert "is kept out of usual demand from the next plan on." in answer("yes")
    assert "Take back" in buyer.text(page)
    assert "is as it was before" in answer("open")
    assert "Take back" not in buyer.text(page)
    assert "Answer yes, no or open" in answer("maybe", 422)
    assert "no longer among the sales" in answer("yes", 422, invoice="<b>" + "x" * 4_000)


PRODUCT = "product:P-00011"
AT = {"page": PRODUCT, "place": PRODUCT, "at": "product"}


def test_a_setting_is_changed_on_the_page_of_the_product_and_undone_there(buyer: Visitor) -> None:
    page = f"/o/{KEY}/product?code=P-00011"
    text = buyer.text(page)
    assert 'hx-target="#edit-lead_time_days"' in text
    assert "from the next plan on" not in text, "nothing differs from the plan yet"
    assert "that can be set for this product" in text
    form = buyer.text(f"{SETTINGS}/change?product=P-00011&name=lead_time_days&at=product")
    assert '<input type="hidden" name="at" value="product">' in form
    _, text = send(buyer, "what-if", "lead_time_days", "21", **AT)
    assert 'name="at" value="product"' in text
    status, text = send(buyer, "save", "lead_time_days", "21", **AT)
    assert status == 200
    assert "Saved. Lead time of P-00011 is 21 days (before: not set)." in text
    assert "<strong>21 days</strong>" in text
    assert "from the next plan on, set by anna" in text
    assert "from the next plan on, set by anna" in buyer.text(f"/o/{KEY}/product/panel?code=P-00011")
    (change,) = now_of(buyer).history
    undone = {"batch": change.batch, "at": "product", "product": "P-00011"}
    for status, sentence in (
        (200, "Undone. Lead time of P-00011 is no longer set"),
        (409, "cannot be undone: anna removed it since"),
    ):
        answer = buyer.client.post(f"{SETTINGS}/history/undo", data=undone, headers=buyer.word)
        assert answer.status_code == status
        assert sentence in answer.text
        assert answer.headers["HX-Retarget"] == "#product-settings"
    assert now_of(buyer).in_force == []


def test_who_comes_second_on_the_page_of_the_product_reads_what_the_other_set(buyer: Visitor) -> None:
    seen = now_of(buyer).version
    set_by(buyer, "lead_time_days", "30", level="product", subject="P-00011")
    status, text = send(buyer, "save", "lead_time_days", "21", version=seen, **AT)
    assert status == 409
    assert "bob has changed Lead time of P-00011 to 30 days" in text
    assert 'name="at" value="product"' in text


def test_what_the_plan_uses_instead_of_a_setting_stands_beside_it(buyer: Visitor) -> None:
    line = buyer.desk.views.view(KEY).order_plan.filter(pl.col("supplier_name").is_not_null()).row(0, named=True)
    used = used_in_plan(buyer.desk.views.view(KEY), Scope("product", line["product_code"], ""))
    text = buyer.text(f"/o/{KEY}/settings?product={line['product_code']}")
    assert used
    assert all(f"The plan uses</span>: {words}" in text for words in used.values())


def test_what_an_undo_would_change_is_shown_with_the_plan_before_it_is_done(buyer: Visitor) -> None:
    set_by(buyer, "lead_time_days", "30")
    (change,) = now_of(buyer).history
    ask = {"batch": change.batch}
    answer = buyer.client.post(f"{SETTINGS}/history/what-if", data=ask, headers=buyer.word)
    assert answer.status_code == 200
    assert "Lead time of all products: 30 days → not set." in answer.text
    assert "4 more units of 1 product, 12.40 GBP more" in answer.text
    assert "Undo it" in answer.text
    assert len(now_of(buyer).history) == 1
    buyer.client.post(f"{SETTINGS}/history/undo", data=ask, headers=buyer.word)
    assert buyer.client.post(f"{SETTINGS}/history/what-if", data=ask, headers=buyer.word).status_code == 422
    assert buyer.client.post(f"{SETTINGS}/history/what-if", data={"batch": 99}, headers=buyer.word).status_code == 422


def test_what_a_file_would_do_to_the_plan_is_shown_before_it_is_saved(buyer: Visitor) -> None:
    file = b"level,subject,supplier,setting,value\nglobal,,,lead_time_days,30\n"
    answer = buyer.client.post(f"{SETTINGS}/file/preview?name=a.csv", content=file, headers=buyer.word)
    assert answer.status_code == 200, answer.text
    assert "1 setting of a.csv would change" in answer.text
    assert "4 more units of 1 product, 12.40 GBP more" in answer.text
    assert now_of(buyer).history == []
