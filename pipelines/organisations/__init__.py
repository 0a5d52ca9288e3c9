"""A connected organisation: connecting it, opening what belongs to it, and when its morning is.

Read more in docs/connecting.md.
"""
