"""`stocktrim planner people`: who of a team may do what at the desk.

Read more in docs/desk.md.
"""

from typing import Annotated

import typer

from stocktrim_cli.chosen_organisation import UnsettledOrganisationOption
from stocktrim_cli.desk_access.access_options import EverywhereOption, RoleOption, meant, opened_access, reach_of
from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

people = typer.Typer(help="Who of a team may do what at the desk.", no_args_is_help=True)
PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="Their e-mail, or their id at the sign-in.")]


@people.command()
def add(
    who: PersonArgument,
    *,
    role: RoleOption = "planner",
    organisation: UnsettledOrganisationOption = "",
    everywhere: EverywhereOption = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give a person a role in an organisation, in place of any that they have there.

    Example: `stocktrim planner people add anna@example.com --role administrator --all`
    """
    from pipelines.store.desk_access.desk_roles import role_named
    from planner.security.sessions import now

    key = meant(organisation, everywhere=everywhere)
    with opened_access() as access:
        given = access.give(who, key, role_named(role), by=person(by), at=now())
    if as_json:
        show_json(vars(given))
        return
    out.print(f"{given.person} is {given.role} of {reach_of(key)}.", markup=False)


@people.command(name="list")
def list_people(*, as_json: JsonOption = False) -> None:
    """List who has which role where.

    Example: `stocktrim planner people list`
    """
    with opened_access() as access:
        given = access.roles()
    if as_json:
        show_json([vars(one) for one in given])
        return
    rows = [[one.person, one.role, reach_of(one.organisation_key), one.given_by, one.given_at] for one in given]
    show_table("People", ["person", "role", "where", "given by", "at"], rows)


@people.command()
def remove(
    who: PersonArgument,
    *,
    organisation: UnsettledOrganisationOption = "",
    everywhere: Annotated[bool, typer.Option("--all", help="The role for every organisation.")] = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a person's role in an organisation away.

    Example: `stocktrim planner people remove anna@example.com --all`
    """
    from planner.security.sessions import now

    key = meant(organisation, everywhere=everywhere)
    with opened_access() as access:
        access.take(who, key, by=person(by), at=now())
    if as_json:
        show_json({"person": who, "organisation_key": key})
        return
    out.print(f"{who} is nobody in {reach_of(key)} any more.", markup=False)
