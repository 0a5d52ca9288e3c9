"""Service allocation: the service level of each product, where a level is kept by many products together.

Read more in docs/maths.md#service-allocation.
"""
