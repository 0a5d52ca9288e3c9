"""Changes of settings as people ask for them, and what they would change: all of them, or the reasons why not.

What belongs here: finding products, suppliers and settings by what was typed, checking values, old and new. What does
not: reading files (`setting_csv.py`), storing changes (`pipelines.store.setting_changes`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from pipelines.errors import UsageError
from pipelines.nearest_names import unknown_name
from pipelines.planning_settings.registry import SettingError, check_name
from pipelines.planning_settings.setting_descriptions import LEVELS, Parameter
from pipelines.planning_settings.successors_and_bundles import parts_of
from pipelines.planning_settings.validation import OwnSetting, misfits
from pipelines.product_codes import ProductCodes, folded

# Looking for a similar code compares it with all codes.
_MOST_SEARCHES: Final = 25
Explicit = Mapping[tuple[str, str, str], str]
"""The settings in force that people set: values by level, subject and name."""


@dataclass(frozen=True)
class SettingRequest:
    """A setting that a person wants, as typed; without a text it is to be removed. `line` is its place in a file."""

    level: str
    subject: str
    name: str
    text: str | None
    line: int = 0


@dataclass(frozen=True)
class RequestFault:
    """Why a request cannot be met: the line and the column of its file, and a sentence."""

    line: int
    column: str
    problem: str


@dataclass(frozen=True)
class ProposedChange:
    """A change that would be made: the product's code or the contact's id, the value now and then; None: not set."""

    level: str
    subject: str
    name: str
    old: str | None
    new: str | None
    line: int = 0


@dataclass(frozen=True)
class Proposal:
    """What requests would change, why some cannot be met, and how many change nothing."""

    changes: list[ProposedChange]
    faults: list[RequestFault]
    unchanged: int = 0


@dataclass
class Subjects:
    """The products and suppliers for which settings can be set.

    `suppliers` are names by id; `former` are the present codes of products by codes that they had before.
    """

    products: ProductCodes
    suppliers: Mapping[str, str]
    former: Mapping[str, str] = field(default_factory=dict)
    _found: dict[tuple[str, str], str | UsageError] = field(default_factory=dict)
    _searches: int = 0

    def find(self, level: str, text: str) -> str:
        """The product's code as Xero writes it, or the id of the supplier's contact.

        Raises:
            UsageError: there is no such product or supplier, or several could be meant.
        """
        if level == "global":
            if text.strip():
                raise UsageError(f"A setting for the whole organisation has no subject, but {text!r} is given.")
            return ""
        if (level, text) not in self._found:
            try:
                self._found[level, text] = self._product(text) if level == "product" else self._supplier(text)
            except UsageError as unknown:
                self._found[level, text] = unknown
        found = self._found[level, text]
        if isinstance(found, UsageError):
            raise found
        return found

    def _product(self, text: str) -> str:
        found = self.products.find(text)
        if found is not None:
            return found
        if padded := self.products.with_zeros(text):
            raise UsageError(f"There is no product {text!r}; did a spreadsheet drop the zeros before {padded[0]!r}?")
        if text.strip() in self.former:
            raise UsageError(f"There is no product {text!r}: its code in Xero is {self.former[text.strip()]!r} now.")
        raise UsageError(f"There is no product {text!r}; load first if it is new in Xero.{self._nearest(text)}")

    def _nearest(self, text: str) -> str:
        self._searches += 1
        if self._searches > _MOST_SEARCHES:
            return ""
        nearest = get_close_matches(text, sorted(self.products.codes), n=1)
        return f" The nearest code is {nearest[0]!r}." if nearest else ""

    def _supplier(self, text: str) -> str:
        wanted = text.strip()
        if wanted in self.suppliers:
            return wanted
        found = [identity for identity, name in self.suppliers.items() if name == wanted]
        found = found or [identity for identity, name in self.suppliers.items() if folded(name) == folded(wanted)]
        if len(found) > 1:
            raise UsageError(f"Several suppliers are called {text!r}: give one of their ids, {' or '.join(found)}.")
        if not found:
            self._searches += 1
            names = self.suppliers.values() if self._searches <= _MOST_SEARCHES else ()
            raise UsageError(unknown_name("supplier", text, names) if names else f"There is no supplier {text!r}.")
        return found[0]


def propose(requests: Iterable[SettingRequest], *, subjects: Subjects, explicit: Explicit) -> Proposal:
    """What requests would change, checked one by one and together.

    A request for what is set already changes nothing. Of two requests for the same setting the second is a fault.
    """
    wanted: dict[tuple[str, str, str], ProposedChange] = {}
    faults: list[RequestFault] = []
    names: dict[tuple[str, str], Parameter | SettingError] = {}
    for request in requests:
        change = _checked(request, subjects, explicit, names)
        if isinstance(change, RequestFault):
            faults.append(change)
            continue
        place = (change.level, change.subject, change.name)
        if place in wanted:
            problem = f"Line {wanted[place].line} sets {change.name} of the same {change.level} too: keep one of them."
            faults.append(RequestFault(request.line, "setting", problem))
            continue
        wanted[place] = change
    changes = [change for change in wanted.values() if change.old != change.new]
    faults += find_misfits(changes, explicit)
    return Proposal(changes, sorted(faults, key=lambda fault: fault.line), len(wanted) - len(changes))


def _checked(
    request: SettingRequest,
    subjects: Subjects,
    explicit: Explicit,
    names: dict[tuple[str, str], Parameter | SettingError],
) -> ProposedChange | RequestFault:
    """The change that a request asks for, or the first thing that is wrong with it."""
    if request.level not in LEVELS:
        problem = f"{request.level!r} is not a level: give {', '.join(LEVELS[:-1])} or {LEVELS[-1]}."
        return RequestFault(request.line, "level", problem)
    column = "setting"
    try:
        setting = _named(request, names)
        column = "subject"
        subject = subjects.find(request.level, request.subject)
        column = "value"
        old = explicit.get((request.level, subject, request.name))
        new = None if request.text is None else _value(setting, request.text, subjects, old)
    except UsageError as problem:
        return RequestFault(request.line, column, str(problem))
    return ProposedChange(request.level, subject, request.name, old, new, request.line)


def _named(request: SettingRequest, names: dict[tuple[str, str], Parameter | SettingError]) -> Parameter:
    """The setting of a request; what is wrong with a name is worked out once."""
    key = (request.name, request.level)
    if key not in names:
        try:
            names[key] = check_name(*key)
        except SettingError as unknown:
            names[key] = unknown
    found = names[key]
    if isinstance(found, SettingError):
        raise found
    return found


def _value(setting: Parameter, text: str, subjects: Subjects, old: str | None) -> str:
    """A typed value as the stored text; a value that is set already needs no check."""
    try:
        value = setting.form.parse(text)
    except ValueError as allowed:
        raise SettingError(f"{setting.name} cannot be {text!r}: give {allowed}.") from None
    if value in {"", old}:
        return value
    if setting.form.kind == "supplier":
        return subjects.find("supplier", value)
    if setting.form.kind == "product":
        return subjects.find("product", value)
    if setting.form.kind == "bundle":
        return "; ".join(f"{subjects.find('product', code)}:{units}" for code, units in parts_of(value))
    return value


def find_misfits(changes: Iterable[ProposedChange], explicit: Explicit) -> list[RequestFault]:
    """The changes that do not fit what else is set for products."""
    values = {
        OwnSetting(subject, name): value for (level, subject, name), value in explicit.items() if level == "product"
    }
    lines = {OwnSetting(change.subject, change.name): change for change in changes if change.level == "product"}
    values |= {setting: change.new or "" for setting, change in lines.items()}
    return [RequestFault(lines[setting].line, "value", problem) for setting, problem in misfits(values, lines)]
