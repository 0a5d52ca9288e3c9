"""Past demand as the models see it: by period, with stock-outs, spikes, closures and transfers told apart.

Read more in docs/maths.md.
"""
