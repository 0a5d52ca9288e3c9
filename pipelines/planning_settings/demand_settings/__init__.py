"""What people say about demand: events, and bundles that are assembled from their parts.

Read more in docs/buyer/promotions.md and docs/buyer/bundles.md.
"""
