"""Changes of groups as people ask for them, and what they would change: all of them, or the reasons why not.

What belongs here: finding or making groups by name, checking values, old and new. What does not: files
(`group_csv.py`), storing changes (`pipelines.store.setting_ledger.group_ledger`).
Read more in docs/buyer/groups.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipelines.errors import UsageError
from pipelines.product_codes import folded
from pipelines.product_groups.groups import DEFAULT_KIND, IN, KINDS, LONGEST_NAME, OUT, Group, GroupNames
from pipelines.product_groups.rules import parse_rule
from pipelines.spreadsheets.file_faults import RequestFault

_LONGEST_KIND: Final = 40
_MOST_GROUPS: Final = 10_000
_COLUMNS: Final = {"member": "product_code", "name": "group"}


@dataclass(frozen=True)
class GroupRequest:
    """What a person wants of a group, as typed; without a text it is to be removed. `line` is its place in a file.

    `field` and `subject` are those of `GroupChange`; without a field the group shall only exist.
    """

    group: str
    field: str = ""
    subject: str = ""
    text: str | None = None
    kind: str = ""
    line: int = 0


@dataclass(frozen=True)
class ProposedGroupChange:
    """A change that would be made to a group, the value now and then; None: not set. `title` names the group."""

    group_id: str
    title: str
    field: str
    subject: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class GroupProposal:
    """What requests would change, why some cannot be met, how many change nothing, and what was read with doubt."""

    changes: list[ProposedGroupChange]
    faults: list[RequestFault]
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)


def propose_groups(
    requests: Iterable[GroupRequest],
    *,
    groups: Mapping[str, Group],
    next_number: int,
    find_product: Callable[[str], str],
    may_create: bool = True,
) -> GroupProposal:
    """What requests would change, checked one by one.

    A group that does not exist is made if the request allows it. Two requests for the same thing are a fault unless
    they want the same.
    """
    book = _Book(groups, next_number, find_product, may_create=may_create)
    for request in requests:
        try:
            book.take(request)
        except UsageError as problem:
            column = _COLUMNS.get(request.field, request.field) if book.is_group_known else "group"
            book.faults.append(RequestFault(request.line, column, str(problem)))
    changes = [change for change in book.wanted.values() if change.old != change.new]
    return GroupProposal(changes, book.faults, len(book.wanted) - len(changes), list(book.notes))


class _Book:
    """The requests taken so far: the groups that exist or would be made, and what would change."""

    def __init__(
        self,
        groups: Mapping[str, Group],
        next_number: int,
        find_product: Callable[[str], str],
        *,
        may_create: bool,
    ) -> None:
        self.groups = dict(groups)
        self._names = GroupNames(groups.values())
        self._kinds = {*KINDS, *(folded(group.kind) for group in groups.values())}
        self.next_number = next_number
        self.find_product = find_product
        self.may_create = may_create
        self.wanted: dict[tuple[str, str, str], ProposedGroupChange] = {}
        self.faults: list[RequestFault] = []
        self.notes: dict[str, None] = {}
        self.is_group_known = False
        self._lines: dict[tuple[str, str, str], int] = {}
        self._found: dict[tuple[str, str], Group] = {}

    def take(self, request: GroupRequest) -> None:
        """Add what a request would change."""
        self.is_group_known = False
        group = self._group(request)
        self.is_group_known = True
        if not request.field:
            return
        subject = self._subject(request, group)
        place = (group.group_id, request.field, subject)
        new = None if request.text is None else _value(request)
        if request.field in {"name", "kind"}:
            self._refuse_taken(group, request.field, str(new))
        before = self.wanted.get(place)
        if before is not None and before.new != new and request.line:
            raise UsageError(f"Line {self._lines[place]} says otherwise of the same {request.field}: keep one of them.")
        self._lines[place] = request.line
        self.wanted[place] = ProposedGroupChange(
            group.group_id, group.title, request.field, subject, _now(group, request.field, subject), new
        )

    def _group(self, request: GroupRequest) -> Group:
        """The group of a request, made if there is none and that is allowed."""
        typed = (request.kind, request.group)
        if typed not in self._found:
            found = self._existing(request)
            if found is None:
                found = self._made(request)
            elif folded(request.group) == folded(found.name) and request.group.strip() != found.name:
                self.notes[f"{request.group.strip()!r} is read as the group {found.title!r}."] = None
            self._found[typed] = found
        return self._found[typed]

    def _existing(self, request: GroupRequest) -> Group | None:
        if not request.group.strip():
            raise UsageError("Name the group.")
        if request.kind.strip():
            return self._names.titled(request.kind, request.group)
        if self.may_create and not self._names.called(request.group):
            return None
        return self._names.known(request.group)

    def _made(self, request: GroupRequest) -> Group:
        kind, name = request.kind.strip(), request.group.strip()
        before, colon, after = name.partition(":")
        if not kind and colon and folded(before) in self._kinds and after.strip():
            kind, name = before.strip(), after.strip()
        kind = checked_kind(kind or DEFAULT_KIND)
        if not self.may_create:
            raise UsageError(f"There is no group {f'{kind}: {name}'!r}.")
        group = Group(f"G{self.next_number}", kind, checked_name(name))
        self.next_number += 1
        self.groups[group.group_id] = group
        self._names.add(group)
        self._kinds.add(folded(group.kind))
        for one, value in (("name", group.name), ("kind", group.kind)):
            self.wanted[group.group_id, one, ""] = ProposedGroupChange(
                group.group_id, group.title, one, "", None, value
            )
        return group

    def _subject(self, request: GroupRequest, group: Group) -> str:
        """What a request is about; a rule that the group has in other capitals is that rule."""
        if request.field == "member":
            return self.find_product(request.subject)
        if request.field != "rule":
            return ""
        text = parse_rule(request.subject).text
        return next((known for known in group.rules if folded(known) == folded(text)), text)

    def _refuse_taken(self, group: Group, what: str, value: str) -> None:
        """Refuse a title that another group has, whatever its capitals."""
        name, kind = (value, group.kind) if what == "name" else (group.name, value)
        for other in self.groups.values():
            if other.group_id != group.group_id and folded(other.title) == folded(f"{kind}: {name}"):
                raise UsageError(f"There is a group {other.title!r} already.")


def checked_name(text: str) -> str:
    """The name of a group.

    Raises:
        UsageError: it is empty, too long or has characters that cannot be seen.
    """
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"A group's name has 1 to {LONGEST_NAME} characters on one line.")
    return name


def checked_kind(text: str) -> str:
    """The kind of a group, in small letters.

    Raises:
        UsageError: it is too long or has a colon, which stands between kind and name.
    """
    kind = " ".join(text.split()).lower()
    if not kind or len(kind) > _LONGEST_KIND or ":" in kind or not kind.isprintable():
        raise UsageError(
            f"The kind of a group is a word such as {', '.join(KINDS)}: at most {_LONGEST_KIND} characters, no colon."
        )
    return kind


def _value(request: GroupRequest) -> str:
    """The stored text of what a person wants."""
    text = str(request.text)
    if request.field == "name":
        return checked_name(text)
    if request.field == "kind":
        return checked_kind(text)
    if request.field == "order":
        if not text.strip().isdecimal() or not 1 <= int(text) <= _MOST_GROUPS:
            raise UsageError(f"The order of a group is a whole number from 1 to {_MOST_GROUPS}.")
        return str(int(text))
    if request.field == "member" and text.strip().lower() not in {IN, OUT}:
        raise UsageError(f"A product is {IN} or {OUT} of a group by hand, or none.")
    return text.strip().lower()


def _now(group: Group, what: str, subject: str) -> str | None:
    """The value that a group has now."""
    if what in {"name", "kind"}:
        return str(getattr(group, what))
    if what == "order":
        return None if group.order is None else str(group.order)
    found = (group.rules if what == "rule" else group.members).get(subject)
    return None if found is None else found.value
