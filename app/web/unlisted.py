"""What the archive's own lists leave out, search engines are asked to leave out too."""

from typing import TypeVar

from starlette.responses import Response

Answer = TypeVar("Answer", bound=Response)


def unlisted(answer: Answer, visibility: str) -> Answer:
    """The answer about a talk or paper; marked where it is not public."""
    if visibility != "public":
        answer.headers["x-robots-tag"] = "noindex"
    return answer
