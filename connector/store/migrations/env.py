"""Alembic's door: runs the migrations on the connection that `connector.store.schema` hands over."""

from alembic import context

from connector.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    user_module_prefix="columns.",
    transactional_ddl=True,
)
context.run_migrations()
