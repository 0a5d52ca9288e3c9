"""Purchase orders on a screen: which are found, what each row and an open order show.

What belongs here: shaping orders for pages. What does not: what is known of an order and what may be done with it
(`pipelines/organisations`), routes.
"""
