"""Policy backtest: what order policies would have done to a company's own past, in service and in money. Pure.

What belongs here: the past (`past.py`, `replay`), policies (`our_rule.py`, `rival_rules.py`), the simulation of each
(`simulation.py`), all side by side (`policy_comparison.py`), the results (`report.py`, `frontier_picture.py`).
What does not: the maths of our policy, which is that of a plan.
Read more in docs/maths.md.
"""
