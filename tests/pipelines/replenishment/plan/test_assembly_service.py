"""Bundles with stock of their own and the sales of their parts are served as promised, in a simulated small world."""

import pytest

from tests.pipelines.replenishment.plan.assembly_world import Service, simulated

TOLERANCE = 0.015


def compared(pairs: int, weeks: int) -> tuple[Service, Service]:
    return simulated(pairs, weeks, is_assembled=True), simulated(pairs, weeks, is_assembled=False)


def check(assembled: Service, exploded: Service) -> None:
    """At a service level of 95% no kind of sale has less, and the price of finished stock is bounded."""
    assert min(assembled.bundle_weeks, assembled.part_weeks) > 0.95 - TOLERANCE
    assert min(assembled.bundle_fill, assembled.part_fill) > 0.98
    assert assembled.part_weeks > exploded.part_weeks - TOLERANCE
    assert assembled.stock_in_parts < 1.6 * exploded.stock_in_parts


def test_finished_bundles_and_parts_keep_their_service_level():
    check(*compared(pairs=25, weeks=10))


@pytest.mark.soak
def test_finished_bundles_and_parts_keep_their_service_level_for_long():
    check(*compared(pairs=100, weeks=60))
