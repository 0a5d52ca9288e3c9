"""The parts of bundles, as rows and as pairs, from the text of the setting `bundle_of`.

What belongs here: reading this text. What does not: what a part means for demand (`successors_and_bundles.py`,
`assemblies.py`).
Read more in docs/buyer/bundles.md.
"""

import polars as pl


def parts_of_bundles(settings: pl.DataFrame) -> pl.DataFrame:
    """A row for each part of the products with `bundle_of`: `product_code`, `to_product` and `units`."""
    return (
        settings.drop_nulls("bundle_of")
        .select("product_code", part=pl.col("bundle_of").str.split("; "))
        .explode("part")
        .select(
            "product_code",
            to_product=pl.col("part").str.replace(r":[^:]*$", ""),
            units=pl.col("part").str.extract(r":([^:]*)$").cast(pl.Float64),
        )
    )


def parts_of(bundle: str) -> list[tuple[str, str]]:
    """A bundle's parts: each code with its units, as they are set.

    >>> parts_of("CUP:2; A:B:1")
    [('CUP', '2'), ('A:B', '1')]
    """
    parts = (part.rpartition(":") for part in bundle.split("; ") if part)
    return [(code, units) for code, _, units in parts]
