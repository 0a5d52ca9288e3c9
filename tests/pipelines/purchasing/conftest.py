"""A ledger in a real store, and a real Xero on this machine."""

import itertools
from collections.abc import Iterator

import pytest

from pipelines.store.engine import Store, open_store
from pipelines.store.order_ledger import OrderLedger
from tests.pipelines.purchasing.purchasing_builders import Xero, a_supplied_world
from xero_sandbox.app.testing import running_sandbox

_KEYS = (f"organisation-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the ledger is kept, for all tests of a module; each has an organisation of its own in it."""
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.sqlite'}"


@pytest.fixture(scope="module")
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def organisation() -> str:
    """An organisation that nobody used before."""
    return next(_KEYS)


@pytest.fixture
def ledger(store: Store, organisation: str) -> OrderLedger:
    return OrderLedger(store, organisation)


@pytest.fixture
def xero() -> Iterator[Xero]:
    with running_sandbox([a_supplied_world()]) as sandbox:
        yield Xero(sandbox)
