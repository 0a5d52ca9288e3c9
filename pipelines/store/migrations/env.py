"""How Alembic reaches the store: on the connection that `pipelines.store.engine` hands it.

What belongs here: nothing else. Read more in docs/operations.md.
"""

from alembic import context

from pipelines.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
