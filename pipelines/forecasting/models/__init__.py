"""The models of demand: levels, seasons, distributions, their calibration, and the list of all of them.

Read more in docs/maths.md.
"""
