"""What a supplier asks for: on which days it takes orders, when it is shut, what it charges.

Read more in docs/buyer/supplier-terms.md.
"""
