"""The job: a recording or a paper goes in; transcript, passages and a published snapshot come out.

Runs in a worker, never in the service.  Nothing heavy is imported when this package is.
"""
