"""Why a file of sales cannot be used: one plain sentence that says where and what to do.

Read more in docs/sales_files.md.
"""


class SalesFileError(Exception):
    """The file cannot be used, or can be read in two ways; the message says what to do."""
