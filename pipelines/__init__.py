"""The steps of the replenishment planner, in plain Python, each room on a floor: imports only go down.

    expectations                     the rules for what was loaded and what was planned
    landing                          Xero → raw
    organisations                    joins settings, store and Xero for one organisation
    settings · store · xero          the environment; what people decide; Xero's wire
    exceptions                       what needs a person, in money
    policy_backtest                  the plan tried on the past
    replenishment                    forecast → plan
    forecasting                      marts → forecast
    planning_settings · purchasing   what a buyer sets; plan → drafts → approved → sent
    product_groups                   which products belong together, by hand and by rule
    storage                          tables, the warehouse file, snapshots for readers
    credentials, call_limits, identities, organisation_key, readiness, product_codes, setting_subjects, spreadsheets,
    secret, errors

What belongs here: the steps, and what they stand on. `make lint` checks the floors (import-linter, pyproject.toml):
nothing below `settings` calls Xero, opens our database or reads the environment.
What does not: Dagster (`stocktrim_assets`), the command line (`stocktrim_cli`), web pages.
Read more in README.md and docs/tour.md.
"""
