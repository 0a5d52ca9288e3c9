"""`stocktrim exceptions`: what needs a person, and what people decided about it.

What belongs here: the commands, joined. What does not: finding exceptions (`pipelines.exceptions`, dbt).
Read more in docs/buyer/exceptions.md.
"""

from typing import Final

import typer

from stocktrim_cli.exceptions.decisions import history
from stocktrim_cli.exceptions.dismissing import dismiss, restore
from stocktrim_cli.exceptions.listed_exceptions import list_exceptions, show
from stocktrim_cli.exceptions.snoozing import snooze, wake

exceptions: Final = typer.Typer()
exceptions.callback(invoke_without_command=True)(list_exceptions)
for _command in (show, snooze, wake, dismiss, restore, history):
    exceptions.command()(_command)
