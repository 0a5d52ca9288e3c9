"""For all tests: Xero's own OpenAPI document, where it is at hand, judges every answer of every sandbox."""

import os
from pathlib import Path

import pytest

from tests.xero_sandbox.xero_contract import Contract
from xero_sandbox.app.testing import Judging

KEPT_AT = Path(__file__).parents[3] / "shared" / "spec" / "xero_accounting.yaml"


@pytest.fixture(scope="session")
def contract() -> Contract | None:
    """Xero's OpenAPI document; None, and said so by the tests that are about it, where XERO_OPENAPI_FILE names none."""
    path = os.environ.get("XERO_OPENAPI_FILE")
    if not path and os.environ.get("CI") == "true" and KEPT_AT.exists():
        pytest.fail(f"{KEPT_AT} is here, but XERO_OPENAPI_FILE does not name it.")
    return Contract(Path(path)) if path else None


@pytest.fixture(scope="session", autouse=True)
def judged_sandboxes(contract: Contract | None) -> None:
    Judging.usual = contract.check if contract is not None else None
