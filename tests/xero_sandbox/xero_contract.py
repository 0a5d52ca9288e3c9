"""Xero's own OpenAPI document as a judge of answers: strict, but for the real fields that it leaves out."""

from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import yaml

ENVELOPE = {"Id", "Status", "ProviderName", "DateTimeUTC"}
LEFT_OUT = {
    "Invoice": {"DateString", "DueDateString", "InvoicePaymentServices"},
    "CreditNote": {"DateString", "DueDateString", "ID"},
    "PurchaseOrder": {"DateString", "DeliveryDateString", "Type", "HasErrors", "IsDiscounted"},
    "LineItem": {"ValidationErrors"},
    "Item": {"QuantityAvailable", "QuantityOnBackOrder"},
    "Items": ENVELOPE,
    "Invoices": ENVELOPE,
    "CreditNotes": ENVELOPE,
    "PurchaseOrders": ENVELOPE,
    "Contacts": ENVELOPE,
    "Organisations": ENVELOPE,
}


class _Loader(yaml.CSafeLoader):
    """YAML without dates, and with no truth but true and false, so that Norway stays a country."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(("timestamp", "bool")) or first in "tf"]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class Contract:
    """The components of the document, compiled once each."""

    def __init__(self, path: Path) -> None:
        document = yaml.load(path.read_text(), _Loader)  # noqa: S506, a safe loader with less in it
        self._components = {"schemas": {n: _strict(n, s) for n, s in document["components"]["schemas"].items()}}
        self._validators: dict[str, Any] = {}
        self.checked = 0

    def check(self, answer: httpx2.Response) -> None:
        """Raise where a JSON answer is not what the document describes."""
        if answer.status_code == 200 and answer.headers["content-type"].startswith("application/json"):
            self._validate(next(name for name in reversed(answer.json()) if name in LEFT_OUT), answer.json())
        elif answer.status_code == 400:
            self._validate_error(answer.json())

    def _validate_error(self, body: dict[str, Any]) -> None:
        elements = body.pop("Elements", [])
        self._validate("Error", body)
        for element in elements:
            kind = next(name for name in KINDS if f"{name}ID" in element)
            self._validate(kind, element)

    def _validate(self, name: str, body: Any) -> None:
        if name not in self._validators:
            schema = {"$ref": f"#/components/schemas/{name}", "components": self._components}
            self._validators[name] = jsonschema_rs.validator_for(schema, validate_formats=True)
        self._validators[name].validate(body)
        self.checked += 1


KINDS = ("PurchaseOrder", "Invoice", "CreditNote", "Item", "Contact")


def _strict(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """No property beyond those described and those that Xero is known to send."""
    if "properties" not in schema:
        return schema
    allowed = {field: {} for field in LEFT_OUT.get(name, set())}
    return schema | {"properties": schema["properties"] | allowed, "additionalProperties": False}
