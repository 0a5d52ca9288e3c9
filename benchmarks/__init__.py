"""How good and how fast the planner is, measured: each module prints a table and is run by `python -m`.

What belongs here: measurements on a company's own data or on the demo organisation. What does not: tests, which assert.
Read more in docs/experiments.md.
"""
