"""Passages in, ranked hits out: a library with no SQL, no HTTP and no audio.

Invariant: importing any module here loads neither FAISS, tantivy nor torch; each of those is
imported by one file, inside the function that needs it.  What is read from disk is a *snapshot*:
immutable, verified by its manifest, named by one atomic pointer.

Code map: `notation` and `query` (what was typed); `passage` (values and cutting) -> `encoders` ->
`snapshot` (write, verify, publish) -> `searcher` (one snapshot) -> `current` (the one that is
served); `dense`, `terms` and `fusion` are the legs and how they meet.
"""
