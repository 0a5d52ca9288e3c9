"""Assembled bundles: bundles that keep stock of their own, and the parts that assembling them takes.

What belongs here: reading the settings `bundle_of` and `is_assembled`, and the order in which products are planned.
What does not: bundles without stock, whose demand is that of their parts (`successors_and_bundles.py`).
Read more in docs/maths.md#assembled-bundles.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from pipelines.planning_settings.demand_settings.bundle_parts import parts_of, parts_of_bundles
from pipelines.planning_settings.demand_settings.transfer_steps import MOST_STEPS, resolved_transfers, without_cycles
from pipelines.planning_settings.successors_and_bundles import bundle_settings, transfers_of
from pipelines.storage.tables import DEMAND_TRANSFERS

ASSEMBLIES: Final = pl.Schema({"product_code": pl.String, "part": pl.String, "units": pl.Float64})
_AS_TRANSFERS: Final = {"part": "to_product"}
_AS_ASSEMBLIES: Final = {"to_product": "part"}


def assemblies_of(settings: pl.DataFrame, transfers: pl.DataFrame) -> pl.DataFrame:
    """What one unit of each assembled bundle takes: the shape of `ASSEMBLIES`, one level, parts that are products.

    `settings` are `wide_settings` of all products, `transfers` those of `transfers_of`: a part whose demand counts for
    others stands for these. Bundles that lead back to themselves take nothing.
    """
    parts = parts_of_bundles(settings.filter("is_assembled"))
    known = parts.join(settings, left_on="to_product", right_on="product_code", how="semi").filter(pl.col("units") > 0)
    goes = resolved_transfers(transfers).rename({"product_code": "to_product", "to_product": "end", "units": "each"})
    ended = (
        known.join(goes, on="to_product", how="left")
        .select(
            "product_code",
            to_product=pl.coalesce("end", "to_product"),
            units=pl.col("units") * pl.col("each").fill_null(1.0),
        )
        .group_by("product_code", "to_product")
        .agg(pl.col("units").sort().sum())
        .cast(DEMAND_TRANSFERS.schema)
    )
    return without_cycles(ended).rename(_AS_ASSEMBLIES).cast(ASSEMBLIES).sort("product_code", "part")


def all_parts(assemblies: pl.DataFrame) -> pl.DataFrame:
    """What one unit of each assembled bundle takes at every level, the assembled parts and what they take in turn.

    >>> steps = [("BOX", "SET", 2.0), ("SET", "CUP", 3.0)]
    >>> all_parts(pl.DataFrame(steps, schema=ASSEMBLIES, orient="row")).rows()
    [('BOX', 'CUP', 6.0), ('BOX', 'SET', 2.0), ('SET', 'CUP', 3.0)]
    """
    step = assemblies.rename({"product_code": "part", "part": "next", "units": "each"})
    level, found = assemblies, [assemblies]
    for _ in range(MOST_STEPS):
        level = level.join(step, on="part").select("product_code", part="next", units=pl.col("units") * pl.col("each"))
        if level.is_empty():
            break
        found.append(level)
    return (
        pl.concat(found).group_by("product_code", "part").agg(pl.col("units").sort().sum()).sort("product_code", "part")
    )


def planning_levels(assemblies: pl.DataFrame, product_codes: Sequence[str]) -> list[list[str]]:
    """The products in the order in which they are planned: no bundle after one of its parts (low-level codes).

    >>> steps = pl.DataFrame([("BOX", "SET", 2.0), ("SET", "CUP", 3.0)], schema=ASSEMBLIES, orient="row")
    >>> planning_levels(steps, ["BOX", "CUP", "SET", "TEA"])
    [['BOX', 'TEA'], ['SET'], ['CUP']]
    """
    level = dict.fromkeys(product_codes, 0)
    for _ in range(MOST_STEPS + 1):
        below = [(part, level.get(code, 0) + 1) for code, part in assemblies.select("product_code", "part").rows()]
        lower = [(part, depth) for part, depth in below if part in level and depth > level[part]]
        if not lower:
            break
        for part, depth in sorted(lower, key=lambda pair: pair[1]):
            level[part] = max(level[part], depth)
    depths = sorted(set(level.values()))
    return [[code for code in product_codes if level[code] == depth] for depth in depths]


def demand_ways(plan_settings: pl.DataFrame, product_code: str) -> pl.DataFrame:
    """Whose demand counts for whom as a product sees it: transfers, and bundles whose parts need them.

    The shape of `DEMAND_TRANSFERS`. The demand of an assembled bundle counts for itself.
    """
    settings = bundle_settings(plan_settings)
    transfers = transfers_of(settings)
    assembled = assemblies_of(settings, transfers).rename(_AS_TRANSFERS).filter(pl.col("product_code") != product_code)
    return pl.concat([transfers, assembled.cast(DEMAND_TRANSFERS.schema)])


def assembly_remarks(plan_settings: pl.DataFrame, order_plan: pl.DataFrame, product_code: str) -> list[str]:
    """Sentences: what a bundle is assembled from, and for which bundles a part is taken.

    `order_plan` has the rows of all bundles of its table.
    """
    settings = bundle_settings(plan_settings)
    transfers = transfers_of(settings)
    assemblies = assemblies_of(settings, transfers)
    shown = _own_remarks(settings, assemblies, plan_settings, product_code)
    of_part = assemblies.filter(pl.col("part") == product_code).join(
        order_plan.select("product_code", "assembly_quantity", "assemble_now_quantity", "assembly_waits_for"),
        on="product_code",
    )
    for code, _, units, quantity, now, waits_for in of_part.sort("product_code").rows():
        takes = f"; {quantity:g} are to be assembled, which takes {quantity * units:g}" if quantity else ""
        shown.append(f"Part of {code}, {units:g} for each: what {code} sells is demand of this product too{takes}.")
        if waits_for == product_code:
            shown.append(f"{quantity - now:g} of {code} wait for this product.")
    return shown


def _own_remarks(settings: pl.DataFrame, assemblies: pl.DataFrame, plan_settings: pl.DataFrame, code: str) -> list[str]:
    own = plan_settings.filter(product_code=code).select("name", "value")
    values = dict(own.rows())
    if values.get("is_assembled") != "true":
        return []
    if not values.get("bundle_of"):
        return ["The setting is_assembled is ignored: the product has no parts (bundle_of)."]
    parts = assemblies.filter(product_code=code)
    each = ", ".join(f"{part} ({units:g} each)" for part, units in parts.select("part", "units").rows())
    known = set(settings["product_code"])
    gone = [part for part, _ in parts_of(values["bundle_of"]) if part not in known]
    shown = [f"Assembled from {each}."] if each else ["Assembled, but no part of it is a product that can be planned."]
    if gone:
        shown.append(f"Without {', '.join(gone)}: Xero has no such product any more.")
    return shown


def where_demand_counts(transfers: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """For each product whose sales count for others, all those that they count for: the shape of `DEMAND_TRANSFERS`.

    `transfers` are those of `transfers_of`, `parts` those of `all_parts`. What an assembled bundle sells counts for
    itself too; a product without a row counts for itself alone.

    >>> kit = pl.DataFrame([("KIT", "SET", 2.0)], schema=DEMAND_TRANSFERS.schema, orient="row")
    >>> parts = pl.DataFrame([("SET", "CUP", 3.0)], schema=ASSEMBLIES, orient="row")
    >>> where_demand_counts(kit, parts).rows()
    [('KIT', 'CUP', 6.0), ('KIT', 'SET', 2.0), ('SET', 'CUP', 3.0), ('SET', 'SET', 1.0)]
    """
    goes = resolved_transfers(transfers)
    bundles = parts.select("product_code").unique().join(goes, on="product_code", how="anti")
    itself = bundles.select("product_code", to_product="product_code", units=pl.lit(1.0))
    ends = pl.concat([goes.cast(DEMAND_TRANSFERS.schema), itself.cast(DEMAND_TRANSFERS.schema)])
    taken = parts.select(to_product="product_code", part="part", each="units")
    dependent = ends.join(taken, on="to_product").select(
        "product_code", to_product="part", units=pl.col("units") * pl.col("each")
    )
    return (
        pl.concat([ends, dependent.cast(DEMAND_TRANSFERS.schema)])
        .group_by("product_code", "to_product")
        .agg(pl.col("units").sort().sum())
        .sort("product_code", "to_product")
    )
