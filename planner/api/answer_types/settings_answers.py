"""What the API answers about settings and groups, as types; values are texts, as they are stored.

What belongs here: shapes and their descriptions. What does not: routes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, Field


class DescribedSetting(BaseModel):
    """A setting: what it means, where it can be set, which values it takes."""

    name: str
    label: str
    topic: str
    meaning: str
    effect: str
    kind: str
    unit: str
    levels: Sequence[str] = Field(description="Where it can be set; the value of a later one wins.")
    default: str
    allowed: str
    least: str | None
    most: str | None
    choices: Sequence[str]
    is_optional: bool
    example: str


class SettingInForceAnswer(BaseModel):
    """A setting with the value in force and where that comes from."""

    name: str
    value: str
    origin: str = Field(description="The level that the value comes from.")
    levels: Mapping[str, str | None] = Field(description="What each level says; null: not set there.")
    group: str | None = None
    changed_by: str | None = None
    changed_at: datetime | None = None
    reason: str | None = None


class SettingsInForce(BaseModel):
    """Every setting of whom was asked for."""

    version: int = Field(description="The number of the last change; also the ETag. Send it as If-Match when you set.")
    settings: Sequence[SettingInForceAnswer]


class OwnSettingAnswer(BaseModel):
    """A setting that somebody set."""

    level: str
    subject: str = Field(description="A product's code, a supplier's or group's id, both as `code @ id`, or empty.")
    name: str
    value: str
    changed_by: str
    changed_at: datetime
    reason: str


class OwnSettings(BaseModel):
    """What somebody set, anywhere."""

    version: int
    settings: Sequence[OwnSettingAnswer]
    next_cursor: str | None


class WantedSetting(BaseModel):
    """A setting to be set; without a value it is taken away, so that the next level's holds again."""

    level: str = Field("global", description="global, supplier, group, product or product_supplier.")
    subject: str = Field("", max_length=4_000, description="A code, a name or an id; empty for all products.")
    supplier: str = Field("", max_length=4_000, description="Of level product_supplier: which supplier.")
    name: str = Field(max_length=100)
    value: str | None = Field(None, max_length=4_000, description="As a person types it; `none`: no value counts.")
    expected: str | None = Field(None, max_length=4_000, description="The value that it must have now, else 409.")
    expects_unset: bool = Field(default=False, description="Whether it must not be set there now, else 409.")


class SettingsRequest(BaseModel):
    """Settings to be set together: all or none."""

    changes: Sequence[WantedSetting] = Field(min_length=1, max_length=10_000)
    reason: str = ""
    is_dry_run: bool = Field(default=False, description="Answer what would change, and change nothing.")


class ChangedSetting(BaseModel):
    """A setting that was, or would be, changed; null: not set."""

    level: str
    subject: str
    name: str
    old: str | None
    new: str | None


class SettingsChanged(BaseModel):
    """What was changed together, or would be."""

    version: int
    change: int | None = Field(description="Its number in the history, to undo it; null if nothing was changed.")
    changes: Sequence[ChangedSetting]
    unchanged: int
    sentence: str


class PastSetting(ChangedSetting):
    """A change of the past; `change` is the number of all that were made together."""

    change: int
    changed_by: str
    changed_at: datetime
    reason: str


class PastSettings(BaseModel):
    """Changes, the latest first."""

    changes: Sequence[PastSetting]
    next_cursor: int | None = Field(description="Give it as cursor for earlier ones.")


class UndoRequest(BaseModel):
    """A change to be taken back, with all that was changed together."""

    change: int = Field(ge=1, le=999_999_999)
    reason: str = ""


class GroupAnswer(BaseModel):
    """A group: its place, rules, and the codes of its products."""

    group_id: str
    kind: str
    name: str
    order: int | None = Field(description="Of two groups that set the same, the one with the lower number decides.")
    rules: Sequence[str]
    put_in: Sequence[str] = Field(description="Products put in by hand.")
    kept_out: Sequence[str] = Field(description="Products kept out by hand.")
    products: Sequence[str]


class WantedGroup(BaseModel):
    """A change of a group; one that does not exist is made."""

    group: str = Field(max_length=200, description="Its name, `kind: name`, or its id.")
    field: str = Field("", description="name, kind, order, rule or member; empty: it shall exist.")
    subject: str = Field("", max_length=4_000, description="The rule, or the product's code.")
    value: str | None = Field(
        None, max_length=4_000, description="Null takes it away; of a rule and a member: in, out."
    )
    kind: str = Field("", max_length=40)


class GroupsRequest(BaseModel):
    """Changes of groups to be made together."""

    changes: Sequence[WantedGroup] = Field(min_length=1, max_length=10_000)
    reason: str = ""


class TermsAnswer(BaseModel):
    """What holds for orders to a supplier, and the next days on which it takes one."""

    supplier_id: str
    supplier_name: str
    version: int
    next_order_days: Sequence[str]
    settings: Sequence[SettingInForceAnswer]


class Bundle(BaseModel):
    """A product that is sold as its parts."""

    product_code: str
    parts: Mapping[str, float] = Field(description="Units of each part in one bundle.")
    is_assembled: bool
