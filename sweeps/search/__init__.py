"""Random and Bayesian search: Optuna as sampler and queue, never as the record.

`search.search` does one, `search.tried_runs` says what was tried; `early_stopping.EarlyStopping` stops poor trainings.
"""
