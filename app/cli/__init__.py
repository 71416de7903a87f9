"""The `seminar` command: one file per group of verbs.

Nothing heavy is imported before a verb runs, so that `seminar --help` answers at once.
"""
