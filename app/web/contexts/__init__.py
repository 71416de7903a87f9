"""What each page shows, as values; the templates hold no logic beyond "if" and "for".

Invariant: everything here is ready to be shown and not yet escaped; the templates escape all of it.
"""
