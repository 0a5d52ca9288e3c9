"""Xero's own OpenAPI document as a judge of answers: strict, but for the real fields that it leaves out."""

from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import yaml

from xero_sandbox.core.answers import Answer, Call

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
KINDS = ("PurchaseOrder", "Invoice", "CreditNote", "Item", "Contact")


class _Loader(yaml.CSafeLoader):
    """YAML without dates, and with no truth but true and false, so that Norway stays a country."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(("timestamp", "bool")) or first in "tf"]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class Contract:
    """The components of the document, read at the first answer and compiled once each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._validators: dict[str, Any] = {}
        self.checked = 0

    def check(self, call: Call, answer: Answer) -> None:
        """Raise where a JSON answer of the Accounting API is not what the document describes."""
        is_json = answer.media_type.startswith("application/json") and bool(answer.body)
        if not is_json or not call.path.lower().startswith("/api.xro/"):
            return
        body = orjson.loads(answer.body)
        if answer.status == 200:
            self.validate(next(name for name in reversed(body) if name in LEFT_OUT), body)
        elif answer.status == 400:
            self._validate_error(body)

    def validate(self, name: str, body: Any) -> None:
        """Raise where a value is not what a component of the document describes."""
        if name not in self._validators:
            schema = {"$ref": f"#/components/schemas/{name}", "components": self._components}
            self._validators[name] = jsonschema_rs.validator_for(schema, validate_formats=True)
        self._validators[name].validate(body)
        self.checked += 1

    def _validate_error(self, body: dict[str, Any]) -> None:
        elements = body.pop("Elements", [])
        self.validate("Error", body)
        for element in elements:
            self.validate(next(name for name in KINDS if f"{name}ID" in element), element)

    @cached_property
    def _components(self) -> dict[str, Any]:
        document = yaml.load(self._path.read_text(), _Loader)  # noqa: S506, a safe loader with less in it
        return {"schemas": {name: _strict(name, one) for name, one in document["components"]["schemas"].items()}}


def _strict(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """No property beyond those described and those that Xero is known to send."""
    if "properties" not in schema:
        return schema
    allowed: dict[str, Any] = {field: {} for field in LEFT_OUT.get(name, set())}
    return schema | {"properties": schema["properties"] | allowed, "additionalProperties": False}
