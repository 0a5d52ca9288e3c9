"""The settings of the planner: what each means, what it may be, and what follows from them for other products.

Pure: no store and no environment. Where settings are kept is `pipelines.store.setting_changes`.
Read more in docs/interfaces.md.
"""
