"""The store of settings and groups: changes in their order, and what is in force.

What belongs here: rows. What does not: what may be set (`planning_settings`).
Read more in docs/adr/0003-decisions-in-a-transactional-store.md.
"""
