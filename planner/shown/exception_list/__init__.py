"""Exceptions on a screen: which are listed, in which words, and where each is dealt with.

What belongs here: choosing and wording. What does not: which exceptions there are (`pipelines.exceptions`).
"""
