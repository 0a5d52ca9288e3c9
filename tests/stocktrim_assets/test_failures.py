"""What Dagster tries again by itself: trouble that passes, and only where nobody waits for it."""

import dagster as dg
import pytest

from pipelines.errors import DataError, PlannerError
from pipelines.xero.errors import DayLimitError, SignInError, XeroUnreachableError
from stocktrim_assets.assets.raw import load_from_xero
from stocktrim_assets.failures import told_plainly

AWAY = XeroUnreachableError("Xero is away.")
USED_UP = DayLimitError("Used up until tomorrow.", retry_after_seconds=40_000)


@pytest.mark.parametrize(
    ("trouble", "is_retried", "is_tried_again"),
    [
        (AWAY, True, True),
        (AWAY, False, False),
        (USED_UP, True, False),
        (SignInError("Sign in."), True, False),
        (DataError("Wrong."), True, False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(
    trouble: PlannerError, is_retried: bool, is_tried_again: bool
) -> None:
    with pytest.raises(dg.Failure) as told, told_plainly(is_retried=is_retried):
        raise trouble
    assert told.value.allow_retries is is_tried_again
    assert told.value.description == str(trouble)


def test_the_load_has_a_retry_policy() -> None:
    policy = load_from_xero.op.retry_policy
    assert policy is not None
    assert policy.max_retries == 2
