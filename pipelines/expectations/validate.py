"""Run expectations over frames with Great Expectations and say what was found in plain words.

What belongs here: validating, the form of a rule and of a finding. What does not: the rules (`raw_rules`,
`plan_rules`) and their expectations (`raw_suite`, `plan_suite`). Great Expectations reads pandas, not polars, and takes
seconds to import, so it is imported only when something is validated.
Read more in docs/operations.md.
"""

import hashlib
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.errors import DataError, PlannerError
from pipelines.readiness import first_in_words, record_in_words

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation

ROWS_SHOWN: Final = 10
ROWS_NAMED: Final = 5


class CheckCouldNotRunError(PlannerError):
    """A check broke before it could say anything about the data."""


@dataclass(frozen=True)
class BorderRule:
    """A rule at a border of trust, in words: its name is that of its expectation in the border's suite.

    `description` is shown while the rule holds, `sentence` when it is broken; it may hold `{count}`, and `{which}` for
    the first records, by the columns `named_by`: a code or number, and a name if there is one. A rule that
    `is_blocking` stops the run; another one warns. `problem` is the problem of `xero_readiness` that lists the same
    records.
    """

    name: str
    frame: str
    description: str
    sentence: str
    is_blocking: bool = False
    named_by: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Finding:
    """What a rule found: whether it holds, and if not how many rows offend, the first of them, and a sentence.

    The rows that offend a rule about a whole table are the table's.
    """

    rule: BorderRule
    is_met: bool
    count: int
    rows: pl.DataFrame

    @property
    def sentence(self) -> str:
        """What to tell a person."""
        return self.rule.description if self.is_met else self.rule.sentence.format(count=self.count, which=self._which)

    @property
    def _which(self) -> str:
        """The first of the rows that offend, by the columns that name them."""
        rows = self.rows.select(self.rule.named_by).head(ROWS_NAMED).rows() if self.rule.named_by else []
        return first_in_words([_named(*row) for row in rows], self.count)


def _named(*texts: str | None) -> str:
    """A record by the first of its texts that is not empty, and the second beside it."""
    known = [text for text in texts if text] or ["one without a name"]
    return record_in_words(*known[:2])


def validate(
    rules: Sequence[BorderRule],
    suite: Callable[[], Mapping[str, "Expectation"]],
    frames: Mapping[str, pl.DataFrame],
    *,
    known: MutableMapping[str, list[Finding]] | None = None,
) -> list[Finding]:
    """One finding per rule whose frame is there, in the order of the rules.

    `suite` gives the expectations by the rules' names. `known` has findings by the fingerprint of their frame; new ones
    are added. A suite whose every frame is known is not even imported.

    Raises:
        CheckCouldNotRunError: a check broke, which says nothing about the data.
    """
    known = {} if known is None else known
    keys = {name: frame_fingerprint(name, frame) for name, frame in frames.items()}
    if new := [name for name, key in keys.items() if key not in known]:
        check = _checker(suite())
        for name in new:
            known[keys[name]] = check([rule for rule in rules if rule.frame == name], frames[name])
    findings = {finding.rule.name: finding for key in keys.values() for finding in known[key]}
    return [findings[rule.name] for rule in rules if rule.name in findings]


def frame_fingerprint(name: str, frame: pl.DataFrame) -> str:
    """The fingerprint of a frame's name, columns, types and rows in their order."""
    digest = hashlib.sha256(f"{name} {dict(frame.schema)} {frame.height}".encode())
    digest.update(frame.hash_rows().to_numpy().tobytes())
    return digest.hexdigest()


class BlockedError(DataError):
    """A blocking rule is broken; the data from before stay."""


def stop_where_blocked(findings: Sequence[Finding]) -> None:
    """Return if no blocking rule is broken.

    Raises:
        BlockedError: a blocking rule is broken; the message has the sentences of all of them.
    """
    sentences = [finding.sentence for finding in findings if finding.rule.is_blocking and not finding.is_met]
    if sentences:
        raise BlockedError(" ".join(sentences))


def _checker(
    expectations: Mapping[str, "Expectation"],
) -> Callable[[Sequence[BorderRule], pl.DataFrame], list[Finding]]:
    import great_expectations as gx  # noqa: PLC0415, 3.4 s: only runs that check pay for it
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415, as above

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("frames")
    asset = source.add_dataframe_asset("frame").add_batch_definition_whole_dataframe("all")

    def check(rules: Sequence[BorderRule], frame: pl.DataFrame) -> list[Finding]:
        if not rules:
            return []
        numbered = frame.with_row_index("row_number")
        batch = asset.get_batch(batch_parameters={"dataframe": numbered.to_pandas()})
        named = [expectations[rule.name].copy(update={"meta": {"rule": rule.name}}) for rule in rules]
        result = batch.validate(
            gx.ExpectationSuite(name=rules[0].frame, expectations=named),
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row_number"]},
        )
        by_rule = {_rule_of(outcome): outcome for outcome in result.results}
        return [_finding(rule, by_rule[rule.name], numbered) for rule in rules]

    return check


def _rule_of(result: Any) -> str:
    return str(result.expectation_config.meta["rule"])


def _finding(rule: BorderRule, result: Any, frame: pl.DataFrame) -> Finding:
    if result.exception_info.get("raised_exception") or any(
        isinstance(info, dict) and info.get("raised_exception") for info in result.exception_info.values()
    ):
        raise CheckCouldNotRunError(f"The check {rule.name!r} could not run: {result.exception_info}")
    if result.success:
        return Finding(rule=rule, is_met=True, count=0, rows=frame.clear().drop("row_number"))
    named = [int(row["row_number"]) for row in result.result.get("unexpected_index_list") or []]
    numbers = named or list(range(frame.height))
    rows = frame[numbers[:ROWS_SHOWN]].drop("row_number")
    return Finding(rule=rule, is_met=False, count=len(numbers) or 1, rows=rows)
