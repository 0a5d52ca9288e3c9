"""The page: ages, ticks, last loads, records to mend, organisations."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.landing.past_loads import past_loads
from pipelines.store.watermarks import last_loaded
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf
from planner.security.roles import Role
from planner.security.sessions import now
from planner.shown.loading.entities_shown import entities_shown
from planner.shown.loading.loads_shown import LOADS_SHOWN, calls_left, loads_shown
from planner.shown.loading.readiness_shown import to_mend

router = APIRouter()


@router.get("/o/{key}/data")
def data(request: Request, context: ContextOf) -> Response:
    """The page."""
    desk, organisation, view = context.desk, context.organisation, context.view
    loads = past_loads(desk.settings.organisation_folder(organisation.key), most=LOADS_SHOWN)
    content = context.content(
        screen="data",
        entities=entities_shown(last_loaded(desk.store, organisation.key), loads, at=now()),
        loads=loads_shown(loads, organisation.time_zone),
        calls_left=calls_left(loads),
        to_mend=to_mend(view),
        may_load=context.may(Role.PLANNER),
        may_connect=desk.role(context.session, "").may(Role.ADMINISTRATOR),
    )
    return page(request, "data.html", content)
