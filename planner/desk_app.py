"""The app: its layers in order, its screens, its files.

    headers (of every answer) -> few at once -> host -> compression -> plain errors -> guard -> organisations seen
    -> answered once -> screens

What belongs here: putting the desk together. What does not: what any part of it does.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from planner.api import version_1
from planner.desk import Desk
from planner.frame.answered_once import AnsweredOnce
from planner.frame.few_at_once import FewAtOnce
from planner.frame.file_writing import MOST_MIB
from planner.frame.organisations_seen import OrganisationsSeen
from planner.frame.problems import PlainErrors, add_sentences
from planner.frame.static_files import KeptFiles
from planner.screens import (
    connect_screen,
    dashboard_screen,
    data,
    exceptions_screen,
    open_sessions_screen,
    orders_screens,
    people_screen,
    plan_screen,
    preferences,
    product_screen,
    service_screen,
    settings_screens,
    sign_in_screen,
    start_screen,
    team_sign_in_screen,
)
from planner.security.guard import Guard
from planner.security.response_headers import ResponseHeaders

HOSTS: Final = ("127.0.0.1", "localhost")
# Each thread keeps memory of its own; a page takes some hundredths of a second of one core.
THREADS: Final = 8
# Files of settings and groups are the largest that is sent.
MOST_BYTES: Final = MOST_MIB << 20
SCREENS: Final = (
    start_screen,
    sign_in_screen,
    team_sign_in_screen,
    open_sessions_screen,
    connect_screen,
    dashboard_screen,
    exceptions_screen,
    plan_screen,
    product_screen,
    orders_screens,
    data,
    service_screen,
    people_screen,
    settings_screens,
    preferences,
    version_1,
)


def create_app(desk: Desk, *, hosts: Sequence[str] = HOSTS) -> FastAPI:
    """The desk's app; it answers to these host names only."""
    app = FastAPI(
        title="StockTrim pipelines",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        max_body_size=MOST_BYTES,
        middleware=_layers(desk, hosts),
        lifespan=_with_few_threads,
    )
    app.state.desk = desk
    add_sentences(app)
    for screen in SCREENS:
        app.include_router(screen.router)
    app.mount("/static", KeptFiles())
    return app


@asynccontextmanager
async def _with_few_threads(_: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    yield


def _public_host(desk: Desk) -> list[str]:
    """The name by which a team reaches the desk, if it is set up for one."""
    host = urlsplit(desk.settings.desk_url or "").hostname
    return [host] if host else []


def _layers(desk: Desk, hosts: Sequence[str]) -> list[Middleware]:
    return [
        Middleware(ResponseHeaders, is_https=desk.is_https),
        Middleware(FewAtOnce),
        Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts, *_public_host(desk)]),
        Middleware(GZipMiddleware, minimum_size=500, compresslevel=5),
        Middleware(PlainErrors),
        Middleware(Guard, desk=desk),
        Middleware(OrganisationsSeen, desk=desk),
        Middleware(AnsweredOnce, desk=desk),
    ]
