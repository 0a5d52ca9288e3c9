"""Who may use the desk: sign-in, sessions, refusing forged requests, and the headers that a browser enforces.

What belongs here: everything that stands before a screen. What does not: what a person sees there.
Everything is refused unless `guard.py` lets it through, so that a new screen is closed from its first day.
"""
