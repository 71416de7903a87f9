"""Every problem code of the HTTP interface: what it means and what to do about it.

Invariant: a code that can be answered is here, and nothing else is; each has its page at
`/problems/{code}`, which is the `type` of the problem.  A code never changes its meaning.
Source: RFC 9457, 3.1.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A code in words: what is the matter, and what whoever asked can do."""

    means: str
    do: str


_STAFF = "Try again later. If it stays, tell the archive's staff; the log says why."
_SOON = "Wait as long as `Retry-After` says, then ask again."

CODES: Mapping[str, Meaning] = {
    "address_refused": Meaning(
        means="The signed address of a recording was changed, or its time is over.",
        do="Ask for the talk again; its answer has an address that holds.",
    ),
    "already_there": Meaning(
        means="The archive has this recording or paper already.",
        do="Use the one that the detail names.",
    ),
    "ambiguous": Meaning(
        means="More than one talk or paper fits the name that was given.",
        do="Name it by its id.",
    ),
    "bad_key": Meaning(
        means="A key cannot be made as it was asked for.",
        do="Mend what the detail names: scope, origin, series or expiry.",
    ),
    "bad_address": Meaning(
        means="The address is none that the archive fetches from.",
        do="Give an address that begins with http:// or https://, or a paper as `arxiv:` and its "
        "number.",
    ),
    "bad_edit": Meaning(
        means="The change does not fit what a talk or paper can be.",
        do="Mend the fields that the detail names; nothing was changed.",
    ),
    "bad_listing": Meaning(
        means="A catalogue file has lines that cannot be read.",
        do="Mend the lines that the detail names, and send it again.",
    ),
    "bad_request": Meaning(
        means="The request cannot be understood as HTTP, or its `Range` is malformed.",
        do="Compare the request with the reference of the API.",
    ),
    "bad_upload": Meaning(
        means="The request is not one of the tus protocol.",
        do="Read the detail: it names the header that is missing or faulty.",
    ),
    "catalog_unavailable": Meaning(means="The archive's database does not answer.", do=_SOON),
    "checksum_mismatch": Meaning(
        means="The bytes that arrived are others than the checksum says; they were dropped.",
        do="Send the piece again at the same offset.",
    ),
    "file_unavailable": Meaning(
        means="The archive's copy of this file is missing or damaged.", do=_STAFF
    ),
    "file_unreadable": Meaning(
        means="The file that was given cannot be read.",
        do="Check that it opens elsewhere and is of a kind that the archive takes.",
    ),
    "format_unknown": Meaning(
        means="What was asked for is not made in that format.",
        do="Ask for one of the formats that the detail or the guide names.",
    ),
    "internal": Meaning(
        means="Something in the archive failed in a way that nobody expected.", do=_STAFF
    ),
    "invalid_cursor": Meaning(
        means="The cursor was not given out for this request, or was changed on its way.",
        do="Begin the list again without a cursor; keep all other parameters as they were.",
    ),
    "invalid_parameter": Meaning(
        means="A parameter is missing, of the wrong type, too long or out of its range.",
        do="Read `errors`: it names each parameter and says what is wrong with it.",
    ),
    "invalid_query": Meaning(
        means="The words of the search hold nothing that can be searched for.",
        do="Type at least one word to find, beside filters and what to leave out.",
    ),
    "job_refused": Meaning(
        means="The job cannot be changed in the state that it is in.",
        do="Look at the job's state first.",
    ),
    "key_expired": Meaning(
        means="The time of the key is over.",
        do="Ask the archive's staff for another one.",
    ),
    "key_in_url": Meaning(
        means="A key, or a parameter for one, stands in the address, where logs keep it.",
        do="Send it as `Authorization: Bearer` and the key. If it was a real key, have it revoked.",
    ),
    "key_missing": Meaning(
        means="The address is for callers with a key, and none was sent.",
        do="Send the key as `Authorization: Bearer` and the key; staff give keys out.",
    ),
    "key_revoked": Meaning(
        means="Staff ended the key.",
        do="Ask the archive's staff for another one.",
    ),
    "key_unknown": Meaning(
        means="The archive knows no such key.",
        do="Look whether the key is whole: nothing before it, nothing behind it.",
    ),
    "method_not_allowed": Meaning(
        means="There is something at this address, but it cannot be used with this method.",
        do="Use one of the methods in the `Allow` header.",
    ),
    "model_unavailable": Meaning(
        means="A model that the request needs is not loaded.",
        do=_STAFF,
    ),
    "newer_archive": Meaning(
        means="A newer version of the archive has changed the database; this one is too old.",
        do=_STAFF,
    ),
    "no_media": Meaning(
        means="The talk or paper is there, but no file of it is: never recorded, declined, "
        "withdrawn, or known by name only.",
        do="Show the talk or paper without a player; `recording_status` says why.",
    ),
    "no_snapshot": Meaning(means="Nothing has been published for search yet.", do=_SOON),
    "no_transcript": Meaning(
        means="The talk is there, but nothing was transcribed yet.",
        do="Look at `processing` of the talk; ask again when it is done.",
    ),
    "not_a_piece": Meaning(
        means="A piece of an upload has another type than `application/offset+octet-stream`.",
        do="Send it with that `Content-Type`.",
    ),
    "not_found": Meaning(
        means="There is nothing at this address, or nothing that is shown.",
        do="Check the id or slug. Ids never change; look the talk or paper up by search.",
    ),
    "not_taken": Meaning(
        means="The talk cannot take what was given in the state that it is in.",
        do="Read the detail; it says what stands in the way.",
    ),
    "offset_mismatch": Meaning(
        means="The piece does not begin where the upload ends.",
        do="Ask for the upload by HEAD, and go on at its `Upload-Offset`.",
    ),
    "origin_refused": Meaning(
        means="The key may not be used from this page, or the page may not read the archive.",
        do="Have the page's origin (scheme, host and port, exactly) named in the key.",
    ),
    "overloaded": Meaning(means="As many searches run and wait as may.", do=_SOON),
    "range_not_satisfiable": Meaning(
        means="The file has no bytes in the range that was asked for.",
        do="`Content-Range` says how long the file is; ask within it.",
    ),
    "rate_limited": Meaning(
        means="More requests came with this key, or from this address, than the archive allows.",
        do="Wait as long as `Retry-After` says; `RateLimit` says how much is left.",
    ),
    "repeated_parameter": Meaning(
        means="A parameter stands in the address more than once.",
        do="Give each parameter once. Values of `fields` are separated by commas.",
    ),
    "scope_missing": Meaning(
        means="The key is good, but not for this.",
        do="Use a key of the scope that `WWW-Authenticate` names.",
    ),
    "series_refused": Meaning(
        means="The key is held to other series than the one that was asked for.",
        do="Search in the series of the key, or without `series`.",
    ),
    "snapshot_damaged": Meaning(means="The search index is damaged on disk.", do=_STAFF),
    "store_full": Meaning(
        means="The archive's disk is full; nothing was stored.",
        do="Tell the archive's staff, and send it again when there is room.",
    ),
    "too_many_listeners": Meaning(
        means="As many listen to jobs as may.",
        do="Wait as long as `Retry-After` says, or ask for the job itself now and then.",
    ),
    "too_many_ranges": Meaning(
        means="More byte ranges were asked for at once than the archive sends.",
        do="Ask for at most 100 ranges, better for one.",
    ),
    "too_large": Meaning(
        means="What was sent is larger than the archive takes.",
        do="Read the detail: it says how much is taken. Large files go by resumable upload.",
    ),
    "too_many_uploads": Meaning(
        means="As many uploads are unfinished as may be.",
        do="Finish or end one of them; those that nobody goes on with are dropped after a while.",
    ),
    "tus_version": Meaning(
        means="The request does not speak version 1.0.0 of tus.",
        do="Send `Tus-Resumable: 1.0.0`.",
    ),
    "unexpected_body": Meaning(
        means="The request reads, and yet it carries a body.",
        do="Send what you want to ask for as parameters of the address, and no body.",
    ),
    "unknown_field": Meaning(
        means="`fields` names something that the answer does not have.",
        do="Use the names that the reference lists; the detail repeats them.",
    ),
    "unknown_parameter": Meaning(
        means="The address has a parameter that this operation does not know.",
        do="Check its spelling in the reference. What is unknown is refused, so that a filter "
        "that is misspelt does not pass for one that was obeyed.",
    ),
    "unsupported_type": Meaning(
        means="What was sent is of another type than this address takes.",
        do="Send it with the `Content-Type` that the reference names.",
    ),
    "untimed": Meaning(
        means="The transcript has no times, so it cannot be written as captions.",
        do="Ask for it as `json` or `txt`.",
    ),
    "upload_busy": Meaning(
        means="Another request writes to the upload at this moment.",
        do="Wait until it ends, ask for the offset by HEAD, and go on there.",
    ),
    "version_mismatch": Meaning(
        means="The talk or paper was changed since it was read.",
        do="Read it again, look whether the change still fits, and send its new `ETag`.",
    ),
    "withdrawn": Meaning(
        means="The talk or paper was here, and staff withdrew it.",
        do="Remove what you keep of it. It does not come back under another address.",
    ),
}


def problem_url(code: str) -> str:
    """The address of a code's page, from the root of the archive."""
    return f"/problems/{code}"
