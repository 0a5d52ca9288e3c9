"""Connected organisations: connecting and removing them, and opening all that a step needs of one organisation.

Read more in docs/connecting.md.
"""
