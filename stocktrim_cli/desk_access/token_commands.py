"""`stocktrim planner tokens`: by which programs reach the desk's API.

Read more in docs/desk.md.
"""

from typing import Annotated

import typer

from stocktrim_cli.desk_access.access_options import EverywhereOption, RoleOption, meant, opened_access, reach_of
from stocktrim_cli.output import out, say, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

tokens = typer.Typer(help="Tokens by which programs reach the desk's API.", no_args_is_help=True)


@tokens.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the token is for; it signs what the program does.")],
    *,
    role: RoleOption = "viewer",
    organisation: Annotated[
        list[str] | None, typer.Option("--organisation", "-o", metavar="KEY", help="For it alone; may be repeated.")
    ] = None,
    everywhere: EverywhereOption = False,
    days: Annotated[int, typer.Option(metavar="NUMBER", help="How long it is valid, 366 at most.")] = 90,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a token and print it: it is shown this once, and kept as a digest only.

    Example: `stocktrim planner tokens create "the shop" --role viewer --days 30`
    """
    from pipelines.store.desk_access.desk_roles import role_named
    from planner.security.sessions import now

    keys = [meant(key, everywhere=everywhere) for key in organisation or [""]]
    with opened_access() as access:
        token, text = access.make_token(name, role_named(role), keys, days=days, by=person(by), at=now())
    if as_json:
        show_json(vars(token) | {"token": text.reveal()})
        return
    where = ", ".join(reach_of(key) for key in keys)
    say(f"{token.name} may be {token.role} of {where} until {token.expires_at:%Y-%m-%d}. Its token, shown only now:")
    out.print(text.reveal(), markup=False, soft_wrap=True)


@tokens.command(name="list")
def list_tokens(*, as_json: JsonOption = False) -> None:
    """List the tokens, valid or not, and when each was used last.

    Example: `stocktrim planner tokens list`
    """
    from planner.security.sessions import now

    with opened_access() as access:
        found = access.tokens()
    if as_json:
        show_json([vars(one) | {"state": one.state(now())} for one in found])
        return
    rows = [
        [
            one.token_id, one.name, one.role, ", ".join(reach_of(key) for key in one.organisations), one.state(now()),
            one.expires_at, one.last_used_at, one.made_by,
        ]
        for one in found
    ]  # fmt: skip
    show_table("Tokens", ["id", "for", "role", "where", "state", "ends", "last used", "made by"], rows)


@tokens.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `tokens list` shows it.")],
    *,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Revoke a token: it opens nothing from now on.

    Example: `stocktrim planner tokens revoke 1f2e3d4c`
    """
    from planner.security.sessions import now

    with opened_access() as access:
        token = access.revoke(token_id, by=person(by), at=now())
    if as_json:
        show_json(vars(token))
        return
    out.print(f"The token of {token.name} is revoked.", markup=False)
