"""The `stocktrim` command: one module per verb.

What belongs here: reading options, calling one function of the rooms below, showing the result.
What does not: anything that another program would want to call. Only typer and rich are imported at the top of a
module; everything heavier is imported inside the verb that needs it, so that `--help` answers at once.
Read more in docs/interfaces.md.
"""
