"""Whether a score drifts with the number of points: python -m benchmarks.drift

Multivariate t with 30 degrees of freedom in 10 components, a fixed distribution near a normal one, scored at sizes from
1,000 to 100,000: a mean over samples of the score itself, of its gap and of its adjusted form.
"""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from metrics import score

DF, D = 30, 10
SAMPLES = {1_000: 32, 3_000: 16, 10_000: 8, 30_000: 4, 100_000: 2}
NAMES = ("marginal_gaussianity", "contour_agreement", "radius_agreement")


def student(n: int, rng: np.random.Generator) -> np.ndarray:
    """Points (n, D) of the multivariate t."""
    return rng.standard_normal((n, D)) / np.sqrt(rng.chisquare(DF, (n, 1)) / DF)


def main() -> None:
    rng = np.random.default_rng(0)
    found = {n: [score(student(n, rng)).values for _ in range(samples)] for n, samples in SAMPLES.items()}
    for name in NAMES:
        table = Table("n", "score", "gap", "adjusted", title=name)
        for n, samples in found.items():
            means = [np.mean([values[f"{name}{form}"] for values in samples]) for form in ("", "_gap", "_adjusted")]
            table.add_row(f"{n:,}", *(f"{mean:.4f}" for mean in means))
        Console().print(table)


if __name__ == "__main__":
    main()
