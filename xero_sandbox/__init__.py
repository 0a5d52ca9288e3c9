"""A stateful Xero on localhost, on the real wire: OAuth2 and the Accounting API, for demo, tests and benchmarks.

What belongs here: documents and their rules, the stock engine, the wire format, ways to fill an organisation.
What does not: anything of ours; the sandbox imports none of the planner's packages, so it can lie about nothing.
Read more in docs/sandbox.md.
"""
