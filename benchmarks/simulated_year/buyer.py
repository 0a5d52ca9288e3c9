"""The buyer: once a week the real commands, one after the other, and what the plan said then.

What belongs here: which commands a buyer runs. What does not: the world (`world.py`), what is absurd (`checks.py`).
"""

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

import polars as pl

from benchmarks.simulated_year.world_demand import DAYS
from pipelines.organisations.open_organisation import OpenOrganisation
from stocktrim_cli.main import main
from xero_sandbox.app.testing import RunningSandbox

KEY: Final = "demo"
USER: Final = "buyer"
SETTINGS: Final = (
    ("service_level", "0.95"),
    ("lead_time_rule", "learned"),
    ("batch_size", "6", "--product", "P-0002"),
    ("minimum_order_quantity", "10", "--product", "P-0003"),
    ("maximum_shelf_level", "60", "--product", "P-0005"),
)


class CommandFailedError(Exception):
    """A command of the planner ended with an error that the year did not expect."""


@dataclass(frozen=True)
class Review:
    """A review: its plan, its drafts before anyone approved them, and the orders that were not approved, with why."""

    plan: pl.DataFrame
    drafts: list[dict[str, Any]]
    refused: dict[str, str]


@dataclass(frozen=True)
class Buyer:
    """Runs `stocktrim` in this process, in a home of its own, at the sandbox's time."""

    home: Path
    sandbox: RunningSandbox

    def begin(self, *, weeks_between_reviews: int) -> None:
        """Connect the wholesaler and say what is wanted."""
        there = {
            "XERO_API_URL": self.sandbox.url, "XERO_IDENTITY_URL": self.sandbox.url,
            "XERO_CLIENT_ID": self.sandbox.client_id, "XERO_CLIENT_SECRET": self.sandbox.client_secret,
        }  # fmt: skip
        with mock.patch.dict(os.environ, there):
            self.run("connect", "--custom", "--organisation", KEY)
        self.run("load")
        self.run("settings", "set", "order_frequency_days", str(DAYS * weeks_between_reviews))
        for words in SETTINGS:
            self.run("settings", "set", *words)

    def review(self) -> Review:
        """Load, plan, approve every draft that may be approved, send."""
        self.run("load")
        self.run("plan")
        drafts = json.loads(self.run("orders", "list", "--state", "draft", "--json"))
        refused = {}
        for draft in drafts:
            try:
                self.run("orders", "approve", draft["order_id"], "--by", USER)
            except CommandFailedError as why:
                refused[draft["order_id"]] = str(why)
        if len(refused) < len(drafts):
            self.run("orders", "send")
        return Review(self.published("order_plan"), drafts, refused)

    def buy_elsewhere(self, *, gone: str, instead: str) -> None:
        """Have every product of a supplier that is gone bought from another."""
        plan = self.published("order_plan")
        for code in plan.filter(pl.col("supplier_id") == gone)["product_code"]:
            self.run("settings", "set", "preferred_supplier", instead, "--product", code)

    def published(self, table: str) -> pl.DataFrame:
        """A table that people read."""
        return pl.read_parquet(self.home / "organisations" / KEY / "published" / f"{table}.parquet")

    def run(self, *words: str) -> str:
        """What a command prints.

        Raises:
            CommandFailedError: it ended with an error.
        """
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.object(sys, "argv", ["stocktrim", *words]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as ended:
                if ended.code:
                    raise CommandFailedError(f"stocktrim {' '.join(words)}: {err.getvalue()}") from ended
        return out.getvalue()


@contextlib.contextmanager
def buying(home: Path, sandbox: RunningSandbox) -> Iterator[Buyer]:
    """A buyer whose planner tells the time by the sandbox's clock."""
    with (
        mock.patch.dict(os.environ, {"STOCKTRIM_HOME": str(home), "STOCKTRIM_USER": USER}),
        mock.patch.object(OpenOrganisation, "now", side_effect=sandbox.clock.now),
    ):
        yield Buyer(home, sandbox)
