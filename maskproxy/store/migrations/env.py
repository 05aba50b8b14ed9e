"""Run by alembic around the migrations, on the connection that the store hands in and inside its transaction."""

from alembic import context

from maskproxy.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
