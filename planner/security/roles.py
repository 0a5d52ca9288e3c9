"""What a person may do in an organisation: each role may do what the one before it may.

What belongs here: roles and their order. What does not: who has which (`planner/desk.py`).
"""

from enum import StrEnum


class Role(StrEnum):
    """A role, from the one that may do least."""

    VIEWER = "viewer"
    PLANNER = "planner"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"

    def may(self, needed: "Role") -> bool:
        """Whether this role may do what needs another.

        >>> Role.APPROVER.may(Role.PLANNER), Role.VIEWER.may(Role.PLANNER)
        (True, False)
        """
        order = list(Role)
        return order.index(self) >= order.index(needed)
