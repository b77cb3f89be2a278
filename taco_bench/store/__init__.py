"""Cells on disk: ids, atomic writes, schema version."""
