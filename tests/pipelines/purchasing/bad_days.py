"""What goes wrong between us and Xero on a bad day, and what schedules of such days share and leave behind."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import dagster as dg
from hypothesis import strategies as st

from pipelines.errors import PlannerError
from pipelines.store.engine import Store
from xero_sandbox.app.testing import RunningSandbox
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.core.documents import Document, Item

methods = st.sampled_from(["PUT", "GET", ""])
bad_days = st.one_of(
    st.builds(Fault, kind=st.sampled_from(["drop_before", "drop_after", "expire_tokens"]), method=methods),
    st.builds(
        Fault, kind=st.just("answer"), method=methods, status=st.sampled_from([500, 503, 502]),
        body=st.sampled_from(["", "<html>oops</html>"]), is_after_commit=st.booleans(), times=st.sampled_from([1, 3]),
    ),
    st.builds(
        Fault, kind=st.just("answer"), method=st.just("PUT"), status=st.sampled_from([200, 400]),
        body=st.sampled_from(["<html>hello</html>", '{"Message": "no"}']), is_after_commit=st.booleans(),
    ),
    st.builds(
        Fault, kind=st.just("truncate"), method=st.just("PUT"), keep_bytes=st.integers(0, 900), is_cut=st.booleans()
    ),
    st.builds(Fault, kind=st.just("rate_limit"), method=methods, retry_after=st.just(0), times=st.sampled_from([1, 3])),
    st.builds(Fault, kind=st.just("rate_limit"), method=methods, retry_after=st.just(7200), problem=st.just("day")),
    st.builds(Fault, kind=st.just("stale_read"), method=st.just("GET"), seconds=st.sampled_from([60.0, 600.0])),
)  # fmt: skip


@dataclass
class Loaded:
    """What a last load saw at the end of a schedule, and the units of each product that are then to come."""

    purchase_orders: list[Document]
    ledger_lines: list[dict[str, Any]]
    to_come: dict[str, Decimal]


@dataclass
class World:
    """What all schedules of a run share."""

    store: Store
    sandbox: RunningSandbox
    instance: dg.DagsterInstance
    supplier: Any
    items: dict[str, Item]
    schedules: Iterator[int] = field(default_factory=itertools.count)
    loads: list[Loaded] = field(default_factory=list)


@dataclass
class LostCalls:
    """A gateway that remembers what was sent to Xero, so that it can arrive a second time, late."""

    client: Any
    sent: list[tuple[list[dict[str, object]], str]] = field(default_factory=list)

    def put_purchase_orders(self, bodies: list[dict[str, object]], *, idempotency_key: str) -> Any:
        self.sent.append((bodies, idempotency_key))
        return self.client.put_purchase_orders(bodies, idempotency_key=idempotency_key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def arrive(self) -> None:
        for bodies, key in self.sent:
            with suppress(PlannerError):
                self.client.put_purchase_orders(bodies, idempotency_key=key)
