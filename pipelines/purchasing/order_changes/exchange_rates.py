"""The exchange rate at which an order's value is compared with a limit in base currency.

What belongs here: choosing among the rates of a supplier and of a currency, pure. What does not: the limit
(`second_person.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl


@dataclass(frozen=True)
class Rates:
    """How much of a currency one unit of base currency buys: by supplier id and currency, and by currency alone.

    Of several rates the lowest holds, since it gives the largest value in base currency: no limit is missed because a
    rate is old, or another supplier's.
    """

    of_suppliers: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    of_currencies: Mapping[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Iterable[pl.DataFrame]) -> "Rates":
        """The rates in tables with the columns `supplier_id`, `currency` and `currency_rate`."""
        columns = ("supplier_id", "currency", "currency_rate")
        known = pl.concat(
            [table.select(columns).filter(pl.col("currency_rate") > 0, pl.col("currency").is_not_null())
             for table in tables]
        )  # fmt: skip
        of_suppliers: dict[tuple[str, str], Decimal] = {}
        of_currencies: dict[str, Decimal] = {}
        for supplier, currency, rate in known.rows():
            of_currencies[currency] = min(rate, of_currencies.get(currency, rate))
            if supplier is not None:
                of_suppliers[supplier, currency] = min(rate, of_suppliers.get((supplier, currency), rate))
        return cls(of_suppliers, of_currencies)

    def rate(self, supplier_id: str, currency: str) -> Decimal | None:
        """The rate of an order to a supplier: the supplier's own, else the currency's; None if none is known.

        >>> rates = Rates({("s-1", "USD"): Decimal("1.30")}, {"USD": Decimal("1.10")})
        >>> rates.rate("s-1", "USD"), rates.rate("s-2", "USD"), rates.rate("s-1", "EUR")
        (Decimal('1.30'), Decimal('1.10'), None)
        """
        return self.of_suppliers.get((supplier_id, currency)) or self.of_currencies.get(currency)
