"""What a person does with orders, by terminal, page and API alike: each wish is one call that writes its events.

What belongs here: joining a wish with the order desk, the rules and the ledger. What does not: the rules
(`pipelines/purchasing`), what is known of an order (`order_desk.py`), printing.
Read more in docs/buyer/orders.md.
"""
