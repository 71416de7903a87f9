"""Edit, withdraw, show again and remove: what staff do to a talk or paper.

Invariant: a deed is one transaction, noted under the key that asked for it.  With `If-Match` it is
done only to what the caller has seen.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from sqlmodel import Session
from starlette.responses import Response

from app.api.access import caller_of
from app.api.caching import holds, tag_of
from app.api.depends import Opened, named
from app.api.mentions import in_talk
from app.api.papers import PaperKey, paper_answer
from app.api.problems import documented
from app.api.staff_schemas import (
    Change,
    EditAnswer,
    PaperEdit,
    Return,
    TalkEdit,
    Withdrawal,
)
from app.api.talks import TalkKey, talk_answer
from app.errors import VersionMismatch
from app.wiring import Service
from catalog import editing, events, mentions, papers, removal, talks
from catalog.editing import Changes
from catalog.tables import Paper, Talk

router = APIRouter(prefix="/api/v1", tags=["staff"])
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=1_000, description="`ETag` of what was seen; else whatever is."
    ),
]
EDITED = {
    200: {"description": "What was changed", "headers": {"ETag": {"schema": {"type": "string"}}}},
    **documented(404, 409, 412, 413, 422),
}
REMOVED = {204: {"description": "Removed"}, **documented(404, 409, 412, 422)}


@router.patch(
    "/talks/{talk_id}", response_model=EditAnswer, summary="Edit a talk", responses=EDITED
)
def edit_talk(
    request: Request, service: Opened, talk_id: TalkKey, edit: TalkEdit, if_match: IfMatch = None
) -> Response:
    """Set what is given of a talk; pages show it at once, search when it was published."""
    return _Deed(request, service, "talk", talk_id, if_match).edit(_said(edit))


@router.patch(
    "/papers/{paper_id}", response_model=EditAnswer, summary="Edit a paper", responses=EDITED
)
def edit_paper(
    request: Request, service: Opened, paper_id: PaperKey, edit: PaperEdit, if_match: IfMatch = None
) -> Response:
    """Set what is given of a paper; pages show it at once, search when it was published."""
    return _Deed(request, service, "paper", paper_id, if_match).edit(_said(edit))


@router.post(
    "/talks/{talk_id}/withdraw",
    response_model=EditAnswer,
    summary="Withdraw a talk",
    responses=EDITED,
)
def withdraw_talk(
    request: Request,
    service: Opened,
    talk_id: TalkKey,
    said: Withdrawal | None = None,
    if_match: IfMatch = None,
) -> Response:
    """Take a talk out of view at once; everything of it is kept."""
    return _Deed(request, service, "talk", talk_id, if_match).withdraw(said or Withdrawal())


@router.post(
    "/papers/{paper_id}/withdraw",
    response_model=EditAnswer,
    summary="Withdraw a paper",
    responses=EDITED,
)
def withdraw_paper(
    request: Request,
    service: Opened,
    paper_id: PaperKey,
    said: Withdrawal | None = None,
    if_match: IfMatch = None,
) -> Response:
    """Take a paper out of view at once; everything of it is kept."""
    return _Deed(request, service, "paper", paper_id, if_match).withdraw(said or Withdrawal())


@router.post(
    "/talks/{talk_id}/restore",
    response_model=EditAnswer,
    summary="Show a withdrawn talk again",
    responses=EDITED,
)
def restore_talk(
    request: Request,
    service: Opened,
    talk_id: TalkKey,
    how: Return | None = None,
    if_match: IfMatch = None,
) -> Response:
    """Show a withdrawn talk again, to everybody or to who knows its address."""
    return _Deed(request, service, "talk", talk_id, if_match).restore(how or Return())


@router.post(
    "/papers/{paper_id}/restore",
    response_model=EditAnswer,
    summary="Show a withdrawn paper again",
    responses=EDITED,
)
def restore_paper(
    request: Request,
    service: Opened,
    paper_id: PaperKey,
    how: Return | None = None,
    if_match: IfMatch = None,
) -> Response:
    """Show a withdrawn paper again, to everybody or to who knows its address."""
    return _Deed(request, service, "paper", paper_id, if_match).restore(how or Return())


@router.delete(
    "/talks/{talk_id}", status_code=204, summary="Remove a talk for good", responses=REMOVED
)
def remove_talk(
    request: Request, service: Opened, talk_id: TalkKey, if_match: IfMatch = None
) -> Response:
    """Delete a talk with all that was made of it; a worker takes its files from the disk."""
    return _Deed(request, service, "talk", talk_id, if_match).remove()


@router.delete(
    "/papers/{paper_id}", status_code=204, summary="Remove a paper for good", responses=REMOVED
)
def remove_paper(
    request: Request, service: Opened, paper_id: PaperKey, if_match: IfMatch = None
) -> Response:
    """Delete a paper with all that was made of it; a worker takes its files from the disk."""
    return _Deed(request, service, "paper", paper_id, if_match).remove()


class _Deed:
    """Something that is done to one talk or paper."""

    def __init__(
        self, request: Request, service: Service, kind: str, key: str, if_match: str | None
    ) -> None:
        self._service = service
        self._kind = kind
        self._key = named(kind, key)
        self._if_match = if_match
        caller = caller_of(request.scope).key
        self._who = f"key {caller.public_id}" if caller else None

    def edit(self, said: Mapping[str, Any]) -> Response:
        """Set facts.  Raises: BadEdit, NotThere, AlreadyThere, VersionMismatch."""
        with self._service.catalog.write() as session:
            owner = self._found(session)
            values = editing.values_of(session, owner, said)
            return self._answer(session, owner, editing.edit(session, owner, values, who=self._who))

    def withdraw(self, said: Withdrawal) -> Response:
        """Take out of view.  Raises: NotThere, VersionMismatch."""
        with self._service.catalog.write() as session:
            owner = self._found(session)
            was = owner.visibility
            removal.withdraw(session, owner, said=said.reason, who=self._who)
            changes = {"visibility": (was, "withdrawn")} if was != "withdrawn" else {}
            return self._answer(session, owner, changes)

    def restore(self, how: Return) -> Response:
        """Show again what was withdrawn.  Raises: NotThere, VersionMismatch."""
        with self._service.catalog.write() as session:
            owner = self._found(session)
            values = {"visibility": how.visibility} if owner.visibility == "withdrawn" else {}
            return self._answer(session, owner, editing.edit(session, owner, values, who=self._who))

    def remove(self) -> Response:
        """Delete.  Raises: JobProblem (a job of it is open), NotThere, VersionMismatch."""
        with self._service.catalog.write() as session:
            removal.remove(session, self._found(session), who=self._who)
        return Response(status_code=204)

    def _found(self, session: Session) -> Talk | Paper:
        owner = (talks.find if self._kind == "talk" else papers.find)(session, self._key)
        session.refresh(owner, with_for_update=True)
        if self._if_match is not None and not holds(self._if_match, _tag(session, owner)):
            raise VersionMismatch(self._kind)
        return owner

    def _answer(self, session: Session, owner: Talk | Paper, changes: Changes) -> Response:
        answer = EditAnswer.model_validate(
            {
                "kind": events.kind_of(owner),
                "id": owner.public_id,
                "title": owner.title,
                "visibility": owner.visibility,
                "changed": {name: Change(old=old, new=new) for name, (old, new) in changes.items()},
                "search_follows": editing.shows_in_search(session, owner, changes),
            }
        )
        return Response(
            answer.model_dump_json(),
            media_type="application/json",
            headers={"etag": _tag(session, owner), "cache-control": "no-store"},
        )


def _tag(session: Session, owner: Talk | Paper) -> str:
    """The tag under which the talk or paper is read; of one that cannot be, of its facts."""
    if owner.visibility == "withdrawn":
        return tag_of(repr(editing.facts_of(session, owner)).encode())
    if isinstance(owner, Talk):
        answer = talk_answer(
            talks.details(session, [owner])[0], in_talk(session, owner)
        ).model_dump_json()
    else:
        naming = talks.details(session, papers.talks_naming(session, owner))
        answer = paper_answer(owner, naming, mentions.shown_of(session, [owner])).model_dump_json()
    return tag_of(answer.encode())


def _said(edit: TalkEdit | PaperEdit) -> dict[str, Any]:
    """What was given, in the words of lists."""
    return edit.model_dump(exclude_unset=True, mode="json")
