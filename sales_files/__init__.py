"""Files of sales as people have them, read into one frame: any usual encoding, separator, number, date and heading.

What belongs here: reading, and saying what was taken for what. What does not: Xero, the planner, printing.
It imports nothing of ours, so that the commands, the sandbox and the benchmarks read a file alike.
Read more in docs/sales_files.md.
"""
