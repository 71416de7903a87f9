"""What lies elsewhere: addresses, pages with recordings, arXiv.

Invariant: nothing here connects to an address that `policy` has not checked.
"""
