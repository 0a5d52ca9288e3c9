"""What the API answers with, as types.

What belongs here: shapes and their descriptions. What does not: routes.
Read more in docs/desk.md.
"""
