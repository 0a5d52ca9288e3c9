"""`stocktrim connect`: allow this planner into a Xero organisation.

Read more in docs/operations.md.
"""

from typing import Annotated

import typer

from stocktrim_cli.output import out, say, show_json
from stocktrim_cli.runs import DEFAULT_ORGANISATION, JsonOption, OrganisationOption


def connect(
    *,
    custom: Annotated[
        bool, typer.Option("--custom", help="Use a custom connection: XERO_CLIENT_ID and XERO_CLIENT_SECRET.")
    ] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Connect the organisation that your custom connection's credentials allow, under a key of yours.

    The environment (XERO_CLIENT_ID, XERO_CLIENT_SECRET, XERO_API_URL, XERO_IDENTITY_URL) counts only now:
    credentials, encrypted, and addresses are kept with the organisation.

    Example: `stocktrim connect --custom --organisation acme`
    """
    from pipelines.connecting import connect_custom
    from pipelines.errors import UsageError
    from pipelines.settings import read_settings
    from stocktrim_assets.home import dagster_instance
    from stocktrim_assets.partitions import organisations

    if not custom:
        raise UsageError("Say how to connect: `stocktrim connect --custom` uses a custom connection's credentials.")
    settings = read_settings()
    connected = connect_custom(settings, organisation)
    with dagster_instance(settings) as instance:
        instance.add_dynamic_partitions(str(organisations.name), [connected.key])
    if as_json:
        show_json({"organisation": connected.key, "name": connected.name, "tenant_id": connected.tenant_id})
        return
    if connected.is_demo_company:
        say(f"{connected.name} is Xero's demo company: its figures are made up, and Xero resets it every month.")
    out.print(
        f"{connected.name} is connected as {connected.key!r}. Next: `stocktrim load -o {connected.key}`", markup=False
    )
