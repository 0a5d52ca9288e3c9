"""CSV files as spreadsheets write and read them: rows with their lines, and texts that are no formulas.

What belongs here: what all such files share. What does not: the columns of one kind of file and what they mean.
Read more in docs/buyer/settings.md, "In a spreadsheet".
"""
