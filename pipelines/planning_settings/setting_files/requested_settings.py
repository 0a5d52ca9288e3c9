"""Changes of settings as people ask for them, and what they would change: all of them, or the reasons why not.

What belongs here: checking names and values, old and new. What does not: finding products and suppliers
(`subjects.py`), reading files (`setting_csv.py`), storing changes (`pipelines.store.setting_ledger.setting_changes`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipelines.errors import UsageError
from pipelines.planning_settings.demand_settings.bundle_parts import parts_of
from pipelines.planning_settings.demand_settings.like_product import like_of, like_text
from pipelines.planning_settings.registry import SettingError, check_name
from pipelines.planning_settings.setting_descriptions import LEVELS, PARAMETERS, Parameter
from pipelines.planning_settings.subjects import SubjectError, Subjects
from pipelines.planning_settings.validation import OwnSetting, misfits
from pipelines.spreadsheets.file_faults import RequestFault

Explicit = Mapping[tuple[str, str, str], str]
"""The settings in force that people set: values by level, subject and name."""
_SERVICE: Final = ("service_floor", "service_level")


@dataclass(frozen=True)
class SettingRequest:
    """A setting that a person wants, as typed; without a text it is to be removed. `line` is its place in a file.

    `supplier` is the supplier at the level `product_supplier`, whose `subject` is the product.
    """

    level: str
    subject: str
    name: str
    text: str | None
    line: int = 0
    supplier: str = ""


@dataclass(frozen=True)
class ProposedChange:
    """A change that would be made: the subject as it is stored, the value now and then; None: not set."""

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
        subject = subjects.find(request.level, request.subject, supplier=request.supplier)
        column = "value"
        old = explicit.get((request.level, subject, request.name))
        new = None if request.text is None else _value(setting, request.text, subjects, old)
    except UsageError as problem:
        column = problem.column if isinstance(problem, SubjectError) else column
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
    if setting.form.kind == "like":
        code, factor = like_of(value)
        return like_text(subjects.find("product", code), factor)
    if setting.form.kind == "bundle":
        return "; ".join(f"{subjects.find('product', code)}:{units}" for code, units in parts_of(value))
    return value


def find_misfits(changes: Iterable[ProposedChange], explicit: Explicit) -> list[RequestFault]:
    """The changes that do not fit what else is set for products."""
    changes = list(changes)
    values = {
        OwnSetting(subject, name): value for (level, subject, name), value in explicit.items() if level == "product"
    }
    lines = {OwnSetting(change.subject, change.name): change for change in changes if change.level == "product"}
    values |= {setting: change.new or "" for setting, change in lines.items()}
    own = [RequestFault(lines[setting].line, "value", problem) for setting, problem in misfits(values, lines)]
    return own + _floors_above_levels(changes, explicit)


def _floors_above_levels(changes: Iterable[ProposedChange], explicit: Explicit) -> list[RequestFault]:
    """The changes after which the lowest service level of a subject would be above its service level."""
    lines = {(change.level, change.subject, change.name): change for change in changes if change.name in _SERVICE}
    of_all = {("global", "", _SERVICE[1]): PARAMETERS[_SERVICE[1]].default}
    values = of_all | dict(explicit) | {place: change.new or "" for place, change in lines.items()}
    faults: dict[tuple[str, str], RequestFault] = {}
    for (level, subject, _), change in lines.items():
        found = [values.get((level, subject, name), "") for name in _SERVICE]
        if all(found) and float(found[0]) > float(found[1]):
            floor, service = (f"{100 * float(value):g}%" for value in found)
            problem = f"The service_floor of {floor} is above the service_level of {service}: set it to that or lower."
            faults[level, subject] = RequestFault(change.line, "value", problem)
    return list(faults.values())
