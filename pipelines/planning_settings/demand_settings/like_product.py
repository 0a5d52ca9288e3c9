"""A new product that is forecast like another one: reading the setting `like_product`, and how long it counts.

What belongs here: the setting's text, the products that it holds for, its weight. What does not: the forecast
(`pipelines.forecasting.special_demand.like_products`).
Read more in docs/maths.md#new-products.
"""

from decimal import Decimal, InvalidOperation
from typing import Final

import polars as pl

from pipelines.planning_settings.decimals import DECIMALS, plain
from pipelines.planning_settings.setting_values import ValueForm

LIKES: Final = pl.Schema({"product_code": pl.String, "like_code": pl.String, "factor": pl.Float64})
PRIOR_WEEKS: Final = 4.0
"""Own weeks of sales that count as much as the other product does."""
LONGEST_WEEKS: Final = 52.0
MOST_TIMES: Final = Decimal(1000)


def like() -> ValueForm:
    """Another product's code with a factor in the stored form: "P-0012 * 0.8"."""
    allowed = f"the code of a product and a factor above 0 and up to {MOST_TIMES}, such as P-0012 * 0.8"

    def parse(text: str) -> str:
        if text.strip().lower() in {"", "none"}:
            return ""
        code, factor = _split(text)
        if not code or not factor.is_finite() or not 0 < factor <= MOST_TIMES or factor != round(factor, DECIMALS):
            raise ValueError(allowed)
        return like_text(code, factor)

    return ValueForm("like", allowed, parse, is_optional=True)


def like_text(code: str, factor: Decimal) -> str:
    """The stored text of the setting.

    >>> like_text("P-0012", Decimal("0.80"))
    'P-0012 * 0.8'
    """
    return f"{code} * {plain(factor)}"


def like_of(text: str) -> tuple[str, Decimal]:
    """The code and the factor of a stored setting.

    >>> like_of("A * B * 0.8")
    ('A * B', Decimal('0.8'))
    """
    code, _, factor = text.rpartition(" * ")
    return code, Decimal(factor)


def _split(text: str) -> tuple[str, Decimal]:
    """The code and the factor that a person typed; without a factor it is 1."""
    code, star, factor = text.rpartition("*")
    if not star:
        return text.strip(), Decimal(1)
    try:
        return code.strip(), Decimal(factor.strip().replace(",", "."))
    except InvalidOperation:
        return text.strip(), Decimal(1)


def likes_of(settings: pl.DataFrame) -> pl.DataFrame:
    """The products that are set to be like another one: the shape of `LIKES`; only products that Xero has.

    `settings` are `wide_settings` of all products. A product is not like one that is itself like another one.
    """
    own = settings.drop_nulls("like_product").select("product_code", "like_product")
    rows = [(code, *like_of(text)) for code, text in own.rows()]
    likes = pl.DataFrame([(a, b, float(f)) for a, b, f in rows], schema=LIKES, orient="row")
    known = likes.join(settings, left_on="like_code", right_on="product_code", how="semi")
    return known.join(own, left_on="like_code", right_on="product_code", how="anti").sort("product_code")


def own_share(weeks: float) -> float:
    """The share of a product's own sales after so many weeks: Z = n / (n + 4), and all of it after a year.

    The credibility of n observations (Bühlmann 1967).

    >>> [round(own_share(weeks), 2) for weeks in (0, 2, 4, 12, 52)]
    [0.0, 0.33, 0.5, 0.75, 1.0]
    """
    return 1.0 if weeks >= LONGEST_WEEKS else max(0.0, weeks) / (max(0.0, weeks) + PRIOR_WEEKS)
