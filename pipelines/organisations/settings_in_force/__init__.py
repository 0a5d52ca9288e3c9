"""The settings of an organisation as people handle them: chosen, shown, changed, in files, and what they would do.

What belongs here: joining the store with what is published. What does not: rules (`planning_settings`), rows (`store`).
Read more in docs/buyer/settings.md.
"""
