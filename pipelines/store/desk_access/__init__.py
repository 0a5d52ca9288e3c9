"""Who may use the desk: people's roles, tokens of programs, ended sessions; and keys of writes with their answers.

What belongs here: their rows. What does not: letting a request through (`planner/security`).
Read more in docs/desk.md.
"""
