"""The archive that clients ask: the one of the service's tests."""

from tests.app.conftest import library, reader, shelf

__all__ = ["library", "reader", "shelf"]
