"""The `pledger` command: one module for each group of commands (`cli.main` joins them)."""
