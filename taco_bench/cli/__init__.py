"""The command line, one module a verb; nothing heavy is imported before it is needed."""
