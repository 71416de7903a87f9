"""Log lines: to stderr, as text for people or JSON for machines."""

import logging
import sys

import structlog

from catalog.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Send log lines of this process to stderr in the shape that the settings name."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shape: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
