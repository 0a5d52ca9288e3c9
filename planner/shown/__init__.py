"""What a screen shows, as plain values: pure functions of one published snapshot.

What belongs here: choosing and summing up what is published. What does not: HTML (`templates`), requests (`screens`).
"""
