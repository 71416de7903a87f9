"""The service and the command line: what people and course sites meet.

The service reads the catalog and a published snapshot; it never decodes, transcribes or writes.
"""

__version__ = "0.1.0"
