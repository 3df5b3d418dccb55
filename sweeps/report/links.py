"""Where a reader finds the runs behind a report: MLflow's pages of them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from markupsafe import Markup

from sweeps.planning.plan import SweepRun
from sweeps.report.representatives import seed_of
from sweeps.workspace import uri

# Where `cae ui` serves unless told otherwise.
OWN = "http://127.0.0.1:5000"


@dataclass(frozen=True)
class RunPages:
    """address: of MLflow's pages, where `cae ui` serves them if is_own."""

    address: str
    is_own: bool

    def page(self, run: SweepRun) -> str:
        return f"{self.address}/#/experiments/{run.experiment}/runs/{run.run_id}"

    def link(self, run: SweepRun, words: str) -> Markup:
        """A link with these words, and the run's hash as its title."""
        tag = Markup('<a href="{}" target="_blank" rel="noreferrer" title="{}">{}</a>')
        return tag.format(self.page(run), f"run {run.config_hash} in MLflow", words)

    def seeds(self, runs: tuple[SweepRun, ...]) -> Markup:
        """The seeds of a cell's runs, each a link to its run."""
        return Markup(" ").join(self.link(run, str(seed_of(run))) for run in sorted(runs, key=seed_of))


def run_pages() -> RunPages:
    """Of a server what its address says without a name and a password; else of `cae ui`."""
    parts = urlsplit(uri())
    if parts.scheme not in ("http", "https"):
        return RunPages(OWN, True)
    host = parts.netloc.rpartition("@")[2]
    return RunPages(urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")), False)
