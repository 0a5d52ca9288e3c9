"""The organisations that a sandbox serves by default: one wholesaler, and others to choose among when connecting.

What belongs here: who they are. What does not: their history (`generator.py`).
Read more in docs/sandbox.md.
"""

import uuid
from datetime import date
from typing import Final

from xero_sandbox.core.documents import Organisation, World
from xero_sandbox.worlds.generator import demo_organisation, generate_wholesaler

OTHER_PRODUCTS: Final = 40
OTHER_MONTHS: Final = 14


def generate_organisations(*, end: date, products: int = 400, months: int = 26, seed: int = 7) -> list[World]:
    """The wholesaler first, then two smaller ones in other currencies and time zones, one of them a demo company."""
    first = generate_wholesaler(
        end=end, products=products, months=months, seed=seed, organisation=demo_organisation()
    )  # fmt: skip
    others = [
        generate_wholesaler(
            end=end, products=min(products, OTHER_PRODUCTS), months=min(months, OTHER_MONTHS), seed=seed + number,
            organisation=organisation,
        )
        for number, organisation in enumerate(_others(), start=1)
    ]  # fmt: skip
    return [first, *others]


def _others() -> list[Organisation]:
    return [
        Organisation(
            tenant_id=str(uuid.UUID(int=0xDE40)), organisation_id=str(uuid.UUID(int=0xDE41)), name="Southern Wholesale",
            short_code="!sOu1", base_currency="NZD", time_zone="NEWZEALANDSTANDARDTIME", country_code="NZ",
        ),
        Organisation(
            tenant_id=str(uuid.UUID(int=0xDE50)), organisation_id=str(uuid.UUID(int=0xDE51)), name="Demo Company (US)",
            short_code="!dCu5", base_currency="USD", time_zone="PACIFICSTANDARDTIME", country_code="US",
            is_demo_company=True,
        ),
    ]  # fmt: skip
