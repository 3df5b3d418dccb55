"""Early stopping in the process that trains: each epoch's loss is told to Optuna, which says when to stop a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import optuna
from optuna import Study
from optuna.pruners import BasePruner, HyperbandPruner, PercentilePruner, SuccessiveHalvingPruner
from optuna.storages import RDBStorage

from sweeps.search.study import open_storage
from sweeps.spec.search_settings import EarlyTerminate


@dataclass(frozen=True)
class EarlyStopping:
    """The trial that a run belongs to and the rule that may stop it, as plain values that travel to a worker.

    maximize: whether the search's own metric is to be maximized. epochs: of a whole training.
    """

    storage: str | None
    study: str
    trial_id: int
    settings: EarlyTerminate
    maximize: bool
    epochs: int

    @property
    def loss(self) -> str:
        """The field of an epoch that is compared."""
        return self.settings.metric.removeprefix("training/")

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
def _opened(rule: EarlyStopping) -> tuple[RDBStorage, Study, BasePruner]:
    storage = open_storage(rule.storage)
    return storage, optuna.load_study(study_name=rule.study, storage=storage), pruner_of(rule.settings, rule.epochs)


def pruner_of(settings: EarlyTerminate, epochs: int) -> BasePruner:
    """Optuna's pruner of these settings for trainings of so many epochs."""
    if settings.type == "hyperband":
        return HyperbandPruner(settings.min_iter, epochs, settings.eta)
    if settings.type == "successive_halving":
        return SuccessiveHalvingPruner(settings.min_iter, settings.eta)
    return PercentilePruner(
        settings.percentile or 50.0,  # of the median
        n_startup_trials=settings.startup,
        n_warmup_steps=settings.min_iter,
        interval_steps=settings.interval_steps,
        n_min_trials=settings.n_min_trials,
    )
