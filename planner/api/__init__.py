"""The same for programs, below `/api/v1`: what the screens show, as typed JSON.

What belongs here: routes for programs. What does not: what they answer with (`shown`).
"""
