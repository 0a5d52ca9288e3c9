"""`stocktrim demand`: one-off orders that a plan lists, and what a person says about them.

What belongs here: finding the sale that is meant, printing. What does not: finding one-off orders and what an answer
does (`pipelines.forecasting.special_demand`), storing answers (`pipelines.store.demand_decisions.one_off_answer_log`).
Read more in docs/buyer/one-off-orders.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import counted, out, rows_of, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_options import ReasonOption, opened_organisation
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.open_organisation import OpenOrganisation

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
    opened = opened_organisation(organisation)
    asked, answered = _asked_and_answered(opened)
    if as_json:
        show_json({"open": asked.to_dicts(), "answered": answered.to_dicts()})
        return
    show_table(f"One-off orders of {opened.key} to answer", list(LISTED.values()),
               rows_of(asked.to_dicts(), list(LISTED)), numbers=_NUMBERS)  # fmt: skip
    if everything:
        show_table("Answered", list(ANSWERED.values()), rows_of(answered.to_dicts(), list(ANSWERED)), numbers=_NUMBERS)
    if asked.height:
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
    from pipelines.store.demand_decisions.one_off_answer_log import OneOffAnswer, answer_one_off

    opened = opened_organisation(organisation)
    word = _answer(answer)
    sale = _sale(opened, document, product)
    given = OneOffAnswer(
        sale["invoice_id"], sale["product_code"], sale["invoice_number"], word, person(by), opened.now(), reason.strip()
    )
    answer_one_off(opened.store, opened.key, given)
    if as_json:
        show_json(vars(given) | {"quantity": sale["quantity"]})
        return
    does = {"yes": "is kept out of usual demand", "no": "counts as usual demand", "open": "is as it was before"}[word]
    quantity = "" if sale["quantity"] is None else f" ({sale['quantity']:,g} units)"
    out.print(
        f"{given.product_code} on {given.invoice_number}{quantity} {does} from the next plan on. "
        f"Next: {command_for(opened.key, 'plan')}", markup=False,
    )  # fmt: skip


def _answer(text: str) -> str:
    from pipelines.errors import UsageError
    from pipelines.store.demand_decisions.one_off_answer_log import ANSWERS

    word = text.strip().lower()
    if word not in ANSWERS:
        raise UsageError(f"Is it a one-off order? Answer yes, no or open, not {text!r}.")
    return word


def _sale(opened: "OpenOrganisation", document: str, product: str) -> dict[str, Any]:
    """The sale that is meant: invoice, product and units; also one that was answered and is gone since then."""
    import polars as pl

    from pipelines.errors import UsageError
    from pipelines.product_codes import find_product
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty
    from pipelines.store.demand_decisions.one_off_answer_log import one_off_answers

    transactions = published_or_empty(opened.folder, tables.DEMAND_TRANSACTIONS)
    number = document.strip()
    of_document = transactions.filter((pl.col("invoice_number") == number) | (pl.col("invoice_id") == number))
    if of_document.is_empty():
        given = one_off_answers(opened.store, opened.key)
        of_document = given.filter(pl.col("invoice_number") == number).with_columns(quantity=pl.lit(None, pl.Float64))
    if of_document.is_empty():
        raise UsageError(
            f"There is no sales invoice {document!r} that counts as demand: `stocktrim load` reads new ones."
        )
    code = find_product(of_document["product_code"], product) or _only_sold_as(opened, of_document, product)
    lines = of_document.filter(pl.col("product_code") == code)
    if lines["invoice_id"].n_unique() > 1:
        ids = " or ".join(sorted(lines["invoice_id"].unique()))
        raise UsageError(f"Several invoices have the number {document!r}: give the id of one, {ids}.")
    row = lines.row(0, named=True)
    units = None if lines["quantity"].has_nulls() else float(lines["quantity"].sum())
    return {name: row[name] for name in ("invoice_id", "invoice_number", "product_code")} | {"quantity": units}


def _only_sold_as(opened: "OpenOrganisation", of_document: "pl.DataFrame", product: str) -> str:
    """The one product on the invoice whose demand counts for the given one."""
    import polars as pl

    from pipelines.errors import UsageError
    from pipelines.planning_settings.successors_and_bundles import sold_as, transfers_in_force
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    transfers = transfers_in_force(published_or_empty(opened.folder, tables.PLAN_SETTINGS))
    sources = list(sold_as(transfers, product))
    codes = of_document.filter(pl.col("product_code").is_in(sources))["product_code"].unique().sort().to_list()
    if len(codes) == 1:
        return str(codes[0])
    there = ", ".join(of_document["product_code"].unique().sort())
    raise UsageError(f"{of_document['invoice_number'][0]} does not sell {product!r}; it sells {there}.")


def _asked_and_answered(opened: "OpenOrganisation") -> tuple["pl.DataFrame", "pl.DataFrame"]:
    """The one-off orders of the last plan without an answer, also none given since; and every answer in force."""
    import polars as pl

    from pipelines.forecasting.special_demand.one_off_answers import answered_one_offs
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty
    from pipelines.store.demand_decisions.one_off_answer_log import one_off_answers

    answers = one_off_answers(opened.store, opened.key)
    listed = published_or_empty(opened.folder, tables.ONE_OFF_ORDERS).filter(pl.col("answer") == "")
    since = answers.select("invoice_number", sold_as="product_code")
    asked = listed.join(since, on=["invoice_number", "sold_as"], how="anti", maintain_order="left")
    return asked, answered_one_offs(answers, published_or_empty(opened.folder, tables.DEMAND_TRANSACTIONS))
