"""From a plan to drafts: one order per supplier and currency, no product drafted twice.

What belongs here: which drafts a plan makes and which older ones it replaces, pure.
What does not: how much to order (`replenishment`) and where drafts are kept (`store/order_ledger.py`).
Read more in docs/operations.md.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
import polars as pl

from pipelines.identities import Identities
from pipelines.purchasing.events import Confirmed, Drafted, OrderLine, Superseded
from pipelines.purchasing.kept_lines import as_the_plan_alone, is_kept
from pipelines.purchasing.order_history import differences
from pipelines.purchasing.orders import SUPPLY_STATES, Order, OrderState, new_order_id
from pipelines.purchasing.rejections import rejected_before
from pipelines.purchasing.sending.xero_matching import PRICE_DECIMALS
from pipelines.purchasing.transitions import QUANTITY_DECIMALS, supersede
from pipelines.purchasing.xero_changes import changes_in_xero
from pipelines.setting_subjects import ProductSupplier
from pipelines.storage.tables import MOST_MONEY, PURCHASE_ORDER_DRAFTS

BY_THE_PLAN = "plan"
_MOST = Decimal(int(MOST_MONEY))


@dataclass(frozen=True)
class Redraft:
    """What a new plan does to the drafts: those it supersedes, those it creates, and those that it leaves as they are.

    `ledger_fingerprint` is the ledger's once these are written.
    """

    superseded: tuple[Superseded, ...]
    drafted: tuple[Drafted, ...]
    confirmed: tuple[Confirmed, ...] = ()
    ledger_fingerprint: str = ""


@dataclass(frozen=True)
class Terms:
    """Suppliers' terms: the minimum value of an order by supplier, and suppliers' own codes.

    `supplier_product_codes` are by product, or by product and supplier (`ProductSupplier.text`), which wins.
    `xero_price_decimals` is the number of decimals that Xero kept of a price, 0 if no order has shown it.
    """

    minimum_order_values: Mapping[str, Decimal]
    supplier_product_codes: Mapping[str, str]
    xero_price_decimals: int = 0

    def supplier_product_code(self, product_code: str, supplier_id: str) -> str:
        """The supplier's own code of a product; empty if none is known."""
        codes = self.supplier_product_codes
        return codes.get(ProductSupplier(product_code, supplier_id).text) or codes.get(product_code, "")


def terms_of(settings: pl.DataFrame, orders: Iterable[Order] = ()) -> Terms:
    """The terms in the settings that people made, and the price decimals that earlier orders have shown.

    `settings` has the shape of `raw.planning_settings`.
    """

    def values_of(level: str, name: str) -> dict[str, str]:
        return dict(settings.filter(level=level, name=name).select("subject", "value").iter_rows())

    minimums = values_of("supplier", "minimum_order_value")
    return Terms(
        minimum_order_values={supplier: Decimal(amount) for supplier, amount in minimums.items()},
        supplier_product_codes=values_of("product", "supplier_product_code")
        | values_of("product_supplier", "supplier_product_code"),
        xero_price_decimals=xero_price_decimals(orders),
    )


def with_current_minimum(order: Order, minimums: Mapping[str, Decimal], known: Identities) -> Order:
    """An order with its supplier's minimum of now, while somebody may still approve it: terms change after drafting.

    `minimums` are the minimum order values in force, by the contact that is left of each supplier.
    """
    if order.state not in {OrderState.DRAFT, OrderState.FAILED}:
        return order
    return replace(order, minimum_order_value=minimums.get(known.contact_of(order.supplier_id), Decimal(0)))


def xero_price_decimals(orders: Iterable[Order]) -> int:
    """The number of price decimals that Xero kept on the last sent order that shows it; 0 if none does."""
    shown = [order.pushed for order in orders if order.pushed is not None and order.pushed.price_decimals]
    return max(shown, key=lambda pushed: pushed.at).price_decimals if shown else 0


def redraft(
    order_plan: pl.DataFrame,
    orders: Iterable[Order],
    *,
    plan_id: str,
    as_of: date,
    at: datetime,
    data_loaded_at: datetime | None,
    terms: Terms,
    counted: Collection[str] | None = None,
    new_id: Callable[[date], str] = new_order_id,
) -> Redraft:
    """The drafts of a new plan, and what becomes of the untouched drafts before it.

    `order_plan` has the shape of `plan.order_plan`; `data_loaded_at` is when its data were loaded.
    A draft that a person changed or made stays as it is. Its products, removed lines included, are in no new draft.
    An untouched draft with the products, quantities and costs of the plan keeps its id; any other is replaced.
    `counted` are the ids of the orders that the plan counted as on order. The products of an order that was approved
    later are in no new draft either. Products without a supplier are in no draft.
    Each line is expected after its product's lead time, and the order with its last line. The order's date is the
    supplier's next order day.
    """
    orders = list(orders)
    untouched = [order for order in orders if order.state is OrderState.DRAFT and not order.is_edited]
    suggested = [
        drafted(
            rows,
            plan_id=plan_id,
            as_of=as_of,
            at=at,
            data_loaded_at=data_loaded_at,
            terms=terms,
            order_id=new_id(as_of),
        )
        for rows in by_supplier(order_plan, _held_by_people(orders, counted))
    ]
    same = {draft.order_id: order for draft in suggested if (order := _unchanged(draft, untouched)) is not None}
    fresh = [draft for draft in suggested if draft.order_id not in same]
    replaced = [order for order in untouched if order not in same.values()]
    return Redraft(
        superseded=tuple(_superseded(order, fresh, plan_id=plan_id, at=at) for order in replaced),
        drafted=tuple(_in_place_of(draft, replaced) for draft in fresh),
        confirmed=tuple(
            _confirmed(same[draft.order_id], draft)
            for draft in suggested if draft.order_id in same and same[draft.order_id].plan_id != plan_id
        ),
    )  # fmt: skip


def _held_by_people(orders: Sequence[Order], counted: Collection[str] | None) -> set[str]:
    """The products that a new plan does not draft: those of touched drafts, and of orders approved since the plan."""
    touched = [order for order in orders if is_kept(order)]
    held = {line.product_code for order in touched for line in order.lines}.union(
        *(order.taken_out for order in touched)
    )
    if counted is not None:
        since = [order for order in orders if order.state in SUPPLY_STATES and order.order_id not in counted]
        held |= {line.product_code for order in since for line in order.lines}
    return held


def _unchanged(draft: Drafted, untouched: Iterable[Order]) -> Order | None:
    """The untouched draft that is what the plan suggests, None if none is."""
    return next(
        (order for order in untouched if _goes_to(order, draft) and not differences(order.lines, draft.lines)), None
    )


def _goes_to(order: Order, draft: Drafted) -> bool:
    return (order.supplier_id, order.currency) == (draft.supplier_id, draft.currency)


def _superseded(order: Order, drafted: Iterable[Drafted], *, plan_id: str, at: datetime) -> Superseded:
    """The end of an untouched draft, with the draft in its place and what differs; none if the plan has none."""
    successor = next((draft for draft in drafted if _goes_to(order, draft)), None)
    changes = differences(order.lines, successor.lines if successor else ())
    replaced_by = successor.order_id if successor else ""
    return supersede(order, plan_id=plan_id, by=BY_THE_PLAN, at=at, replaced_by=replaced_by, changes=changes)


def _in_place_of(draft: Drafted, replaced: Iterable[Order]) -> Drafted:
    former = next((order.order_id for order in replaced if _goes_to(order, draft)), "")
    return msgspec.structs.replace(draft, replaces=former)


def _confirmed(order: Order, draft: Drafted) -> Confirmed:
    """The untouched draft as the new plan suggests it: the same lines, with that plan's dates and terms."""
    return Confirmed(
        order_id=order.order_id, sequence=order.sequence + 1, at=draft.at, by=draft.by, plan_id=draft.plan_id,
        supplier_id=draft.supplier_id, supplier_name=draft.supplier_name, order_date=draft.order_date,
        expected_arrival_date=draft.expected_arrival_date, lines=draft.lines, data_loaded_at=draft.data_loaded_at,
        minimum_order_value=draft.minimum_order_value, xero_price_decimals=draft.xero_price_decimals,
    )  # fmt: skip


def drafts_frame(orders: Iterable[Order], order_plan: pl.DataFrame | None = None) -> pl.DataFrame:
    """The drafts as `purchase_orders.purchase_order_drafts`: one row per line of a draft.

    `order_plan` is the newest plan, which says how much of each line it would order now, beside the other drafts.
    """
    drafts = [order for order in orders if order.state is OrderState.DRAFT]
    planned = {} if order_plan is None else _planned(order_plan)
    drafted_units: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in (line for order in drafts for line in order.lines):
        drafted_units[line.product_code] += line.quantity
    rows = [
        (
            order.order_id, order.purchase_order_number, order.supplier_id, order.supplier_name, number,
            line.product_code, line.product_name, line.supplier_product_code, float(line.quantity), line.unit_cost,
            order.currency, min(line.value, _MOST), order.minimum_order_value, order.is_below_minimum,
            order.arrival_of(line), order.is_edited, order.plan_id,
            _beside_others(planned.get((line.product_code, order.supplier_id, order.currency)),
                           drafted_units[line.product_code] - line.quantity),
        )
        for order in drafts
        for number, line in enumerate(order.lines, start=1)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=PURCHASE_ORDER_DRAFTS.schema, orient="row")


def _beside_others(planned: float | None, elsewhere: Decimal) -> float | None:
    """What a plan would order of a line if the other drafts with its product stay as they are."""
    return None if planned is None else max(0.0, float(planned_quantity(planned) - elsewhere))


def _planned(order_plan: pl.DataFrame) -> dict[tuple[str, str, str], float]:
    """What a plan would order by itself, by product, supplier and currency."""
    columns = ("product_code", "supplier_id", "currency", "order_quantity")
    return {
        (code, supplier, currency): float(planned_quantity(quantity or 0.0))
        for code, supplier, currency, quantity in as_the_plan_alone(order_plan).select(columns).rows()
    }


def drafted_orders(
    orders: Iterable[Order], known: Identities | None = None, others: Iterable[Order] = ()
) -> pl.DataFrame:
    """The drafts with what a person should know about each: one row per order, the largest value first.

    `others` are orders that were rejected before, or approved since.
    """
    known, others = known or Identities(), list(others)
    rows = [
        (order.purchase_order_number, order.supplier_name, len(order.lines), float(order.value), order.currency,
         "; ".join(filter(None, [
             *changes_in_xero(order, known).remarks, order.remark, rejected_before(order, others),
         ])))
        for order in orders if order.state is OrderState.DRAFT
    ]  # fmt: skip
    columns = ["purchase_order_number", "supplier_name", "lines", "value", "currency", "remark"]
    return pl.DataFrame(rows, schema=columns, orient="row").sort("value", descending=True, maintain_order=True)


def by_supplier(order_plan: pl.DataFrame, kept: set[str]) -> Sequence[list[dict[str, Any]]]:
    """The lines of a plan to order, without the products that are kept out, a list for each supplier and currency."""
    wanted = (
        as_the_plan_alone(order_plan)
        .filter(
            (pl.col("order_quantity").round(QUANTITY_DECIMALS, mode="half_away_from_zero") > 0)
            & pl.col("supplier_id").is_not_null()
            & ~pl.col("product_code").is_in(sorted(kept))
        )
        .sort("supplier_name", "supplier_id", "currency", "product_code")
    )
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in wanted.iter_rows(named=True):
        groups.setdefault((row["supplier_id"], row["currency"]), []).append(row)
    return list(groups.values())


def drafted(
    rows: list[dict[str, Any]],
    *,
    plan_id: str,
    as_of: date,
    at: datetime,
    data_loaded_at: datetime | None,
    terms: Terms,
    order_id: str,
) -> Drafted:
    """The event of a plan suggesting an order of these lines, which are of one supplier and currency.

    Its date is the supplier's next order day, from `as_of` on: an older plan's day may be over.
    """
    first = rows[0]
    return Drafted(
        order_id=order_id,
        sequence=1,
        at=at,
        by=BY_THE_PLAN,
        plan_id=plan_id,
        supplier_id=first["supplier_id"],
        supplier_name=first["supplier_name"],
        currency=first["currency"],
        order_date=max([as_of, *(row["order_on_date"] for row in rows[:1] if row["order_on_date"])]),
        expected_arrival_date=max(_arrival(row, as_of) for row in rows),
        lines=tuple(_line(row, terms, as_of) for row in rows),
        data_loaded_at=data_loaded_at,
        minimum_order_value=terms.minimum_order_values.get(first["supplier_id"], Decimal(0)),
        xero_price_decimals=terms.xero_price_decimals,
    )


def _arrival(row: dict[str, Any], as_of: date) -> date:
    arrival: date | None = row["expected_arrival_date"]
    return arrival or as_of


def _line(row: dict[str, Any], terms: Terms, as_of: date) -> OrderLine:
    return OrderLine(
        product_code=row["product_code"],
        product_name=row["product_name"],
        quantity=planned_quantity(row["order_quantity"]),
        unit_cost=row["order_unit_cost"] or row["unit_cost"],
        supplier_product_code=terms.supplier_product_code(row["product_code"], row["supplier_id"]),
        expected_arrival_date=_arrival(row, as_of),
        price_decimals=terms.xero_price_decimals or PRICE_DECIMALS,
    )


def planned_quantity(units: float) -> Decimal:
    """A planned quantity, rounded to the decimals that Xero keeps."""
    kept = Decimal(str(units)).quantize(Decimal(1).scaleb(-QUANTITY_DECIMALS), ROUND_HALF_UP)
    return kept.normalize() + 0
