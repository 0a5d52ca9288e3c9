"""Assembled bundles in the plan: what to assemble, what that takes of the parts, and how much parts on hand allow.

What belongs here: deciding bundles before their parts, and what assemblies require of parts. What does not: which
products are assembled (`planning_settings/demand_settings`), the demand of parts through bundles
(`forecasting/history`).
Read more in docs/maths.md#assembled-bundles.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from pipelines.planning_settings.demand_settings.assemblies import planning_levels
from pipelines.replenishment.decision.order_decision import Decision

REQUIREMENTS: Final = pl.Schema({"product_code": pl.String, "assembly_requirement": pl.Float64})
ORDER: Final = "order"
ASSEMBLE: Final = "assemble"
NO_ACTION: Final = "none"
_TINY: Final = 1e-6
DecideProducts = Callable[[Sequence[str], pl.DataFrame], pl.DataFrame]


def requirements_by_level(
    assemblies: pl.DataFrame, horizons: pl.DataFrame, decide_products: DecideProducts
) -> pl.DataFrame:
    """What assemblies require of all parts (the shape of `REQUIREMENTS`): bundles are decided before their parts.

    `decide_products` decides the products of a level, given what assemblies require of them. `horizons` has
    `product_code` and `horizon_days`.
    """
    required = REQUIREMENTS.to_frame()
    decided: list[pl.DataFrame] = []
    for codes in planning_levels(assemblies, assemblies["product_code"].unique().sort().to_list()):
        if codes:
            decided.append(decide_products(codes, required))
            required = assembly_requirements(pl.concat(decided), assemblies, horizons)
    return required


def with_assemblies(
    table: Callable[[pl.DataFrame, Decision], pl.DataFrame], known: pl.DataFrame, decision: Decision
) -> pl.DataFrame:
    """The decision as a table, in which what assemblies require is a step of its own.

    Finished bundles serve no sale of the part itself: without parts no days are left.
    """
    decided = table(known, decision)
    is_out = pl.col("stock_on_hand") <= pl.col("stock_committed")
    sells = pl.col("demand_before_arrival") + pl.col("demand_in_cover") > 0
    days = ("days_to_stock_out", "days_to_stock_out_soonest")
    return decided.with_columns(
        pl.when(is_out & sells & (pl.col("assembly_requirement") < 0)).then(pl.lit(0.0)).otherwise(name).alias(name)
        for name in days
    )


def assembly_requirements(planned: pl.DataFrame, assemblies: pl.DataFrame, horizons: pl.DataFrame) -> pl.DataFrame:
    """What the planned bundles require of their parts beyond the demand through them: the shape of `REQUIREMENTS`.

    `planned` are the decided bundles. Within the H days of a part's protection interval a bundle with the
    gap g, d sold a day and an assembly every R days is assembled on days 0, R, 2R ..., the last time on day T:

        g now, and d T to replace what is sold until T: g + d T in all, but at least 0

    The part's forecast counts d H of it. With u units of the part in a bundle, summed over its bundles,

        requirement = u max(g - d (H - T), -d H)

    Negative: finished bundles serve some of the demand that the part's forecast counts.
    """
    days, every = pl.col("horizon_days"), pl.col("review_days").clip(lower_bound=1)
    last = (days - 1).clip(lower_bound=0) // every * every
    sold, sold_later = pl.col("daily_demand") * days, pl.col("daily_demand") * (days - last)
    return (
        assemblies.join(assembly_gaps(planned), on="product_code")
        .join(horizons.select("horizon_days", part="product_code"), on="part")
        .with_columns(required=pl.col("units") * pl.max_horizontal(pl.col("gap") - sold_later, -sold))
        .group_by(product_code="part")
        .agg(assembly_requirement=pl.col("required").sort().sum().round(4))
        .cast(REQUIREMENTS)
        .sort("product_code")
    )


def assembly_gaps(decided: pl.DataFrame) -> pl.DataFrame:
    """For each decided bundle its gap: what is assembled now, else the order-up-to level less the stock position.

    A product that is not planned, or has no room on the shelf, has no gap.
    """
    quantity = pl.col("quantity_after_cap")
    is_open = pl.col("exclusion").is_null() & ~pl.col("is_ordered")
    short = pl.col("order_up_to_level") - pl.col("stock_position")
    gap = pl.when(quantity > 0).then(quantity).when(is_open).then(short).otherwise(0.0)
    daily = pl.col("horizon_demand") / pl.col("horizon_days").clip(lower_bound=1)
    return decided.select("product_code", daily_demand=daily, gap=gap, review_days="order_frequency_days")


def with_actions(plan: pl.DataFrame) -> pl.DataFrame:
    """The plan with `order_action`: an assembled bundle is assembled, and nothing of it is ordered."""
    is_assembled, quantity = pl.col("is_assembled"), pl.col("order_quantity")
    return plan.with_columns(
        assembly_quantity=pl.when(is_assembled).then(quantity).otherwise(0.0),
        order_quantity=pl.when(is_assembled).then(0.0).otherwise(quantity),
        order_action=pl.when(quantity <= 0)
        .then(pl.lit(NO_ACTION))
        .when(is_assembled)
        .then(pl.lit(ASSEMBLE))
        .otherwise(pl.lit(ORDER)),
        assemble_now_quantity=pl.lit(0.0),
        assembly_waits_for=pl.lit(""),
    )


def with_parts_on_hand(planned: pl.DataFrame, assemblies: pl.DataFrame) -> pl.DataFrame:
    """The plan with how many of each bundle the parts on hand allow now, and for which part the others wait.

    Parts go to the bundle that runs out first. Allocated parts do not count; a part that is not planned is no limit.
    """
    wanted = planned.filter(pl.col("assembly_quantity") > 0)
    if wanted.is_empty():
        return planned
    of_bundle: dict[str, list[tuple[str, float]]] = {}
    for code, part, units in assemblies.rows():
        of_bundle.setdefault(code, []).append((part, units))
    left = {
        code: max(0.0, on_hand - committed)
        for code, on_hand, committed, reason in planned.select(
            "product_code", "stock_on_hand", "stock_committed", "reason"
        ).rows()
        if reason != "untracked"
    }  # fmt: skip
    urgent = wanted.sort("days_to_stock_out", "product_code", nulls_last=True)
    rows = [_allowed(row, of_bundle.get(row["product_code"], []), left) for row in urgent.to_dicts()]
    allowed = pl.DataFrame(
        rows, schema={"product_code": pl.String, "now": pl.Float64, "waits": pl.String}, orient="row"
    )  # fmt: skip
    return (
        planned.join(allowed, on="product_code", how="left", maintain_order="left")
        .with_columns(
            assemble_now_quantity=pl.col("now").fill_null(0.0), assembly_waits_for=pl.col("waits").fill_null("")
        )
        .select(planned.columns)
    )


def _allowed(
    row: Mapping[str, Any], parts: Sequence[tuple[str, float]], left: dict[str, float]
) -> tuple[str, float, str]:
    """A bundle, how many of it can be assembled now, and the scarcest part if that is not all; takes its parts."""
    quantity = float(row["assembly_quantity"])
    allowed = [(left[part] / units, part) for part, units in parts if part in left]
    most, scarcest = min(allowed, default=(quantity, ""))
    if most + _TINY >= quantity:
        now, waits = quantity, ""
    else:
        now, waits = float(int(most + _TINY)), scarcest
    for part, units in parts:
        if part in left:
            left[part] = max(0.0, left[part] - now * units)
    return row["product_code"], now, waits
