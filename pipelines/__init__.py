"""The steps of the replenishment planner, in plain Python, in the order in which the data flows.

What belongs here: reading Xero (`xero`, `landing`), demand (`forecasting`), what to order (`replenishment`),
orders and their ledger (`purchasing`), and what they stand on (`settings`, `tables`, `warehouse`, `store`).
What does not: Dagster (`stocktrim_assets`), the command line (`stocktrim_cli`), web pages.
Read more in README.md and docs/tour.md.
"""
