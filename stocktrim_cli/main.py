"""The command itself: its verbs, and its exit codes.

What belongs here: registering verbs, turning an expected error into one sentence and an exit code.
What does not: what a verb does (its own module).
Read more in docs/interfaces.md.
"""

import os
import sys
from typing import Annotated, Final

import typer

from stocktrim_cli.backtest import backtest
from stocktrim_cli.connect import connect
from stocktrim_cli.demand import demand
from stocktrim_cli.demo import demo
from stocktrim_cli.doctor import doctor
from stocktrim_cli.events import events
from stocktrim_cli.exceptions import exceptions
from stocktrim_cli.explain import explain
from stocktrim_cli.groups.group_commands import groups
from stocktrim_cli.lead_times import accept_lead_times
from stocktrim_cli.load import load
from stocktrim_cli.orders import orders
from stocktrim_cli.orders_advice import advice
from stocktrim_cli.organisations import organisations
from stocktrim_cli.output import err, heartbeat, say, show_progress
from stocktrim_cli.plan import plan
from stocktrim_cli.planner import planner
from stocktrim_cli.reconcile import reconcile
from stocktrim_cli.sandbox import sandbox
from stocktrim_cli.serve import serve
from stocktrim_cli.settings import settings

app = typer.Typer(
    name="stocktrim",
    help="Plan what to order for a company that keeps its books in Xero, and send the approved orders to Xero.",
    epilog="Start with: stocktrim demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for _verb in (demo, sandbox, serve, connect, load, explain, reconcile, backtest, doctor):
    app.command()(_verb)
app.add_typer(plan, name="plan")
app.add_typer(planner, name="planner")
app.add_typer(organisations, name="organisations")
orders.command()(advice)
app.add_typer(orders, name="orders")
settings.command(name="accept-lead-times")(accept_lead_times)
app.add_typer(settings, name="settings")
app.add_typer(groups, name="groups")
app.add_typer(exceptions, name="exceptions")
app.add_typer(demand, name="demand")
app.add_typer(events, name="events")


# They wait for a person, or run until they are stopped.
_MAY_BE_SILENT: Final = {"connect", "organisations", "planner", "sandbox", "serve"}


@app.callback()
def _options(
    context: typer.Context,
    *,
    debug: Annotated[bool, typer.Option(help="Show a stack trace if something fails.")] = False,
) -> None:
    if debug:
        os.environ["STOCKTRIM_DEBUG"] = "1"
    if context.invoked_subcommand not in _MAY_BE_SILENT:
        show_progress()
        heartbeat.start()
        context.call_on_close(heartbeat.stop)


def main() -> None:
    """Run the command; an expected error is one sentence on stderr and an exit code, never a stack trace.

    Files that it and its children write are private to the user, whatever the umask.
    """
    os.umask(0o077)
    try:
        app()
    except Exception as error:
        if os.environ.get("STOCKTRIM_DEBUG"):
            raise
        sys.exit(_print_error(error))


def _print_error(error: Exception) -> int:
    """Print an error as one sentence, and return its exit code; an unexpected error asks for a report."""
    from pipelines.errors import DiskFullError, PlannerError, UnexpectedError, UsageError, is_disk_full, origins
    from pipelines.settings import read_settings

    known = next(
        (origin for origin in origins(error, is_context_followed=False) if isinstance(origin, PlannerError)), None
    )
    if (known is None or isinstance(known, UnexpectedError)) and is_disk_full(error, at=read_settings().home):
        known = DiskFullError()
    if known is None and isinstance(error, UnicodeEncodeError):
        known = UsageError(
            f"{error.object[:80]!r} is not text that can be written: type it again, or set the terminal to UTF-8."
        )
    known = known or UnexpectedError(error)
    err.print("[red]Stopped:[/red] ", end="")
    say(str(known))
    return int(known.exit_code)


if __name__ == "__main__":
    main()
