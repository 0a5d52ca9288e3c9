"""What the screen Load data shows.

What belongs here: values of the store, of the kept loads and of what is published, for its templates.
What does not: routes (`screens/data`).
"""
