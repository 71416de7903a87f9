"""What an answer is held to when the API is tried with random requests."""

from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import given
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.specs.openapi import checks
from starlette.types import Receive, Scope, Send

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.negative_data_rejection,
]
"""Not `positive_data_acceptance`: a query of signs only, or a cursor of another request, has the
right shape and is refused all the same."""

REFUSALS = [400, 401, 403, 404, 405, 409, 412, 413, 415, 416, 422, 460]
"""What a request that does not fit may be answered with: who looks at its conditions or its size
first refuses it for those."""

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
Seen = Callable[[str, int], None]
Ready = Callable[[Any], None]
"""Changes a request before it is sent; it is told only those that fit their description."""


def api_of(app: Any) -> schemathesis.BaseSchema:
    """The API of an application that is open, called without a network."""

    async def opened(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":  # each call would open and close the archive
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
        else:
            await app(scope, receive, send)

    rejection = {"expected-statuses": REFUSALS}
    config = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": rejection}})
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", opened, config=config)


def name_of(case: Any) -> str:
    """The operation that a request is for."""
    return str(case.operation.definition.raw["operationId"])


def fits(case: Any) -> bool:
    """Whether the request was made to fit its description."""
    return case.meta is None or bool(case.meta.generation.mode.is_positive)


def checks_of(case: Any) -> list[Any]:
    """What its answer is held to, as the request was made; one with bytes that were put in later
    would be taken for one that does not fit."""
    return [one for one in CHECKS if one is not checks.negative_data_rejection or not fits(case)]


def _as_it_is(_: Any) -> None:
    """Send a request as it was made."""


def try_operation(
    api: Any, name: str, given_settings: Any, seen: Seen, ready: Ready = _as_it_is
) -> None:
    """Call an operation with requests that fit its description and others that do not."""
    operation: Any = api.find_operation_by_id(name)
    for mode in schemathesis.GenerationMode:

        @given_settings  # type: ignore[untyped-decorator]
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            held_to = checks_of(case)
            ready(case)
            answer = case.call()
            seen(name, answer.status_code)
            case.validate_response(answer, checks=held_to)

        try:
            ask()
        except Unsatisfiable:  # an operation without parameters cannot be asked wrongly
            if mode is schemathesis.GenerationMode.POSITIVE:
                raise


def walk(
    api: schemathesis.BaseSchema, seen: Seen, ready: Ready = _as_it_is
) -> type[APIStateMachine]:
    """A machine that follows links from answer to answer."""

    class Walk(api.as_state_machine()):  # type: ignore[misc]
        def before_call(self, case: Any) -> None:
            self.held_to = checks_of(case)
            ready(case)

        def validate_response(self, response: Any, case: Any, *_: Any, **__: Any) -> None:
            seen(name_of(case), response.status_code)
            case.validate_response(response, checks=self.held_to)

    return Walk
