"""What is kept: SQLAlchemy Core over SQLite or PostgreSQL, one file per aggregate."""
