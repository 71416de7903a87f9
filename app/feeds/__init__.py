"""What other programs take of the archive: feeds, cards, citations, catalogues.

Invariant: everything here is made of what the caller may be shown now; addresses are absolute.
"""
