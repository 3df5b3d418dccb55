from __future__ import annotations

import pytest

from sweeps.transfer.names import as_folder, folder_names
from tests.sweeps.transfer.test_filters import record


def test_what_varies_in_short_words_with_the_seed_last() -> None:
    runs = [
        record(f"{z}{bn}{seed}", model_latent_dim=z, model_batch_norm=bn, training_seed=seed)
        for z in (64, 256)
        for bn in (True, False)
        for seed in (0, 1)
    ]
    assert folder_names(runs)["256True0"] == "bn=true_z=256_seed=0"
    assert len(set(folder_names(runs).values())) == 8


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"data_resolution": 128, "training_learning_rate": 1e-3}, "px=128_lr=0.001"),
        ({"model_activation": "tanh"}, "activation=tanh"),
        ({"model_maps": [8, 16]}, "maps=8-16"),
        ({"training_seed": 3}, "seed=3"),
        ({"data_seed": 3}, "data_seed=3"),
        ({"data_name": "mixture", "data_mixture": [{"name": "digits"}, {"name": "mnist"}]},
         "data=mixture_mixture=digits_1-mnist_1"),
    ],
)  # fmt: skip
def test_a_setting_as_a_word(fields: dict[str, object], name: str) -> None:
    assert folder_names([record("a"), record("b", **fields)])["b"] == name


def test_a_single_run_is_called_by_its_seed() -> None:
    assert folder_names([record("a", model_activation="tanh")]) == {"a": "seed=0"}


def test_runs_that_nothing_tells_apart_have_their_hash() -> None:
    names = folder_names([record("aaaaaaaa"), record("bbbbbbbb"), record("c", training_seed=1)])
    assert names == {"aaaaaaaa": "seed=0_aaaaaa", "bbbbbbbb": "seed=0_bbbbbb", "c": "seed=1"}


@pytest.mark.parametrize(
    ("text", "folder"),
    [("../../etc/passwd", "etc_passwd"), ("..", "run"), ("a b", "a_b"), ("mixture=a:0.5-b:1", "mixture=a_0.5-b_1")],
)
def test_folders_stay_inside(text: str, folder: str) -> None:
    assert as_folder(text) == folder
