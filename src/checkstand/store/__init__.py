"""The only place with SQL: a module per noun, numbered migrations, and the embedded PostgreSQL."""
