from __future__ import annotations

import io

from rich.console import Console

from cae.config import from_flat
from sweeps.planning.plan import SweepRun
from sweeps.terminal.runs import show_cells


def printed(**options: object) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=160, highlight=False, **options), stream


def test_cells_show_what_varies_and_their_headlines() -> None:
    out, stream = printed()
    metrics = {"mnd/radius_agreement": 0.594, "mnd/radius_agreement_null": 0.991, "reconstruction/mse": 0.0105}
    configs = [from_flat({"model.activation": name}) for name in ("relu", "tanh")]
    cells = [
        SweepRun(configs[0], "a", "cafe", "c0", "d", "finished", metrics=metrics),
        SweepRun(configs[1], "b", None, None, note="no [such] folder"),
    ]
    show_cells(out, cells, with_metrics=True)
    text = stream.getvalue()
    assert "activation" in text
    assert "latent_dim" not in text
    assert "0.594 / 0.991" in text
    assert "cell 2: no [such] folder" in text


def test_the_table_fits_80_columns() -> None:
    stream = io.StringIO()
    cells = [SweepRun(from_flat({"model.activation": name}), name, "0123456789ab", "c") for name in ("relu", "tanh")]
    show_cells(Console(file=stream, width=80), cells)
    assert max(map(len, stream.getvalue().splitlines())) <= 80
