"""What every screen stands on: its request, its form, its page, its errors, its files.

What belongs here: what two screens share. What does not: a screen (`screens`), who may ask (`security`).
"""
