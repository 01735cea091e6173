"""`/docs`: the API's document as a page that needs nothing from elsewhere.

The page FastAPI makes loads its scripts from a public network; ours come with the wheel `fastapi-offline`, of which
only the files are used.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles


def add_docs(app: FastAPI, title: str) -> None:
    """Adds the page and its files. All addresses in it are relative, so that it works under any prefix."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=title,
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon.png",
    )

    async def docs(request: Request) -> HTMLResponse:
        return page

    app.router.routes.append(Route("/docs", docs, include_in_schema=False))
    app.router.routes.append(Mount("/docs", StaticFiles(directory=_files()), name="docs files"))


def _files() -> Path:
    spec = find_spec("fastapi_offline")
    assert spec is not None, "a locked dependency"
    assert spec.origin is not None
    return Path(spec.origin).parent / "static"
