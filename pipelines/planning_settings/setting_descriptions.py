"""Every setting, described once: commands, CSV files, checks and pages are all made from these descriptions.

What belongs here: meaning, unit, levels, default, values, example and effect of each. What does not: which value
is in force for a product (`registry.py`), where values are kept (`pipelines.store.setting_ledger.setting_changes`).
Read more in docs/interfaces.md.
"""

from dataclasses import dataclass
from typing import Any, Final

from pipelines.planning_settings.demand_settings.like_product import like
from pipelines.planning_settings.mornings import (
    ALLOWED_TIME,
    ALLOWED_WEEKDAYS,
    EVERY_DAY,
    parse_time,
    parse_weekdays,
)
from pipelines.planning_settings.setting_values import (
    ValueForm,
    bundle,
    choice,
    code,
    contact,
    cost,
    currency,
    day,
    flag,
    order_days,
    order_value,
    price,
    price_breaks,
    product,
    quantity,
    share,
    shutdowns,
    whole,
    yearly_rate,
)

LEVELS: Final = ("global", "supplier", "group", "product", "product_supplier")
"""The levels at which a setting can be set; the value of a later one wins.

`product_supplier` is what holds for a product while it is ordered from one supplier.
"""
_ALL: Final = ("global", "supplier", "group", "product")
_SUPPLIER: Final = ("supplier",)
_GROUP: Final = ("group", "product")
_PRODUCT: Final = ("product",)
_TERMS: Final = ("product", "product_supplier")
_GROUP_TERMS: Final = ("group", "product", "product_supplier")
_GLOBAL: Final = ("global",)
_NOT_SUPPLIER: Final = ("global", "group", "product")
_NOT_GLOBAL: Final = ("supplier", "group", "product", "product_supplier")
_NOT_PRODUCT: Final = ("global", "supplier")


@dataclass(frozen=True)
class Parameter:
    """A setting: `help` is its meaning, `effect` what it does to a plan, `example` a value that a person may type."""

    name: str
    unit: str
    levels: tuple[str, ...]
    default: str
    help: str
    form: ValueForm
    example: str
    effect: str

    @property
    def command(self) -> str:
        """The command that sets the example."""
        target = {"product": " --product P-0001", "supplier": ' --supplier "Supplier 07"', "global": ""}
        value = f'"{self.example}"' if " " in self.example else self.example
        level = "product" if "product" in self.levels else self.levels[-1]
        return f"stocktrim settings set {self.name} {value}{target[level]}"


_PARAMETERS: Final = (
    Parameter(
        "lead_time_days", "days", LEVELS, "14", "Order placed to goods usable.", whole("days", 0, 730), "21",
        "A longer lead time raises the reorder point and the quantity on order: an order must cover the days until "
        "the next one can arrive.",
    ),
    Parameter(
        "lead_time_rule", "choice", _ALL, "as_set",
        "as_set: a lead time that a person set is used; learned: the estimate from receipts replaces it.",
        choice("as_set", "learned"), "learned",
        "With learned, late and early deliveries change the planned lead time; with as_set they only give its spread.",
    ),
    Parameter(
        "manufacturing_time_days", "days", _GROUP, "0", "Added to the lead time.", whole("days", 0, 730), "5",
        "The same as a longer lead time.",
    ),
    Parameter(
        "forecast_period_days", "days", _NOT_SUPPLIER, "", "If set, an order covers this many days from today.",
        whole("days", 1, 1000, is_optional=True), "60",
        "It replaces the protection interval (lead time + order frequency).",
    ),
    Parameter(
        "order_frequency_days", "days", _ALL, "7", "How often orders are placed.", whole("days", 1, 365), "14",
        "Ordering less often makes each order larger and raises average stock.",
    ),
    Parameter(
        "order_days", "days", _NOT_PRODUCT, "", "The days on which orders can be placed; any day if not set.",
        order_days(), "mon,thu",
        "The next order is placed on such a day, and must last until the goods of the one after it arrive.",
    ),
    Parameter(
        "shutdowns", "periods", _NOT_PRODUCT, "",
        "First and last days of the periods in which nothing is made or shipped, of the supplier or of all suppliers.",
        shutdowns(), "2026-12-24..2027-01-02",
        "Nothing arrives in a shutdown, and its days do not count as lead time; orders before it cover it.",
    ),
    Parameter(
        "service_level", "share", _ALL, "0.95",
        "Share of order cycles that should end without a shortage, or of demand served from stock.", share(), "98%",
        "A higher level raises safety stock, the more so the nearer it is to 100%.",
    ),
    Parameter(
        "service_allocation", "choice", _NOT_SUPPLIER, "even",
        "Whose service level is kept: even: each product keeps its own; by_value: the products keep it together at the "
        "least stock value; by_margin: each product has the level at which a unit more costs what it earns.",
        choice("even", "by_value", "by_margin"), "by_value",
        "With by_value dear products that sell slowly run short more often, and the others less; with by_margin the "
        "service level that is set does not count.",
    ),
    Parameter(
        "service_floor", "share", _NOT_SUPPLIER, "0.8",
        "No product gets a service level below it, however levels are allocated.", share(), "90%",
        "A higher floor holds more stock of dear products; with even it changes nothing.",
    ),
    Parameter(
        "holding_cost_rate", "share a year", _NOT_SUPPLIER, "0.25",
        "What holding stock costs a year, as a share of its value: capital, space, loss.", yearly_rate(), "20%",
        "It prices overstock; quantities stay.",
    ),
    Parameter(
        "minimum_order_quantity", "units", _GROUP_TERMS, "0", "Fewest units on a line.", quantity(least="0"), "50",
        "A smaller order quantity is raised to it; a product that needs no order gets none.",
    ),
    Parameter(
        "batch_size", "units", _NOT_GLOBAL, "1", "A line is a multiple of this.", quantity(least="0.0001"), "12",
        "An order quantity is rounded up to whole batches; a maximum rounds it down.",
    ),
    Parameter(
        "minimum_shelf_level", "units", _GROUP, "0", "Fewest units in stock and on order.", quantity(least="0"), "24",
        "An order is raised until the stock position reaches it, even without demand.",
    ),
    Parameter(
        "maximum_shelf_level", "units", _GROUP, "", "Most units in stock and on order.",
        quantity(least="0", is_optional=True), "200",
        "An order is cut so that the stock position stays below it; it wins over every minimum.",
    ),
    Parameter(
        "overridden_demand", "units a day", _PRODUCT, "", "If set, expected demand that replaces the forecast.",
        quantity(least="0", is_optional=True), "4.5",
        "The order is decided on this demand on the days of the override.",
    ),
    Parameter(
        "overridden_demand_from", "date", _PRODUCT, "", "The first day of the overridden demand; today if not set.",
        day(), "2026-11-01", "Before it the forecast is used.",
    ),
    Parameter(
        "overridden_demand_until", "date", _PRODUCT, "",
        "Its last day, after which the forecast is used again; open if not set.", day(), "2026-12-24",
        "After it the forecast is used again.",
    ),
    Parameter(
        "ignore_seasonality", "flag", _GROUP, "false", "Forecast by a model without seasonality.", flag(), "true",
        "The forecast no longer follows last year's seasons.",
    ),
    Parameter(
        "successor_of", "product", _PRODUCT, "", "The predecessor, whose demand counts for this product, if any.",
        product(), "P-0012", "Sales of the predecessor are forecast as demand of this product.",
    ),
    Parameter(
        "bundle_of", "products", _PRODUCT, "", "The parts of a bundle with their units, such as CUP:2; TEA:1.",
        bundle(), "CUP:2; TEA:1", "The bundle is not ordered; its sales are demand of its parts.",
    ),
    Parameter(
        "like_product", "product", _PRODUCT, "",
        "A product that this new one is expected to sell like, with a factor, until its own sales count.",
        like(), "P-0012 * 0.8", "The new product is forecast from the other one's sales, its own count more and more.",
    ),
    Parameter(
        "is_assembled", "flag", _PRODUCT, "false",
        "Whether a bundle keeps stock of its own, which is assembled from its parts in manufacturing_time_days.",
        flag(), "true", "The plan says how many to assemble, and the parts are ordered for it.",
    ),
    Parameter(
        "preferred_supplier", "contact", _GROUP, "", "The supplier to order from.", contact(), "Supplier 07",
        "Orders go to this supplier, with its lead time and its settings.",
    ),
    Parameter(
        "minimum_order_value", "money", _SUPPLIER, "",
        "The least value of a whole order, in its currency.", order_value(), "250",
        "Units are added to a smaller order until it reaches the minimum, or it waits: see below_minimum.",
    ),
    Parameter(
        "below_minimum", "choice", _NOT_PRODUCT, "best",
        "What is done with an order below its supplier's minimum. add: the units that lose least are added; wait: it "
        "waits until it reaches the minimum by itself; best: the cheaper of the two; as_is: drafted with a warning.",
        choice("best", "add", "wait", "as_is"), "add",
        "With best and add an order may hold more than is needed; with best and wait it may come later.",
    ),
    Parameter(
        "spend_cap", "money", _GLOBAL, "", "Most money for all orders of a plan, in base currency.",
        order_value(least="0", such_as="20000", is_optional=True), "20000",
        "Units that save most for their money are ordered first; what is left out is listed with its risk.",
    ),
    Parameter(
        "order_currency", "currency", _SUPPLIER, "",
        "The currency of the supplier's orders; that of its latest order or bill in Xero if not set.", currency(),
        "EUR", "Costs and orders are in this currency; without a known rate to it costs are unknown.",
    ),
    Parameter(
        "supplier_product_code", "text", _TERMS, "", "The supplier's own product code, shown on orders.", code(),
        "4711-B", "It stands on the line of the purchase order; quantities stay.",
    ),
    Parameter(
        "unit_cost", "money", _TERMS, "", "Price of a unit, in the supplier's currency.", price(), "12.50",
        "It replaces the cost that Xero shows in order values and overstock; quantities stay.",
    ),
    Parameter(
        "price_breaks", "money by units", _TERMS, "",
        "What a unit costs from a quantity on, in the supplier's currency; below the first the usual unit cost.",
        price_breaks(), "100 at 9.50; 500 at 9.00",
        "The cost of an order line follows its quantity, and the plan says if ordering up to the next break saves "
        "money; quantities stay.",
    ),
    Parameter(
        "cost_per_order", "money", _NOT_PRODUCT, "0",
        "What one more order to a supplier costs us, in base currency: writing, receiving, paying, its freight.",
        cost(), "15", "A supplier is called cheaper only after the cost of an order of its own; quantities stay.",
    ),
    Parameter(
        "cost_per_order_line", "money", _NOT_PRODUCT, "0",
        "What one more line of an order costs us, in base currency: booking it in, putting it away.",
        cost(), "1.50", "A supplier is called cheaper only after it; quantities stay.",
    ),
    Parameter(
        "discontinued", "flag", _GROUP, "false", "Out of the plan for good.", flag(), "true",
        "The product is not ordered; the plan gives this reason.",
    ),
    Parameter(
        "unstocked", "flag", _GROUP, "false", "No stock is kept of the product.", flag(), "true",
        "The product is not ordered; the plan gives this reason.",
    ),
    Parameter(
        "service_measure", "choice", _GLOBAL, "cycle",
        "What the service level is a share of: order cycles, or demand (fill rate).", choice("cycle", "fill"), "fill",
        "At the same level the fill rate usually needs less stock than the cycle service level.",
    ),
    Parameter(
        "unmet_demand", "choice", _GLOBAL, "lost", "What happens to demand without stock: it is lost, or backordered.",
        choice("lost", "backordered"), "backordered",
        "With backordered, demand during a stock-out is ordered too.",
    ),
    Parameter(
        "order_rule", "choice", _GLOBAL, "projected",
        "What an order is decided on: stock projected to its arrival, or the stock position.",
        choice("projected", "position"), "position",
        "With projected, open orders count on the day on which they arrive; with position, at once.",
    ),
    Parameter(
        "order_levels", "choice", _GLOBAL, "two",
        "two: an order waits until the stock-out risk is twice the target; one: it does not wait.",
        choice("two", "one"), "one", "With one there are more and smaller orders.",
    ),
    Parameter(
        "unit_rounding", "choice", _GLOBAL, "average",
        "Where no whole number of units has just the service level: average: some products hold a unit less, so that "
        "together they keep it; each: every product keeps it, most of them more than it.",
        choice("average", "each"), "each", "With each there is more stock of what sells slowly, by a unit at most.",
    ),
    Parameter(
        "on_order_rule", "choice", _GLOBAL, "delivery_date",
        "Which open orders count: by their delivery date, or all without a bill that delivers them.",
        choice("delivery_date", "unbilled"), "unbilled",
        "With unbilled, late orders count as supply until a bill delivers them.",
    ),
    Parameter(
        "returns_handling", "choice", _GLOBAL, "net",
        "Negative lines of sales invoices: net (returns that cancel earlier sales) or ignore.",
        choice("net", "ignore"), "ignore", "With ignore, returned goods stay in demand.",
    ),
    Parameter(
        "overstock_period_days", "days", _GLOBAL, "90", "Stock for longer than this is overstock.",
        whole("days", 0, 3650), "120", "It changes what is listed as overstock; quantities stay.",
    ),
    Parameter(
        "stale_after_hours", "hours", _GLOBAL, "36", "Data older than this are stale.", whole("hours", 1, 8760), "24",
        "A plan of stale data says so, and its orders are not sent without a deliberate choice.",
    ),
    Parameter(
        "approval_limit", "money", _GLOBAL, "",
        "The value of an order, in base currency, above which two different people approve it.", order_value(), "5000",
        "None on the numbers; a larger order waits for its second approval, also if its currency has no exchange rate.",
    ),
    Parameter(
        "push_status", "choice", _GLOBAL, "DRAFT", "The status that orders get in Xero.",
        choice("DRAFT", "SUBMITTED", "AUTHORISED"), "SUBMITTED", "None on the plan; orders arrive in Xero with it.",
    ),
    Parameter(
        "daily_run_at", "local time", _GLOBAL, "05:00",
        "When the daily run begins, in the organisation's own time zone; or off.",
        ValueForm("time", ALLOWED_TIME, parse_time), "06:30", "None on the numbers; a plan is made at this hour.",
    ),
    Parameter(
        "daily_run_weekdays", "days", _GLOBAL, EVERY_DAY, "On which days of the week it begins.",
        ValueForm("weekdays", ALLOWED_WEEKDAYS, parse_weekdays), "mon-fri",
        "None on the numbers; a plan is made on these days.",
    ),
)  # fmt: skip
PARAMETERS: Final = {parameter.name: parameter for parameter in _PARAMETERS}
AT_ONCE: Final = frozenset({"approval_limit", "push_status"})
"""Settings of approving and sending, which no plan is made with: they hold as soon as they are set."""


def described(parameter: Parameter) -> dict[str, Any]:
    """A setting's description as plain data, for other programs; bounds are numbers as text."""
    form = parameter.form
    return {
        "name": parameter.name,
        "meaning": parameter.help,
        "effect": parameter.effect,
        "kind": form.kind,
        "unit": parameter.unit,
        "levels": list(parameter.levels),
        "default": parameter.default,
        "allowed": form.allowed,
        "least": None if form.least is None else str(form.least),
        "most": None if form.most is None else str(form.most),
        "choices": list(form.choices),
        "is_optional": form.is_optional,
        "example": parameter.example,
        "command": parameter.command,
    }
