"""What people say about demand: events, new products, and whose demand counts for whom.

Read more in docs/buyer/promotions.md and docs/buyer/bundles.md.
"""
