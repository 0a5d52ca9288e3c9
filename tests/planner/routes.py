"""Every route of the desk, however its routers lie in each other."""

import re
from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute


def every_route(app: FastAPI) -> list[tuple[str, str]]:
    """Each method and path of an app, as the routes name them."""
    return routes_of(app.routes)


def routes_of(routes: Sequence[BaseRoute]) -> list[tuple[str, str]]:
    """Each method and path of these routes, and of the routers among them."""
    found = []
    for context in iter_route_contexts(routes):
        path, methods = getattr(context, "path", ""), getattr(context, "methods", None)
        found += [(method, path) for method in sorted(methods or ())]
    return found


def filled(path: str, key: str) -> str:
    """A path with an organisation's key, and some text for what else it names."""
    return re.sub(r"\{[^}]+\}", "x", path.replace("{key}", key))
