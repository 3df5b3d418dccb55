"""Hyperband in the process that trains: each epoch's loss is told to Optuna, which says when to stop a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import optuna
from optuna import Study
from optuna.pruners import HyperbandPruner
from optuna.storages import RDBStorage

from sweeps.search.study import open_storage


@dataclass(frozen=True)
class HyperbandRule:
    """The trial that a run belongs to and the rule that may stop it, as plain values that travel to a worker.

    loss: the field of an epoch that is compared. maximize: whether the search's own metric is to be maximized.
    """

    storage: str | None
    study: str
    trial_id: int
    loss: str
    maximize: bool
    min_iter: int
    eta: int
    epochs: int

    def poor(self, epoch: int, loss: float) -> bool:
        """Whether to stop after this epoch, as the loss is poor beside that of other trials at the same epoch.

        Never after the last one: what is trained to the end is measured.
        """
        if epoch >= self.epochs:
            return False
        storage, study, pruner = _opened(self)
        # Optuna compares these values in the direction of the search's metric; smaller losses are always better.
        storage.set_trial_intermediate_value(self.trial_id, epoch, -loss if self.maximize else loss)
        return pruner.prune(study, storage.get_trial(self.trial_id))


@lru_cache(maxsize=1)
def _opened(rule: HyperbandRule) -> tuple[RDBStorage, Study, HyperbandPruner]:
    storage = open_storage(rule.storage)
    pruner = optuna.pruners.HyperbandPruner(rule.min_iter, rule.epochs, rule.eta)
    return storage, optuna.load_study(study_name=rule.study, storage=storage), pruner
