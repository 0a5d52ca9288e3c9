"""Connecting Xero from the browser: sign-ins that wait for Xero's answer.

What belongs here: which sign-in an answer belongs to. What does not: pages, and Xero
(`pipelines.organisations.connecting`).
"""
