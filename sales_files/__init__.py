"""A reader of sales files: any usual encoding, separator, number, date and heading, read into one frame.

What belongs here: reading, and notes on how the file was read. What does not: Xero, the planner, printing.
It imports nothing of ours, so the commands, the sandbox and the benchmarks read a file in the same way.
Read more in docs/sales_files.md.
"""
