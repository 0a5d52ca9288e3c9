"""Why our monthly total of a product differs from Xero's: each reason in words, by terminal and page alike.

What belongs here: the words. What does not: finding the differences (dbt's `sales_differences`).
Read more in docs/buyer/so-much.md.
"""

from typing import Final

REASONS: Final = {
    "draft_counted": "draft counted: Xero's total leaves it out until it is approved",
    "void_not_counted": "void not counted: the invoice stays in Xero's list, but it is no sale",
    "credit_note": "credit note: cancels the sale",
    "other_date": "other date: a credit note of another month counts at the sale's date",
    "other_product": "other product: the invoice has an earlier code of the product",
    "taken_back_on_invoice": "taken back on an invoice: cancels earlier sales, unless returns are ignored",
    "returned_on_invoice": "returned on an invoice: cancels the sale at the sale's date",
    "negative_price": "negative price: returns money, not goods",
}
