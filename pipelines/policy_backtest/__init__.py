"""Replay: what rules of ordering would have done to a company's own past, in service and in money. Pure.

What belongs here: the past (`history`), the rules (`ours`, `rivals`), the run (`simulation`), all of them side by side
(`backtest`), what it comes to (`report`, `picture`).
What does not: the maths of our rule, which the replay calls as the plan does.
Read more in docs/maths.md.
"""
