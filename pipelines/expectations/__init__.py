"""Great Expectations at the two borders of trust: what Xero gave us, and what a buyer is about to see.

What comes in: frames. What goes out: findings, each a plain sentence with the rows that offend.
What does not belong here: checks between the borders (dbt tests) and of the code itself (pytest).
Read more in docs/operations.md.
"""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at the import of Great Expectations: it reports to nobody
