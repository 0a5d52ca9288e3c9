"""What a screen needs of its request: the desk, the session, the organisation's published view; and its frame's words.

What belongs here: arguments of routes. What does not: what routes answer.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request

from pipelines.planning_settings.freshness import is_stale
from pipelines.purchasing.orders import OrderState
from pipelines.store.connected_organisations import ConnectedOrganisation
from pipelines.xero.time_zones import time_zone
from planner.desk import Desk
from planner.frame import formats
from planner.security.roles import Role
from planner.security.sessions import Session, now
from planner.shown.published_view import PublishedView


@dataclass(frozen=True)
class ScreenContext:
    """An organisation as a request sees it: its record, and one snapshot of what was published."""

    desk: Desk
    organisation: ConnectedOrganisation
    view: PublishedView
    session: Session

    def may(self, needed: Role) -> bool:
        """Whether the person's role here may do what needs another."""
        return self.desk.role(self.session, self.organisation.key).may(needed)

    @property
    def today(self) -> date:
        """The calendar day where the organisation is."""
        return now().astimezone(time_zone(self.organisation.time_zone)).date()

    def content(self, **more: Any) -> dict[str, Any]:
        """What every page of an organisation shows, and more."""
        zone = self.organisation.time_zone
        loaded_at, summary = self.view.loaded_at, self.view.summary
        orders = self.desk.orders(self.view)
        return {
            "organisation": self.organisation,
            "organisations": self.desk.organisations_of(self.session),
            "is_administrator": self.may(Role.ADMINISTRATOR),
            "base": f"/o/{self.organisation.key}",
            "orders_waiting": sum(order.waits_for_a_person for order in orders),
            "orders_refused": sum(order.state is OrderState.FAILED for order in orders),
            "currency": self.organisation.base_currency,
            "stock_as_of": formats.moment(loaded_at, zone),
            "planned_at": formats.moment(summary["planned_at"], zone) if summary else "",
            "is_stale": summary is not None and self._is_stale(),
            **more,
        }

    def _is_stale(self) -> bool:
        """Whether the plan was made from old data, or its data have become old since."""
        settings = self.desk.global_settings(self.organisation.key)
        return is_stale(self.view.loaded_at, at=now(), settings=settings)


def desk_of(request: Request) -> Desk:
    """The desk of a request."""
    desk: Desk = request.app.state.desk
    return desk


def context_of(request: Request, key: str, desk: Annotated[Desk, Depends(desk_of)]) -> ScreenContext:
    """The organisation that an address names, and its snapshot, resolved once.

    Raises:
        OrganisationError: there is no such organisation.
        NothingPublishedError: nothing was published yet.
    """
    return ScreenContext(desk, desk.organisation(key), desk.views.view(key), request.state.session)


DeskOf = Annotated[Desk, Depends(desk_of)]
ContextOf = Annotated[ScreenContext, Depends(context_of)]
