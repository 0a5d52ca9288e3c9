"""Storage of tables: their shapes, the warehouse file, snapshots for readers, and who may work on them.

What goes in: frames of the steps. What comes out: whole tables, or no change.
Read more in docs/operations.md.
"""
