"""Groups of products: categories, brands, ranges and the like, whose products a person or a rule names.

Pure: no store and no warehouse. Where groups are kept is `pipelines.store.setting_ledger.group_ledger`.
Read more in docs/buyer/groups.md.
"""
