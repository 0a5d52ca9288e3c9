"""The settings of an organisation as rows of a file, with suppliers and groups by their names.

What belongs here: names instead of ids. What does not: the file (`setting_files/setting_csv.py`).
Read more in docs/buyer/settings.md, "In a spreadsheet".
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from pipelines.organisations.settings_in_force.organisation_settings import UNKNOWN_SUPPLIER, OrganisationSettings
from pipelines.planning_settings.setting_descriptions import LEVELS, PARAMETERS
from pipelines.planning_settings.setting_values import NONE
from pipelines.product_codes import folded
from pipelines.product_groups.groups import Group
from pipelines.setting_subjects import product_in, supplier_in
from pipelines.storage import tables
from pipelines.storage.snapshots import published_or_empty
from pipelines.store.setting_ledger.setting_changes import SettingChange


def exported_settings(now: OrganisationSettings) -> Iterator[dict[str, str]]:
    """The rows of the file of all settings in force; a supplier is named if no other has its name.

    Settings of groups that were removed are left out; `settings show --gone` lists them.
    """
    products = published_or_empty(now.opened.folder, tables.PRODUCTS)
    suppliers = {} if products.is_empty() else now.subjects.suppliers
    count = Counter(folded(name) for name in suppliers.values())
    unique = {
        identity: name for identity, name in suppliers.items()
        if count[folded(name)] == 1 and name not in {*suppliers, UNKNOWN_SUPPLIER}
    }  # fmt: skip
    named = dict(products.select("product_code", "product_name").rows())
    groups = now.groups.groups
    for change in sorted(now.in_force, key=lambda row: (LEVELS.index(row.level), row.subject, row.name)):
        if change.level != "group" or change.subject in groups:
            yield _exported(change, unique, named, groups)


def _exported(
    change: SettingChange, suppliers: Mapping[str, str], products: Mapping[str, str], groups: Mapping[str, Group]
) -> dict[str, str]:
    value = change.value or NONE
    product, supplier = product_in(change.level, change.subject), supplier_in(change.level, change.subject)
    named = suppliers.get(supplier, supplier)
    return {
        "level": change.level,
        "subject": groups[change.subject].title if change.level == "group" else product or named,
        "supplier": named if product else "",
        "subject_name": "".join(filter(str.isprintable, products.get(product) or "")),
        "setting": change.name,
        "value": suppliers.get(value, value) if change.name == "preferred_supplier" else value,
        "unit": PARAMETERS[change.name].unit if change.name in PARAMETERS else "",
        "set_by": change.changed_by,
        "set_at": f"{change.changed_at:%Y-%m-%d %H:%M:%S} UTC",
        "set_reason": change.reason,
    }
