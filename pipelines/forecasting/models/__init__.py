"""The models of demand: levels, seasons, distributions, their calibration, and the list of all models.

Read more in docs/maths.md#models.
"""
