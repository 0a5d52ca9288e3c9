"""Where another supplier of a product is cheaper, or quick enough to save a stock-out.

Read more in docs/buyer/supplier-terms.md.
"""
