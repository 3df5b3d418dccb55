"""Networks, activations and generators of plug-ins, in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from cae import sampling
from cae.config import AnalysisConfig, ModelConfig, RunConfig
from cae.latent_distribution import describe
from cae.model import build, load_network
from cae.plugins import PluginError

PACKAGE = Path(__file__).parents[1] / "plugins" / "mylab"
MODEL = ModelConfig(builder="mylab.nets:residual", activation="mylab.nets:snake", maps=(4, 8), latent_dim=3)


@pytest.fixture(autouse=True)
def _mylab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGE))


def test_a_network_of_a_plugin_trains_and_loads_in_safe_mode(tmp_path: Path) -> None:
    network = build(MODEL, 32)
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    network.model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    before = network.encoder.get_weights()
    network.model.fit(images, images / 255, verbose=0)
    assert any((old != new).any() for old, new in zip(before, network.encoder.get_weights(), strict=True))
    latents = network.encoder.predict(images, verbose=0)
    network.encoder.save(tmp_path / "encoder.keras")
    again = load_network(tmp_path / "encoder.keras", RunConfig(model=MODEL))
    assert again.predict(images, verbose=0) == pytest.approx(latents, abs=1e-6)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def net(config, resolution, precision): return 3", "gives int, not a cae.model.Autoencoder"),
        (
            "from cae.convolutional import build_autoencoder\n"
            "def net(config, resolution, precision):\n"
            "    return build_autoencoder(config.model_copy(update={'latent_dim': 7}), resolution, precision)",
            "its encoder goes from (None, 32, 32, 3) to (None, 7), not from (None, 32, 32, 3) to (None, 3)",
        ),
    ],
)
def test_a_builder_that_gives_something_else_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "odd_net.py").write_text(code)
    monkeypatch.delitem(sys.modules, "odd_net", raising=False)
    with pytest.raises(PluginError) as caught:
        build(MODEL.model_copy(update={"builder": "odd_net:net", "activation": "relu"}), 32)
    assert str(caught.value) == f"odd_net:net: {words}"
    sys.modules.pop("odd_net", None)


def test_a_generator_of_a_plugin_makes_points_and_says_how() -> None:
    vectors = np.random.default_rng(0).normal(size=(400, 5)).astype(np.float32)
    cloud = describe(vectors, np.ones(5))
    draws = sampling.standard_normal_draws(2_000, 5)
    points = sampling.sample("mylab.draw:STUDENT", cloud, draws, AnalysisConfig())
    # A t of 8 degrees of freedom has 8/6 of the normal's variance.
    assert points.var() == pytest.approx(8 / 6, rel=0.15)
    assert "8 degrees of freedom" in sampling.explain("mylab.draw:STUDENT", cloud, AnalysisConfig())


@pytest.mark.parametrize(
    ("give", "words"), [("draws[:, :2]", "points of shape (6, 2)"), ("draws * float('nan')", "NaN")]
)
def test_a_generator_that_gives_no_points_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, give: str, words: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    code = "import numpy as np\nfrom cae.sampling import Generator\n"
    code += f"ODD = Generator(lambda cloud, draws, config: {give}, lambda *_: '')\n"
    (tmp_path / "odd_draw.py").write_text(code)
    monkeypatch.delitem(sys.modules, "odd_draw", raising=False)
    cloud = describe(np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32), np.ones(5))
    with pytest.raises(PluginError, match="odd_draw:ODD: gives") as caught:
        sampling.sample("odd_draw:ODD", cloud, sampling.standard_normal_draws(6, 5), AnalysisConfig())
    assert words in str(caught.value)
    sys.modules.pop("odd_draw", None)
