"""`stocktrim demand`: one-off orders that a plan lists, and what a person says about them.

What belongs here: finding the sale that is meant, printing. What does not: finding one-off orders and what an answer
does (`pipelines.forecasting.special_demand`), storing answers (`pipelines.store.demand_decisions.one_off_answer_log`).
Read more in docs/buyer/one-off-orders.md.
"""

from typing import Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import counted, out, rows_of, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_options import ReasonOption, opened_organisation
from stocktrim_cli.who import ByOption, person

demand = typer.Typer(help="Say which large sales were one-off orders.", no_args_is_help=True)
LISTED = {
    "product_code": "product", "demand_date": "day", "invoice_number": "invoice", "sold_as": "sold as",
    "customer_name": "customer", "invoice_quantity": "units", "quantity": "units of the day",
    "usual_quantity": "usual day", "times_usual": "times usual",
}  # fmt: skip
ANSWERED = {
    "product_code": "product", "invoice_number": "invoice", "demand_date": "day", "quantity": "units",
    "answer": "one-off?", "answered_by": "by", "answered_at": "at", "reason": "reason", "effect": "effect",
}  # fmt: skip
_NUMBERS = ("units", "units of the day", "usual day", "times usual")


@demand.command(name="one-offs")
def one_offs(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also what was answered, by whom.")] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """List the one-off orders that nobody has answered yet: days with far more sales than a product's usual ones.

    Example: `stocktrim demand one-offs --all`
    """
    from pipelines.organisations.one_off_questions import asked_and_answered

    opened = opened_organisation(organisation)
    unanswered, answered = asked_and_answered(opened)
    if as_json:
        show_json({"open": unanswered.to_dicts(), "answered": answered.to_dicts()})
        return
    show_table(f"One-off orders of {opened.key} to answer", list(LISTED.values()),
               rows_of(unanswered.to_dicts(), list(LISTED)), numbers=_NUMBERS)  # fmt: skip
    if everything:
        show_table("Answered", list(ANSWERED.values()), rows_of(answered.to_dicts(), list(ANSWERED)), numbers=_NUMBERS)
    if unanswered.height:
        out.print(f"Answer with: {command_for(opened.key, 'demand one-off INVOICE PRODUCT yes|no')}", markup=False)
    elif answered.height and not everything:
        out.print(f"{counted(answered.height, 'sale')} answered: --all lists them.", markup=False)


@demand.command(name="one-off")
def one_off(
    document: Annotated[str, typer.Argument(metavar="INVOICE", help="The invoice's number.")],
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="The product's code on it.")],
    answer: Annotated[str, typer.Argument(metavar="yes|no|open", help="A one-off order? open takes an answer back.")],
    *,
    reason: ReasonOption = "",
    by: ByOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Say whether a sale was a one-off order: yes keeps it out of usual demand, no counts it as usual demand.

    It is asked once, kept with who and when, and obeyed from the next plan on.

    Example: `stocktrim demand one-off INV-0042 P-0001 yes --reason "a trade fair"`
    """
    from pipelines.organisations.one_off_questions import DOES, answer_sale

    opened = opened_organisation(organisation)
    given, units = answer_sale(opened, document, product, answer, by=person(by), reason=reason)
    if as_json:
        show_json(vars(given) | {"quantity": units})
        return
    quantity = "" if units is None else f" ({units:,g} units)"
    out.print(
        f"{given.product_code} on {given.invoice_number}{quantity} {DOES[given.answer]} from the next plan on. "
        f"Next: {command_for(opened.key, 'plan')}", markup=False,
    )  # fmt: skip
