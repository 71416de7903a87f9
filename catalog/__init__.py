"""What the archive holds: tables, sessions, settings and the artifact store.  The truth.

Imports no other room; a snapshot of the index can always be rebuilt from here.
"""
