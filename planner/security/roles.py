"""What a person may do in an organisation: the roles, for code of the desk.

What belongs here: nothing but the name. What does not: who has which (`access.py`).
"""

from pipelines.store.desk_access.desk_roles import Role

__all__ = ["Role"]
