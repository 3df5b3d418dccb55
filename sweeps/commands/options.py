"""What several commands share: their options, how errors are shown, how a sweep file is read."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

FILE = click.argument("file", type=click.Path(path_type=Path))
SET = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Fix a field in every run.")
STORAGE = click.option(
    "--storage",
    envvar="CAE_STORAGE",
    show_envvar=True,
    metavar="URL",
    help="Database that machines share: who works on what, and Optuna's studies.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print plain JSON.")


def clear_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Bad input ends with its message and exit code 2, an interruption with 130; neither shows a traceback."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        from cae.datasets.imageset import DataError
        from cae.plugins import PluginError
        from sweeps.errors import SweepError, TrackingError
        from sweeps.files import is_disk_full

        try:
            return command(*args, **kwargs)
        except (SweepError, DataError, PluginError, TrackingError) as error:
            click.echo(f"{error}", err=True)
            sys.exit(1 if is_disk_full(error) else 2)
        except Exception as error:
            place = getattr(error, "filename", None) or "mlruns"
            if is_disk_full(error):
                click.echo(f"{place}: the disk is full; free some space, and the same command goes on", err=True)
                sys.exit(1)
            if not isinstance(error, OSError) or error.filename is None:
                raise
            click.echo(f"{place}: {error.strerror}; {_remedy(str(place))}", err=True)
            sys.exit(2)
        except KeyboardInterrupt as why:  # Stopped is one that says it
            click.echo(f"{str(why) or 'interrupted'}; the same command goes on from the last finished epoch", err=True)
            sys.exit(130)

    return guarded


def _remedy(place: str) -> str:
    from sweeps.workspace import home

    inside = place.startswith(str(home().parent))
    return "set CAE_HOME to a folder that can be written" if inside else "give another place"


def load(file: Path, overrides: tuple[str, ...]) -> Any:
    from sweeps.spec import sweep_file

    return sweep_file.load(file, dict(sweep_file.parse_override(text) for text in overrides))


def load_as_last_run(file: Path, overrides: tuple[str, ...], storage: str | None) -> tuple[Any, str | None]:
    """The sweep and the database of leases; without words of its own, with those of the last `cae run`."""
    return as_last_run(lambda words: load(file, words), overrides, storage)


def as_last_run(
    loaded: Callable[[tuple[str, ...]], Any], overrides: tuple[str, ...], storage: str | None
) -> tuple[Any, str | None]:
    """The same of a sweep that is not in a file. loaded: --set words to the sweep."""
    from sweeps.execution.last_run import recall

    sweep = loaded(overrides)
    if overrides or storage is not None:
        return sweep, storage
    last = recall(sweep.name)
    if last.told():
        click.echo(f"with {last.told()}, as last run", err=True)
    return loaded(last.overrides), last.storage


def last_storage(name: str) -> str | None:
    """The --storage of the last `cae run` of a sweep."""
    from sweeps.execution.last_run import recall

    last = recall(name).storage
    if last:
        click.echo(f"with --storage {shlex.quote(last)}, as last run", err=True)
    return last
