"""Dagster's web server, asked by GraphQL.

What belongs here: a question and its answer. What does not: which questions there are (`dagster_runs.py`).
"""

import json
from functools import cached_property
from typing import Any, Final

import urllib3

from pipelines.errors import PlannerError

TIMEOUT: Final = urllib3.Timeout(connect=1.0, read=15.0)


class DagsterDownError(PlannerError):
    """Dagster does not answer; what was published stays, and so does what people decide."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"Nothing can be loaded or planned now: Dagster, which does it, does not answer at {address}. Start it on "
            f"the desk's machine with `stocktrim serve`. What you see is what was published last."
        )


class GraphQL:
    """A web server of Dagster's, by its address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, question: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer.

        Raises:
            DagsterDownError: there was none, or it was not Dagster's.
        """
        body = json.dumps({"query": question, "variables": variables})
        try:
            answer = self._pool.request(
                "POST", f"{self.address}/graphql", body=body, headers={"Content-Type": "application/json"}
            )
            found = json.loads(answer.data)
        except (urllib3.exceptions.HTTPError, ValueError):
            raise DagsterDownError(self.address) from None
        data = found.get("data") if isinstance(found, dict) else None
        if not isinstance(data, dict):
            raise DagsterDownError(self.address)
        return data

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        return urllib3.PoolManager(timeout=TIMEOUT, retries=False, maxsize=4, block=False)
