"""Citations of talks, papers and passages: a value, and the formats that it is written in.

A library: no HTTP, no SQL.
"""
