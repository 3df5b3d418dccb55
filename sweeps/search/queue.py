"""Hands out the cells of a search one by one and takes back what came of them, so that no cell is lost or run twice."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import optuna
from optuna.trial import FrozenTrial, TrialState

from cae.config import RunConfig
from sweeps.errors import SweepError
from sweeps.locks.work_lock import WorkLock, locked
from sweeps.search.distributions import chosen, drawn, suggest
from sweeps.search.study import ADOPTED, HOST, REJECTED, TOLD, finished_trial, is_alive, lock_trial, open_study
from sweeps.search.trial_result import TrialResult
from sweeps.spec.space import Params, Space, key_of

# After so many choices in a row that are no use, one is picked from those that are left.
REPEATS = 5


@dataclass(frozen=True)
class Claim:
    """A trial that this process works on, and holds."""

    trial: optuna.Trial
    params: Params
    configs: list[RunConfig]
    lock: WorkLock

    def release(self) -> None:
        self.lock.release(forget=True)


class TrialQueue:
    """The study of one search. assess: what the record knows of a choice, read anew at every call.

    patience: after so many choices in a row that were tried before, are excluded or no valid run, it gives up.
    """

    def __init__(
        self, space: Space, url: str | None, assess: Callable[[Params], TrialResult], patience: int = 1000
    ) -> None:
        self._space, self._storage, self._assess, self._patience = space, url, assess, patience
        self._choices = {key_of(params): params for params in space.choices() or ()}
        with self._alone():
            self.study = open_study(space, url)
            for params in space.first_tries():
                self.study.enqueue_trial(drawn(space, params), skip_if_exists=True)

    def _alone(self) -> AbstractContextManager[None]:
        """Claiming a trial takes several steps; no two processes are in the middle of them."""
        return locked(f"{self._space.sweep.name}-search", self._storage)

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False, states=states or None)

    def learn(self, recorded: Iterable[Params]) -> None:
        """Tells the study of every cell that the record knows better: finished since it failed, or before the study
        was made. A recorded cell that is neither finished nor known is queued."""
        with self._alone():
            open_keys = self._keys(TrialState.RUNNING, TrialState.WAITING)
            told, failed = self._keys(*TOLD), self._failed()
            for params in {key_of(params): params for params in [*failed, *recorded]}.values():
                if key_of(params) in told | open_keys or not self._space.configs(params):
                    continue
                verdict = self._assess(params)
                if verdict.state in ("finished", "pruned"):
                    self.study.add_trial(finished_trial(self._space, params, verdict))
                elif verdict.state != "new" and params not in failed:
                    self.study.enqueue_trial(drawn(self._space, params))

    def _chosen(self, *states: TrialState) -> list[Params]:
        """What was chosen for the trials in these states, without those that were rejected."""
        trials = [t for t in self._trials(*states) if t.state != TrialState.FAIL or REJECTED not in t.user_attrs]
        return [chosen(self._space, trial) for trial in trials]

    def _keys(self, *states: TrialState) -> set[str]:
        return {key_of(params) for params in self._chosen(*states)}

    def _failed(self) -> list[Params]:
        return self._chosen(TrialState.FAIL)

    def unfinished(self) -> list[Params]:
        """The cells that the study is done with and the record is not: failed, or deleted from the record since."""
        closed = {key_of(params): params for params in [*self._failed(), *self._chosen(TrialState.COMPLETE)]}
        return [p for p in closed.values() if self._space.configs(p) and self._assess(p).state in ("failed", "new")]

    def take(self) -> Claim | None:
        """The next trial, None when there are enough, or none that was not tried. One whose process died comes first,
        with the same parameters. What was tried before is passed over, and does not count; nor does what was
        adopted."""
        with self._alone():
            for number in range(self._patience):
                abandoned, tried = self._abandoned(), self._tried()
                if abandoned is None and (self._is_enough(tried) or self._all_in(tried)):
                    return None
                if abandoned is None and number >= REPEATS:
                    self._enqueue_untried(tried)
                claim = self._claim(abandoned or self.study.ask())
                if claim.configs and (abandoned is not None or key_of(claim.params) not in tried):
                    return claim
                claim.trial.set_user_attr(REJECTED, True)
                self.study.tell(claim.trial.number, state=TrialState.FAIL)
                claim.release()
        raise SweepError(
            f"{self._space.sweep.name}: {self._patience} choices in a row were tried before, are excluded or no valid "
            "run; loosen exclude, list values that go together under zip, or lower run_cap"
        )

    def _is_enough(self, tried: set[str]) -> bool:
        adopted = [trial for trial in self._trials(*TOLD) if ADOPTED in trial.user_attrs]
        return len(tried - {key_of(chosen(self._space, trial)) for trial in adopted}) >= self._space.sweep.trials

    def _all_in(self, tried: set[str]) -> bool:
        return bool(self._choices) and self._choices.keys() <= tried

    def _enqueue_untried(self, tried: set[str]) -> None:
        """Where the choices can be listed, one that was not tried yet: few are left, and chance meets them late."""
        left = [params for key, params in self._choices.items() if key not in tried]
        if left:
            self.study.enqueue_trial(drawn(self._space, left[len(tried) % len(left)]))

    def _abandoned(self) -> optuna.Trial | None:
        """A trial that runs on in the storage although its process is gone."""
        running = self._trials(TrialState.RUNNING)
        lost = next((trial for trial in running if not is_alive(self._space.sweep.name, trial, self._storage)), None)
        # Optuna's own retry makes a second trial in two steps; going on with the first cannot be cut off in between.
        return None if lost is None else optuna.Trial(self.study, lost._trial_id)

    def _tried(self) -> set[str]:
        """The choices that count, each once: not those that were rejected."""
        return self._keys(*TOLD, TrialState.RUNNING, TrialState.FAIL)

    def _claim(self, trial: optuna.Trial) -> Claim:
        lock = lock_trial(self._space.sweep.name, trial.number, self._storage)
        trial.set_user_attr(HOST, socket.gethostname())
        params, _ = self._space.chosen(lambda axis: suggest(trial, axis))
        return Claim(trial, params, self._space.configs(params), lock)

    def others_run(self) -> bool:
        """Whether others work on trials that may yet have to be taken over: on this machine, or with leases."""
        running = self._trials(TrialState.RUNNING)
        here = (None, socket.gethostname())
        return any(self._storage is not None or trial.user_attrs.get(HOST) in here for trial in running)

    def tell(self, claim: Claim, verdict: TrialResult) -> None:
        """Closes a trial by what the record says of its cell."""
        for name, violation in verdict.violations.items():
            if name not in claim.trial.constraints:  # a process that died here may have set it
                claim.trial.set_constraint(name, violation)
        if verdict.adopted:
            claim.trial.set_user_attr(ADOPTED, True)
        if verdict.state == "finished":
            self.study.tell(claim.trial.number, list(verdict.values))
        else:
            state = TrialState.PRUNED if verdict.state == "pruned" else TrialState.FAIL
            claim.trial.set_user_attr("reason", verdict.reason)
            self.study.tell(claim.trial.number, state=state)
