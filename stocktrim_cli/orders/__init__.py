"""`stocktrim orders`: create, change, decide on, send and look at orders.

What belongs here: the command group. What does not: what a verb does (its own module).
Read more in docs/buyer/orders.md.
"""

import typer

from stocktrim_cli.orders.approve_orders import approve, reject, reopen
from stocktrim_cli.orders.create_orders import create
from stocktrim_cli.orders.edit_orders import add, change, drop
from stocktrim_cli.orders.export_orders import export
from stocktrim_cli.orders.list_orders import history, list_orders, show
from stocktrim_cli.orders.merge_orders import merge, split
from stocktrim_cli.orders.send_orders import send
from stocktrim_cli.runs import MINUS_IS_A_VALUE

orders = typer.Typer(help="Create, change, approve, reject and send orders.", no_args_is_help=True)
orders.command(name="list")(list_orders)
for _plain in (show, history, create):
    orders.command()(_plain)
for _editing in (add, change):
    orders.command(context_settings=MINUS_IS_A_VALUE)(_editing)
for _deciding in (drop, merge, split, approve, reject, reopen, export, send):
    orders.command()(_deciding)
