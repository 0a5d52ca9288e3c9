"""Why a number is what it is: the bridge in sentences, everything known of a product, and its picture.

Read more in docs/tour.md.
"""
