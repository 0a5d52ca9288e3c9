"""Where tables are kept: their shapes, the warehouse file, snapshots for readers, and who may work on them.

What goes in: frames of the steps. What comes out: whole tables, or all as it was.
Read more in docs/operations.md.
"""
