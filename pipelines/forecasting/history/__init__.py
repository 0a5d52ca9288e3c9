"""Past demand as the models see it: by period, with stock-outs, spikes, closed weeks and transfers treated.

Read more in docs/maths.md#demand-history.
"""
