"""The parts of a product's page that need words or pages of their own.

What belongs here: shaping what is published of one product. What does not: the explanation (`pipelines.replenishment`).
"""
