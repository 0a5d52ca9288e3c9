"""Settings as people type them: requests, and the rows of a CSV file.

What belongs here: texts to values, with what is wrong. What does not: what a setting means (`setting_descriptions.py`).
Read more in docs/buyer/settings.md.
"""
