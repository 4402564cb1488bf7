"""The Litestar application: resources, errors as problem details, OpenAPI."""

from __future__ import annotations

import logging
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from eventsourcing.persistence import PersistenceError
from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

from aggregates.errors import (
    AlreadyExists,
    Conflict,
    Contended,
    DecisionError,
    Invalid,
    NotFound,
)
from aggregates.master_key import VaultError
from gateway.api.adjustments import adjustments
from gateway.api.agreements import agreements
from gateway.api.balances import balances
from gateway.api.contests import contests
from gateway.api.context import Context
from gateway.api.conversions import conversions
from gateway.api.coupons import coupons
from gateway.api.documentation import documentation, openapi_document
from gateway.api.health import healthz
from gateway.api.invoices import invoices
from gateway.api.links import links
from gateway.api.partner_ties import partner_ties
from gateway.api.partners import partners
from gateway.api.payment_details import payment_details
from gateway.api.payout_runs import payout_runs
from gateway.api.payouts import payouts
from gateway.api.programs import programs
from gateway.api.rates import rates
from gateway.api.registrations import registrations
from gateway.api.reviews import reviews
from gateway.api.statements import statements
from gateway.api.trail import trail
from gateway.bridge import Asgi
from gateway.idempotency import idempotent
from gateway.problems import MEDIA_TYPE, FieldProblem, Problem
from gateway.revealing import revealing

DESCRIPTION = (
    "Programs, partners, links, conversions and payouts of a partner ledger. Amounts are "
    "integers in minor units; times ISO 8601 UTC or milliseconds since 1970; errors problem "
    "details (RFC 9457). POST takes an Idempotency-Key. Visitors follow a link at GET /c/{link}."
)

METHOD_NOT_ALLOWED = 405

logger = logging.getLogger(__name__)


def build_api(context: Context) -> Asgi:
    """The API as an ASGI application, for the parts in `context`."""
    return revealing(idempotent(litestar_application(context)), context.vault.reveal)


def litestar_application(context: Context) -> Litestar:
    secured = bool(context.configuration.api_token) or context.configuration.keys_only

    def for_caller(request: Request[Any, Any, Any]) -> Context:
        return context.asked_by(request.scope["state"]["caller"])

    return Litestar(
        route_handlers=[
            healthz,
            documentation,
            openapi_document,
            conversions,
            programs,
            partners,
            balances,
            statements,
            invoices,
            links,
            coupons,
            payouts,
            payout_runs,
            payment_details,
            agreements,
            registrations,
            reviews,
            contests,
            adjustments,
            rates,
            partner_ties,
            trail,
        ],
        dependencies={"context": Provide(for_caller, sync_to_thread=False)},
        exception_handlers={
            Problem: _problem,
            ValidationException: _invalid,
            HTTPException: _http_error,
            DecisionError: _refused,
            PersistenceError: _not_stored,
            VaultError: _not_sealed,
            Exception: _unexpected,
        },
        openapi_config=OpenAPIConfig(
            title="Partner Ledger",
            version=_version(),
            description=DESCRIPTION,
            render_plugins=[JsonRenderPlugin()],
            use_handler_docstrings=True,
            components=Components(
                security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}
            ),
            security=[{"token": []}] if secured else None,
        ),
        logging_config=None,
    )


Answered = Response[bytes]


def _answer(problem: Problem) -> Answered:
    return Response(
        problem.body(),
        status_code=problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


def _problem(_request: Request[Any, Any, Any], problem: Problem) -> Answered:
    return _answer(problem)


def _invalid(_request: Request[Any, Any, Any], error: ValidationException) -> Answered:
    """A body or parameter of the wrong shape: 422, naming each field."""
    errors: Any = error.extra if isinstance(error.extra, list) else []
    named = [f"{entry.get('key', '')}: {entry.get('message', '')}" for entry in errors]
    return _answer(Problem(422, "; ".join(named) or error.detail, errors=errors))


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Answered:
    answer = _answer(Problem(error.status_code, error.detail))
    if error.status_code == METHOD_NOT_ALLOWED:
        answer.headers["allow"] = ", ".join(allowed(request.app, request.url.path))
    return answer


def allowed(application: Litestar, path: str) -> list[str]:
    """The methods of the route that `path` belongs to; RFC 9110 wants them with a 405."""
    steps = path.strip("/").split("/")
    for route in application.routes:
        expected = route.path_components
        if isinstance(route, HTTPRoute) and len(expected) == len(steps):
            pairs = zip(expected, steps, strict=True)
            if all(not isinstance(part, str) or part == step for part, step in pairs):
                return sorted(route.methods)
    return []


def _refused(_request: Request[Any, Any, Any], error: DecisionError) -> Answered:
    """What the aggregates refuse: 404, 409, 422, or 503 when it should be tried again."""
    match error:
        case Invalid():
            return _answer(FieldProblem(error.field, str(error)))
        case NotFound():
            return _answer(Problem(404, str(error)))
        case AlreadyExists() | Conflict():
            return _answer(Problem(409, str(error)))
        case Contended():
            return _answer(Problem(503, str(error)))
    return _answer(Problem(422, str(error)))


def _not_stored(_request: Request[Any, Any, Any], error: PersistenceError) -> Answered:
    logger.warning("a decision could not be stored: %s", error)
    return _answer(Problem(503, f"the decision is not recorded: {error}"))


def _not_sealed(_request: Request[Any, Any, Any], error: VaultError) -> Answered:
    logger.warning("personal data could not be sealed: %s", error)
    return _answer(Problem(503, f"personal data cannot be sealed: {error}"))


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Answered:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(Problem(500, "an error of ours; it is in the gateway's log"))


def _version() -> str:
    try:
        return version("partner-ledger")
    except PackageNotFoundError:
        return "0"
