"""What a node keeps beyond an exchange, in a database: SQLAlchemy over SQLite, with migrations inside the package."""
