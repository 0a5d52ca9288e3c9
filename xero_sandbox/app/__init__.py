"""The sandbox as a program: put together, on a socket, in the foreground or in a test.

Read more in docs/sandbox.md.
"""
