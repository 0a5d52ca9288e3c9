"""What every part of the sandbox shares: documents, books, stock, clock, records and their bytes.

Read more in docs/sandbox.md.
"""
