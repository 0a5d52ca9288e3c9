"""The screens, one module each: a request to a page, or to a part of one.

What belongs here: routes and what their templates are given. What does not: what is shown (`shown`).
"""
