"""The steps, one file each, numbered; once released a step is never changed. `upgrade` gets Alembic's operations."""
