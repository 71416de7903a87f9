"""The answers to the six verbs, as elements.

Invariant: what the protocol's schema asks for is there, in its order.
Source: http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from xml.etree import ElementTree as ET

from app.api import inventory
from app.feeds.oai import dublin_core, records
from app.feeds.oai.protocol import (
    PREFIX,
    Refused,
    Selection,
    require_format,
    selection,
    token_for,
)
from app.feeds.oai.records import Listed
from app.feeds.sending import EPOCH, stamp
from app.feeds.xml import node
from app.wiring import Service
from catalog.changes import Change
from catalog.tables import Paper
from catalog.talks import TalkDetails

NAMESPACE = "http://www.openarchives.org/OAI/2.0/"
NOBODY = "nobody@archive.invalid"
"""The protocol wants an address of staff; this one is nobody's."""
_ROOT = {
    "xmlns": NAMESPACE,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{NAMESPACE} {NAMESPACE}OAI-PMH.xsd",
}
Arguments = Mapping[str, str]


def answer(service: Service, base: str, verb: str, arguments: Arguments) -> ET.Element:
    """The element that answers a verb.  Raises: Refused, CatalogUnavailable."""
    return _ANSWERS[verb](service, base, arguments)


def document(base: str, *content: ET.Element, asked: Mapping[str, str], at: datetime) -> ET.Element:
    """The whole answer; `asked` is the request as far as it was understood."""
    return node(
        "OAI-PMH",
        _ROOT,
        node("responseDate", None, stamp(at)),
        node("request", asked, f"{base}/oai"),
        *content,
    )


def refusal(problem: Refused) -> ET.Element:
    """The protocol's own way to say no."""
    return node("error", {"code": problem.code}, str(problem))


def _identify(service: Service, base: str, _: Arguments) -> ET.Element:
    first = next((one.changed_at for one in inventory.changes(service)), EPOCH)
    known = {
        "repositoryName": service.settings.archive_name,
        "baseURL": f"{base}/oai",
        "protocolVersion": "2.0",
        "adminEmail": service.settings.contact_email or NOBODY,
        "earliestDatestamp": stamp(first),
        "deletedRecord": "transient",
        "granularity": "YYYY-MM-DDThh:mm:ssZ",
        "compression": "gzip",
    }
    return node("Identify", None, *(node(name, None, text) for name, text in known.items()))


def _formats(service: Service, _: str, arguments: Arguments) -> ET.Element:
    if "identifier" in arguments:
        records.found(service, arguments["identifier"])
    known = {
        "metadataPrefix": PREFIX,
        "schema": dublin_core.SCHEMA,
        "metadataNamespace": dublin_core.NAMESPACE,
    }
    only = node("metadataFormat", None, *(node(name, None, said) for name, said in known.items()))
    return node("ListMetadataFormats", None, only)


def _sets(service: Service, _: str, arguments: Arguments) -> ET.Element:
    if "resumptionToken" in arguments:
        raise Refused("badResumptionToken", "the list of sets is given whole")
    of_series = ((f"talks:{slug}", name) for slug, name in records.series_of(service))
    known = (("talks", "Talks"), ("papers", "Papers"), *of_series)
    return node("ListSets", None, *(node("set", None, *_set(spec, name)) for spec, name in known))


def _set(spec: str, name: str) -> list[ET.Element]:
    return [node("setSpec", None, spec), node("setName", None, name)]


def _identifiers(service: Service, _: str, arguments: Arguments) -> ET.Element:
    asked = selection("ListIdentifiers", arguments)
    page = records.listed(service, asked)
    return node(
        "ListIdentifiers",
        None,
        *map(_header, page.headers),
        _token("ListIdentifiers", asked, page),
    )


def _records(service: Service, base: str, arguments: Arguments) -> ET.Element:
    asked = selection("ListRecords", arguments)
    page = records.listed(service, asked)
    known = records.contents(service, page.headers)
    made = (_record(service, base, one, known) for one in page.headers)
    return node("ListRecords", None, *made, _token("ListRecords", asked, page))


def _one(service: Service, base: str, arguments: Arguments) -> ET.Element:
    header = records.found(service, arguments["identifier"])
    require_format(arguments["metadataPrefix"])
    known = records.contents(service, [header])
    return node("GetRecord", None, _record(service, base, header, known))


def _header(one: Change) -> ET.Element:
    return node(
        "header",
        {"status": "deleted"} if one.gone else None,
        node("identifier", None, records.identifier_of(one)),
        node("datestamp", None, stamp(one.changed_at)),
        node("setSpec", None, records.set_of(one)),
    )


def _record(
    service: Service, base: str, one: Change, known: Mapping[str, TalkDetails | Paper]
) -> ET.Element:
    """A record; one that went between two looks at the catalog is told as gone."""
    content = known.get(one.public_id)
    header = _header(one)
    if content is None:
        header.set("status", "deleted")
        return node("record", None, header)
    said = dublin_core.dublin_core(content, base=base, publisher=service.settings.archive_name)
    return node("record", None, header, node("metadata", None, said))


def _token(verb: str, asked: Selection, page: Listed) -> ET.Element | None:
    """What a list of several pages ends with; empty on its last page."""
    if page.following is None and asked.after is None:
        return None
    text = token_for(verb, asked, page.following) if page.following else ""
    known = {"completeListSize": str(page.total), "cursor": str(page.shown_before)}
    return node("resumptionToken", known, text)


_ANSWERS: Mapping[str, Callable[[Service, str, Arguments], ET.Element]] = {
    "Identify": _identify,
    "ListMetadataFormats": _formats,
    "ListSets": _sets,
    "ListIdentifiers": _identifiers,
    "ListRecords": _records,
    "GetRecord": _one,
}
