"""MLflow's server, whose front page opens ready for training runs: `mlflow server --app-name cae`.

MLflow keeps in each browser which of its two modes it shows, and whether its assistant lies over the page; a new
browser has GenAI and the assistant. The links of `cae ui` and of experiments say the mode, which MLflow follows until
the next click only.

What $CAE_UI_SAYS holds is printed when all that MLflow prints at its start has been.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from flask import Response
from mlflow.server import app as _pages
from mlflow.server.fastapi_app import app

from sweeps.tracking.server import SAYS

__all__ = ["app"]

# What the browser has chosen itself stands, but for one of our links.
SCRIPT = """<script>
(() => {
  const ours = location.hash.includes("workflowType=machine_learning");
  const keep = (key, value) => {
    if (ours || localStorage.getItem(key) === null) localStorage.setItem(key, value);
  };
  keep("mlflow.workflowType_v1", '"machine_learning"');
  keep("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
  keep("mlflow.assistant.panelOpen_v1", "false");
})();
</script>"""
_original, _lifespan = _pages.view_functions["serve"], app.router.lifespan_context


def front_page() -> Response:
    """MLflow's own page, with the script before all others."""
    file = Path(str(_pages.static_folder)) / "index.html"
    if not file.exists():
        return _original()
    page = file.read_text(encoding="utf-8").replace("<head>", f"<head>{SCRIPT}", 1)
    return Response(page, mimetype="text/html", headers={"Cache-Control": "no-cache"})


@asynccontextmanager
async def started(server: Any) -> AsyncIterator[Any]:
    async with _lifespan(server) as state:
        if text := os.environ.get(SAYS):
            print(text, flush=True)
        yield state


_pages.view_functions["serve"] = front_page
app.router.lifespan_context = started
