"""The error of a sales file that cannot be used: one sentence that says where and what to do.

Read more in docs/sales_files.md.
"""


class SalesFileError(Exception):
    """The file cannot be used, or can be read in two ways; the message says what to do."""
