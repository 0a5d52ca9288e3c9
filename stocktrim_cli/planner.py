"""`stocktrim planner`: the buyer's desk in a browser, for one person on this machine.

Read more in docs/interfaces.md.
"""

import os
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stocktrim_cli.desk_access.people import people
from stocktrim_cli.desk_access.token_commands import tokens
from stocktrim_cli.output import out, say
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.secret import Secret

_MOST_ARENAS: Final = -8
"""M_ARENA_MAX of glibc's malloc.h."""
_MOST_FILES: Final = 16_384


planner = typer.Typer()
planner.add_typer(people, name="people")
planner.add_typer(tokens, name="tokens")


@planner.callback(invoke_without_command=True)
def serve_desk(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The desk's port.")] = 8500,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the desk in the browser, or only print its address.")
    ] = True,
    by: ByOption = "",
    demo_xero: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where a sandbox answers already, for the demo of the first visit.")
    ] = "",
) -> None:
    """Serve the buyer's desk on this machine until Ctrl-C: dashboard, plan, products.

    It prints an address that signs you in once; each sign-in prints the next.

    Example: `stocktrim planner --no-browser`
    """
    if context.invoked_subcommand is not None:
        return
    _keep_memory_small()
    _allow_many_connections()
    # the thread that reads and answers waits for the others a millisecond each, not five
    sys.setswitchinterval(0.001)
    import uvicorn

    from pipelines.settings import read_settings
    from planner.desk import open_desk
    from planner.desk_app import create_app
    from stocktrim_cli.serve import refuse_taken

    refuse_taken([port])
    who = person(by)
    announce = _announcing(port, browser=browser)
    desk = open_desk(read_settings(), person=who, port=port, announce=announce, demo_xero=demo_xero)
    desk.organisations()  # a store that cannot be opened is reported before anything is served
    desk.token.issue()
    say("Ctrl-C stops it.")
    try:
        # no log of requests: what matters is in the security log
        uvicorn.run(
            create_app(desk),
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
        )
    finally:
        desk.close()


def _keep_memory_small() -> None:
    """Give freed memory back at once: a desk waits all day, and each of its threads would keep some for later.

    polars reads its variables when it is imported: no memory is kept for each thread, and two threads of its own are
    enough beside those that answer requests. glibc, if it is there, is asked for two arenas.
    """
    import ctypes

    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1,tcache:false,dirty_decay_ms:0,muzzy_decay_ms:0")
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MOST_ARENAS, 2)


def _allow_many_connections() -> None:
    """Each connection is an open file, of which a process may have 1,024 unless it asks for more."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if most == resource.RLIM_INFINITY else min(_MOST_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, wanted), most))


def _announcing(port: int, *, browser: bool) -> "Callable[[Secret], None]":
    """Print the address with each token; open the first in the browser."""
    import webbrowser

    is_first = True

    def announce(token: "Secret") -> None:
        nonlocal is_first
        address = f"http://127.0.0.1:{port}/sign-in#{token.reveal()}"
        out.print(f"{'The desk' if is_first else 'To sign in once more'}: {address}", markup=False, soft_wrap=True)
        if is_first and browser:
            webbrowser.open(address)
        is_first = False

    return announce
