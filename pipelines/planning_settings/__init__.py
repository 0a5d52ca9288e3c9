"""The settings of the planner: what each means, its allowed values, and what follows for other products.

Pure: no store and no environment. Where settings are kept is `pipelines.store.setting_ledger.setting_changes`.
Read more in docs/interfaces.md.
"""
