"""What may stop a training early: decided by a search, asked in the process that trains."""

from __future__ import annotations

from typing import Protocol


class StopRule(Protocol):
    """A rule that travels to a worker. loss: the field of an epoch that it looks at. epochs: of the whole training."""

    @property
    def loss(self) -> str: ...

    @property
    def epochs(self) -> int: ...

    def poor(self, epoch: int, loss: float) -> bool:
        """Whether to stop after this epoch."""
