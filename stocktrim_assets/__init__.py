"""The Dagster code location: assets, checks, jobs, the schedule and the sensor, all of them thin.

What belongs here: reading tables, calling one pure function of `pipelines`, writing, and telling Dagster the numbers.
What does not: maths, SQL, HTTP. Every asset has one partition per organisation.
Read more in docs/operations.md.
"""
