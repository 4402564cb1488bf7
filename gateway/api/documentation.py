"""`/openapi.json`, and `/docs`: the same as a page.

The page is plain HTML without script or foreign address: it reads the same without a network.
"""

from __future__ import annotations

from html import escape
from typing import Any

from litestar import MediaType, Request, get

from gateway.problems import MEDIA_TYPE

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code { font-size: .95em } h2 { margin-top: 2rem; text-transform: capitalize }
dt { margin-top: .8rem } .verb { display: inline-block; width: 4rem; font-weight: bold }
"""

PROBLEM = {
    "description": "Not done: 400, 404, 409, 422 or 503, as problem details (RFC 9457)",
    "content": {
        MEDIA_TYPE: {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "field": {"type": "string"},
                },
            }
        }
    },
}
"""What every operation answers when it does not do what was asked."""

VERBS = ("get", "post", "put", "patch", "delete")


@get("/openapi.json", include_in_schema=False)
async def openapi_document(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of all routes."""
    return with_problems(request.app.openapi_schema.to_schema())


def with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` with the errors as they are: the framework would document its own."""
    for item in schema["paths"].values():
        for verb in VERBS:
            if operation := item.get(verb):
                operation["responses"].pop("400", None)
                operation["responses"]["default"] = PROBLEM
    return schema


@get("/docs", media_type=MediaType.HTML, include_in_schema=False)
async def documentation(request: Request[Any, Any, Any]) -> str:
    """All routes with what they do."""
    schema = request.app.openapi_schema.to_schema()
    by_tag: dict[str, list[str]] = {}
    for path, item in schema["paths"].items():
        for verb in VERBS:
            if operation := item.get(verb):
                tag = (operation.get("tags") or ["other"])[0]
                by_tag.setdefault(tag, []).append(_entry(verb, path, operation))
    sections = "".join(
        f"<h2>{escape(tag)}</h2><dl>{''.join(entries)}</dl>" for tag, entries in by_tag.items()
    )
    title = escape(schema["info"]["title"])
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
        f"<style>{STYLE}</style><h1>{title}</h1>"
        f"<p>{escape(schema['info'].get('description', ''))}</p>"
        '<p>Machine readable: <a href="/openapi.json">openapi.json</a></p>'
        f"{sections}</html>"
    )


def _entry(verb: str, path: str, operation: dict[str, Any]) -> str:
    names = ", ".join(parameter["name"] for parameter in operation.get("parameters", ()))
    return (
        f"<dt><span class=verb>{verb.upper()}</span> <code>{escape(path)}</code></dt>"
        f"<dd>{escape(operation.get('description', ''))}"
        f"{f'<br><small>Parameters: {escape(names)}</small>' if names else ''}</dd>"
    )
