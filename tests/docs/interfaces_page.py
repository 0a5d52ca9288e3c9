"""Writes docs/interfaces.md from the running system: `python -m tests.docs.interfaces_page` prints it.

What belongs here: finding what others may rely on, and setting it as tables. What does not: the names themselves.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import typer

from pipelines.errors import PlannerError
from pipelines.exceptions.snoozes import STATES
from pipelines.planning_settings.setting_descriptions import PARAMETERS
from pipelines.product_groups.rules import KINDS
from pipelines.purchasing.orders import OrderState
from pipelines.replenishment.open_orders.advice import ADVICE
from pipelines.replenishment.plan.reasons import BINDING_RULES, REASONS, UNCERTAIN_CAUSES
from pipelines.storage.tables import PUBLISHED
from stocktrim_assets.definitions import defs
from stocktrim_assets.jobs import JOBS
from stocktrim_cli.main import app
from tests.docs.dbt_words import columns_in_words
from tests.docs.exceptions_page import kinds, severities
from tests.docs.markdown import table

PAGE = Path(__file__).parents[2] / "docs" / "interfaces.md"
HEAD = """# Interfaces

What others may rely on: a name listed here stays, any other may change.
This page is written from the running system by `make docs`, and a test compares the two.
"""
EXIT_CODES = {
    0: "It worked.",
    1: "Something needs a person: the sentence says what.",
    2: "A wrong argument, setting or environment variable; nothing was done.",
    3: "Xero does not know our credentials any more: connect again.",
    4: "The data cannot be used as they are: nothing was changed.",
    5: "Xero cannot be reached, its limits are used up, or the outcome of an order is not yet known: try again later.",
}
VARIABLES = {
    "STOCKTRIM_HOME": ("`./.stocktrim`", "Where everything lies: store, warehouses, snapshots, Dagster's home."),
    "STOCKTRIM_ORGANISATION": (
        "none",
        "The organisation that a command works on, if several are connected and `--organisation` is not given.",
    ),
    "STOCKTRIM_USER": ("the name given once", "Who decides: the name that commands record of settings and orders."),
    "STOCKTRIM_DATABASE_URL": ("SQLite in the home", "The transactional store; `postgresql+psycopg://…` for a server."),
    "STOCKTRIM_SECRET_KEY": ("a key file in the home", "The key that encrypts credentials."),
    "STOCKTRIM_NEW_SECRET_KEY": ("none", "The key to come. Read by `organisations rotate-key` only."),
    "STOCKTRIM_PUBLISHED_GROUP": (
        "nobody",
        "A group of this machine that may read what is published; all else in the home is its owner's alone.",
    ),
    "STOCKTRIM_DAGSTER_URL": (
        "`http://127.0.0.1:3000`",
        "Dagster's web server, where the desk starts loads and plans; `serve` sets it for its own.",
    ),
    "STOCKTRIM_DESK_URL": (
        "none",
        "The address by which a team reaches the desk, such as https://desk.example.com. Read by `planner`.",
    ),
    "STOCKTRIM_OPENID_ISSUER": ("none", "The provider by which a team signs in to the desk. Read by `planner`."),
    "STOCKTRIM_OPENID_CLIENT_ID": ("none", "The desk's id at that provider. Read by `planner`."),
    "STOCKTRIM_OPENID_CLIENT_SECRET": ("none", "The desk's secret at that provider. Read by `planner`."),
    "STOCKTRIM_PROXY_ADDRESS": ("none", "The IP address of a proxy that signs people in. Read by `planner`."),
    "STOCKTRIM_PROXY_HEADER": ("none", "The header in which that proxy names the person. Read by `planner`."),
    "STOCKTRIM_DEBUG": ("off", "Shows where in the code something failed; `--debug` sets it."),
    "STOCKTRIM_WAREHOUSE": ("set by the runs", "The warehouse that dbt builds in, when dbt is run by hand."),
    "STOCKTRIM_SALES_FILE": ("none", "Tests and benchmarks only: a file of real sales."),
    "XERO_API_URL": ("`https://api.xero.com`", "`/api.xro/2.0/…` and `/connections` lie below it. Read by `connect`."),
    "XERO_IDENTITY_URL": ("`https://identity.xero.com`", "`/connect/token` lies below it. Read by `connect`."),
    "XERO_LOGIN_URL": (
        "`https://login.xero.com`",
        "The page on which a person allows access lies below it. Read by `connect`.",
    ),
    "XERO_CLIENT_ID": ("none", "The app's id. Read by `connect`, and by `sandbox` as the one client that it knows."),
    "XERO_CLIENT_SECRET": ("none", "The app's secret. Read by `connect` and `sandbox`."),
    "XERO_OPENAPI_FILE": ("none", "Tests only: Xero's own OpenAPI document."),
}


def page() -> str:
    parts = [
        HEAD, "## Commands", *_commands(), "## Exit codes", *_exit_codes(), "## Environment", *_variables(),
        "## Jobs", *_jobs(), "## Settings", *_settings(), "## Codes", *_codes(), "## Published tables", *_tables(),
    ]  # fmt: skip
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _commands() -> Iterator[str]:
    yield "Every command has `--help` with an example. `stocktrim --debug COMMAND` shows a stack trace."
    for path, command in _leaves(typer.main.get_command(app), "stocktrim"):
        arguments = " ".join(one.metavar or one.name.upper() for one in command.params if not _is_option(one))
        yield f"### `{f'{path} {arguments}'.strip()}`"
        yield str(command.help).split("\n\n")[0].replace("\n", " ")
        rows = [[_names(one), _default(one), one.help] for one in command.params if _is_option(one)]
        if rows:
            yield table(["option", "default", "meaning"], rows)


def _leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield from _leaves(inner, f"{path} {name}")
    if getattr(command, "invoke_without_command", True):
        yield path, command


def _is_option(parameter: Any) -> bool:
    return parameter.param_type_name == "option" and parameter.name != "help"


def _names(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    is_flag = isinstance(option.default, bool)
    kind = "NUMBER" if isinstance(option.default, int) else "TEXT"
    return names if is_flag else f"{names} {option.metavar or kind}"


def _default(option: Any) -> str:
    if isinstance(option.default, bool):
        return "yes" if option.default else ""
    return "" if option.default in (None, "", (), []) else f"`{option.default}`"


def _exit_codes() -> Iterator[str]:
    used = {0, 1} | {error.exit_code for error in _descendants(PlannerError)}
    yield table(["code", "meaning"], [[str(code), EXIT_CODES[code]] for code in sorted(used)])


def _descendants(kind: type[PlannerError]) -> Iterator[type[PlannerError]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from _descendants(inner)


def variables_read() -> set[str]:
    """Every environment variable of ours that the code names."""
    folders = ("pipelines", "stocktrim_assets", "stocktrim_cli", "xero_sandbox", "benchmarks", "tests")
    root = PAGE.parents[1]
    files = [root / "dbt_project" / "profiles.yml", *(path for one in folders for path in (root / one).rglob("*.py"))]
    named = re.compile(r"""["'](STOCKTRIM_[A-Z_]+|XERO_(?:API|IDENTITY|LOGIN|CLIENT|OPENAPI)_[A-Z]+)["']""")
    return {name for path in files if path.resolve() != Path(__file__) for name in named.findall(path.read_text())}


def _variables() -> Iterator[str]:
    yield (
        "An address must be https, or plain http on this machine. "
        "Ports: the sandbox answers at 8765 and Dagster's pages at 3000, both on this machine only."
    )
    rows = [[f"`{name}`", *VARIABLES[name]] for name in VARIABLES if name in variables_read()]
    yield table(["variable", "default", "meaning"], rows)


def _jobs() -> Iterator[str]:
    graph = defs.resolve_asset_graph()
    rows = []
    for job in JOBS:
        keys = job.selection.resolve(graph)
        order = ("raw", "staging", "intermediate", "marts", "forecast", "plan", "purchase_orders", "published")
        stages = [stage for stage in order if any(key.path[0] == stage for key in keys)]
        rows.append([f"`{job.name}`", " → ".join(stages), str(job.description)])
    yield table(["job", "stages", "what it does"], rows)
    schedules = [
        [f"`{one.name}`", f"looks at `{one.cron_schedule}`", f"`{one.job_name}`", str(one.description)]
        for one in defs.schedules or ()
        if isinstance(one, dg.ScheduleDefinition)
    ]
    sensors = [
        [f"`{one.name}`", f"every {one.minimum_interval_seconds} seconds", f"`{one.job_name}`", str(one.description)]
        for one in defs.sensors or ()
        if isinstance(one, dg.SensorDefinition)
    ]
    yield table(["schedule or sensor", "when", "job", "what it does"], [*schedules, *sensors])


def _settings() -> Iterator[str]:
    yield "A product's value wins over its supplier's, that over the organisation's, that over the default."
    rows = [
        [
            f"`{setting.name}`", setting.unit, ", ".join(setting.levels),
            f"`{setting.default}`" if setting.default else "none", setting.form.described, setting.help, setting.effect,
        ]
        for setting in PARAMETERS.values()
    ]  # fmt: skip
    yield table(["setting", "unit", "levels", "default", "values", "meaning", "what it does to a plan"], rows)


def _codes() -> Iterator[str]:
    for title, codes in (
        ("`reason` of a plan line", REASONS),
        ("`binding_rule` of a plan line", BINDING_RULES),
        ("`uncertain_cause` of a plan line", UNCERTAIN_CAUSES),
        ("kind of a group's rule", KINDS),
    ):
        yield table([title, "meaning"], [[f"`{code}`", meaning] for code, meaning in codes.items()])
    yield severities()
    yield kinds()
    yield "Advice on an open order line: " + ", ".join(f"`{code}`" for code in ADVICE) + "."
    yield "States of an exception: " + ", ".join(f"`{state}`" for state in STATES) + "."
    yield "States of an order: " + ", ".join(f"`{state}`" for state in OrderState) + "."


def _tables() -> Iterator[str]:
    yield (
        "They lie in `$STOCKTRIM_HOME/organisations/<key>/published/`: each as a Parquet file, and all of them in "
        "`stocktrim.duckdb`; there a table is called by its name alone, without its stage. docs/bi.md says more. "
        "The last column of every table is `organisation_key`, the key of the organisation that the row belongs to."
    )
    for one in PUBLISHED:
        words = columns_in_words(one)
        yield f"### `{one.path}`"
        yield one.grain
        yield table(["column", "type", "meaning"], [[f"`{name}`", *words[name]] for name in one.columns])


if __name__ == "__main__":
    PAGE.write_text(page())
