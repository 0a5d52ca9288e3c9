"""Whose demand counts for whom, by the settings `successor_of` and `bundle_of`: as rows, and in words.

What belongs here: reading these settings, for the plan, the backtest and the explanation alike. What does not: moving
demand (`forecasting/history/transferred_demand.py`), refusing what cannot be set (`validation.py`).
Read more in docs/maths.md.
"""

from collections.abc import Collection
from typing import Final

import polars as pl

from pipelines.planning_settings.demand_settings.bundle_parts import parts_of, parts_of_bundles
from pipelines.planning_settings.demand_settings.transfer_steps import MOST_STEPS, resolved_transfers, without_cycles
from pipelines.planning_settings.registry import is_assembled_bundle
from pipelines.storage.tables import DEMAND_TRANSFERS

BUNDLE_SETTINGS: Final = ("successor_of", "bundle_of", "is_assembled")


def transfers_of(settings: pl.DataFrame) -> pl.DataFrame:
    """Whose demand counts for whom, from `wide_settings` of all products: the shape of `DEMAND_TRANSFERS`.

    A bundle has several parts, a predecessor one successor. An assembled bundle, a bundle with a part that is no
    product, and products that lead back to themselves, directly or through others, keep their demand.
    """
    succeeded = settings.drop_nulls("successor_of").select(
        product_code="successor_of", to_product="product_code", units=pl.lit(1.0)
    )
    parts = parts_of_bundles(settings.filter(~pl.col("is_assembled")))
    nowhere = parts.join(settings, left_on="to_product", right_on="product_code", how="anti")
    parts = parts.join(nowhere, on="product_code", how="anti")
    first = succeeded.sort("to_product").unique("product_code", keep="first", maintain_order=True)
    transfers = pl.concat([parts, first.join(parts, on="product_code", how="anti")]).cast(DEMAND_TRANSFERS.schema)
    return without_cycles(transfers).sort("product_code", "to_product")


def bundle_settings(plan_settings: pl.DataFrame) -> pl.DataFrame:
    """The settings in `BUNDLE_SETTINGS` of all products as `wide_settings` has them, a column each.

    What is set is put beside the codes: a pivot of 30,000 products takes several times as long, and the page of a
    product needs this several times.
    """
    found = plan_settings.filter(pl.col("name").is_in(BUNDLE_SETTINGS))
    products = found.select(pl.col("product_code").unique().sort())
    is_set = found.filter(pl.col("value") != "")
    for name in BUNDLE_SETTINGS:
        of_name = is_set.filter(pl.col("name") == name).select("product_code", pl.col("value").alias(name))
        products = products.join(of_name, on="product_code", how="left", maintain_order="left")
    return products.with_columns(is_assembled=is_assembled_bundle())


def transfers_in_force(plan_settings: pl.DataFrame) -> pl.DataFrame:
    """Whose demand counts for whom by the settings of a plan: the shape of `DEMAND_TRANSFERS`."""
    return transfers_of(bundle_settings(plan_settings))


def demand_transfers(planning_settings: pl.DataFrame, product_codes: Collection[str]) -> pl.DataFrame:
    """Whose demand counts for whom once every step is taken: `raw.demand_transfers`.

    `planning_settings` has the shape of its table, `product_codes` are all products. A bundle of bundles is its last
    parts, a successor's successor the last one.
    """
    own = planning_settings.filter(
        pl.col("level") == "product", pl.col("name").is_in(BUNDLE_SETTINGS), pl.col("value") != ""
    )
    products = pl.DataFrame({"product_code": sorted(product_codes)}, schema={"product_code": pl.String})
    for name in BUNDLE_SETTINGS:
        of_name = own.filter(pl.col("name") == name).select(product_code="subject", **{name: "value"})
        products = products.join(of_name, on="product_code", how="left")
    products = products.with_columns(is_assembled=(pl.col("is_assembled") == "true").fill_null(value=False))
    return resolved_transfers(transfers_of(products)).cast(DEMAND_TRANSFERS.schema)


def counted_for(transfers: pl.DataFrame, product_code: str) -> dict[str, float]:
    """The products whose demand counts for a product, with the units of it that a unit of each counts for.

    >>> steps = [("SET", "CUP", 2.0), ("BOX", "SET", 6.0)]
    >>> transfers = pl.DataFrame(steps, schema=DEMAND_TRANSFERS.schema, orient="row")
    >>> counted_for(transfers, "CUP"), counted_for(transfers, "SET")
    ({'CUP': 1.0, 'SET': 2.0, 'BOX': 12.0}, {})
    """
    if product_code in transfers["product_code"]:
        return {}
    step = {product_code: 1.0}
    counted = dict(step)
    for _ in range(MOST_STEPS):
        rows = transfers.filter(pl.col("to_product").is_in(list(step))).sort("product_code", "to_product").rows()
        before, step = step, {}
        for code, to, units in rows:
            step[code] = step.get(code, 0.0) + units * before[to]
        for code, units in step.items():
            counted[code] = counted.get(code, 0.0) + units
    return counted


def sold_as(transfers: pl.DataFrame, product_code: str) -> dict[str, float]:
    """The products whose sales are shown for a product, with the units of it that a unit of each counts for.

    These are the products whose demand counts for it; if its demand counts for others, itself.
    """
    return counted_for(transfers, product_code) or {product_code: 1.0}


def transfers_in_words(plan_settings: pl.DataFrame, transfers: pl.DataFrame, product_code: str) -> list[str]:
    """Sentences: whose sales count for a product, for whom its own count, and settings that are ignored."""
    own = plan_settings.filter(pl.col("product_code") == product_code, pl.col("name").is_in(BUNDLE_SETTINGS))
    old, parts, assembled = (dict(own.select("name", "value").rows()).get(name, "") for name in BUNDLE_SETTINGS)
    goes = transfers.filter(pl.col("product_code") == product_code).sort("to_product")
    shown = [_goes(goes, is_bundle=bool(parts))] if goes.height else []
    known = set(plan_settings["product_code"].unique().to_list())
    for code, units in sorted(counted_for(transfers, product_code).items()):
        if code != product_code:
            now = "" if code in known else ", which is no longer a product in Xero,"
            shown.append(f"Sales of {code}{now} count for this product ({units:g} for each unit).")
    if parts and goes.is_empty() and assembled != "true":
        unknown = {code for code, _ in parts_of(parts)} - known
        shown.append(f"The setting bundle_of ({parts}) is ignored: {_why(unknown)}.")
    if old and transfers.filter(product_code=old, to_product=product_code).is_empty():
        shown.append(f"The setting successor_of ({old}) is ignored: {_why({old} - known)}.")
    return shown


def _goes(goes: pl.DataFrame, *, is_bundle: bool) -> str:
    if not is_bundle:
        return f"Its demand counts for its successor {goes['to_product'][0]}."
    each = (f"{code} ({units:g} each)" for code, units in goes.select("to_product", "units").rows())
    return f"Planned as its parts: {', '.join(each)}."


def _why(unknown: set[str]) -> str:
    """Why a setting is ignored, given the codes in it that are no products."""
    if unknown:
        return f"there is no product {', '.join(sorted(unknown))}"
    return "that demand counts for another product already, or would return to its own"
