"""The buyer's desk: a web app that shows what was published, and keeps what people decide.

What belongs here: sign-in (`security`), what each screen shows (`shown`), its pages (`screens`), the same for
programs (`api`). What does not: a rule of the trade; commands and screens call the same functions of `pipelines`.

    a request -> security -> a screen -> reading -> one published snapshot, resolved once

The desk opens no warehouse: a run may hold it. Read more in docs/adr/0002-one-duckdb-process-and-snapshots.md.
"""
