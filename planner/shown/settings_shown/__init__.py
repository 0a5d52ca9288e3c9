"""What the settings screen shows: settings in force by topic, their controls, what a change would do.

What belongs here: shaping for pages. What does not: values and rules (`pipelines.planning_settings`), routes
(`screens/settings`).
"""
