from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from cae import plugins
from cae.config import DataConfig, RunConfig, config_hash, flatten, from_flat, named_plugins, plugin_identities
from cae.datasets import data_digest, from_arrays, load
from cae.plugins import PluginError, Registry
from cae.registries import ACTIVATIONS, DATASETS, GENERATORS, MEASURES, MODELS

REGISTRY = Registry("cae.tests", {"sin": "math:sin"}, expected="a function")


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of plug-ins on the path; what was imported from it is forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins._installed.cache_clear()
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
    plugins._installed.cache_clear()


def write(lab: Path, name: str, code: str) -> None:
    (lab / f"{name}.py").write_text(code)


@pytest.mark.parametrize("registry", [DATASETS, MODELS, ACTIVATIONS, GENERATORS])
def test_everything_built_in_loads_and_has_no_identity(registry: Registry) -> None:
    for name in registry.builtin:
        assert registry.load(registry.check(name)) is not None
        assert registry.identity(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sine", "unknown name 'sine'; did you mean sin?"),
        ("zzz", "unknown name 'zzz'; valid: sin, MODULE:NAME"),
        ("lab:", "unknown name 'lab:'"),
        (":scans", "unknown name ':scans'"),
        ("../lab:scans", "unknown name"),
        ("lab:scans()", "unknown name"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_with_the_nearest(name: str, words: str) -> None:
    with pytest.raises(ValueError, match="unknown name") as caught:
        REGISTRY.check(name)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere:scans", "nowhere:scans: there is no module nowhere; install its package, or correct the name"),
        ("good:scan", "good:scan: good has no scan; did you mean scans?"),
        ("bad:scans", "bad:scans: importing bad fails with RuntimeError: no licence"),
        ("wants:scans", "wants:scans: there is no module missing_lib"),
        ("good:NUMBER", "good:NUMBER: is int, not a function"),
    ],
)
def test_one_that_cannot_be_used_is_one_clear_line(lab: Path, name: str, words: str) -> None:
    write(lab, "good", "NUMBER = 3\ndef scans(config): ...\n")
    write(lab, "bad", "raise RuntimeError('no licence')")
    write(lab, "wants", "import missing_lib")
    assert REGISTRY.check(name) == name
    for use in (REGISTRY.load, REGISTRY.identity):
        with pytest.raises(PluginError) as caught:
            use(name)
        assert str(caught.value).startswith(words)
        assert "\n" not in str(caught.value)


def test_a_configuration_is_checked_without_importing_what_it_names(lab: Path) -> None:
    write(lab, "loud", "raise RuntimeError('imported')")
    config = from_flat(
        {
            "data.name": "loud:scans",
            "data.split": "official",
            "model.builder": "loud:net",
            "model.activation": "loud:snake",
            "analysis.sampling": ["mnd", "loud:student"],
            "analysis.metrics": ["loud:tails"],
        }
    )
    assert "loud" not in sys.modules
    assert [name for _, name in named_plugins(flatten(config))] == [
        "loud:scans",
        "loud:net",
        "loud:snake",
        "loud:student",
        "loud:tails",
    ]
    with pytest.raises(
        PluginError, match=r"^data\.name: loud:scans: importing loud fails with RuntimeError: imported$"
    ):
        config_hash(config, "digest")


def test_parts_of_a_mixture_are_found_and_a_mixture_is_no_part() -> None:
    mixture = [{"name": "digits"}, {"name": "lab:scans"}]
    config = from_flat({"data.name": "mixture", "data.mixture": mixture})
    assert named_plugins(flatten(config)) == [("data.mixture", "lab:scans")]
    with pytest.raises(ValidationError, match="a mixture is no part of a mixture"):
        from_flat({"data.name": "mixture", "data.mixture": [{"name": "mixture"}]})


def identity_of(code: str, lab: Path) -> str:
    """In a process of its own, as each command is."""
    write(lab, "versioned", code)
    ask = "from cae.registries import MODELS\nprint(MODELS.identity('versioned:net'))"
    done = subprocess.run([sys.executable, "-c", ask], cwd=lab, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_identity_is_name_version_and_source(lab: Path) -> None:
    first, same, other = (identity_of(f"def net(): return {number}\n", lab) for number in (1, 1, 2))
    assert first == same
    assert first != other
    assert first.split()[:2] == ["versioned:net", "-"]


def test_the_hash_of_a_run_depends_on_the_code_of_its_plugins(lab: Path) -> None:
    write(lab, "lab_a", "def net(*_): ...\n")
    write(lab, "lab_b", "def net(*_): ...\n")
    hashes = {config_hash(from_flat({"model.builder": f"{name}:net"}), "digest") for name in ("lab_a", "lab_b")}
    assert len(hashes) == 2
    assert plugin_identities(RunConfig()) == {}


def offer(lab: Path, name: str, version: str, entry: str) -> None:
    """What pip would leave of an installed package that offers this data set."""
    info = lab / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[cae.datasets]\n{entry}\n")


def test_a_name_that_two_packages_offer_is_none_of_them(lab: Path) -> None:
    offer(lab, "one", "1.0", "scans = one:scans")
    offer(lab, "two", "1.0", "scans = two:scans")
    with pytest.raises(PluginError, match=r"2 packages offer it as cae\.datasets; name one: one:scans, two"):
        DATASETS.load("scans")


def test_the_version_is_that_of_the_distribution_whatever_its_name(lab: Path) -> None:
    write(lab, "labels", "def scans(config): ...\n")
    offer(lab, "my_lab", "2.5", "")
    (lab / "my_lab-2.5.dist-info" / "top_level.txt").write_text("labels\n")
    assert str(DATASETS.identity("labels:scans")).startswith("labels:scans 2.5 ")


def test_the_names_that_a_table_has_for_its_images_stay(lab: Path) -> None:
    table = pd.DataFrame({"file": ["a.png", "b.png"], "label": [1, 2]}, index=[7, 3])
    images = np.zeros((2, 8, 8), np.uint8)
    assert from_arrays("x", images, table).table()[0]["file"].tolist() == ["a.png", "b.png"]
    assert from_arrays("x", images, table[["label"]]).table()[0]["file"].tolist() == ["x/000000", "x/000001"]


def test_an_entry_point_of_an_installed_package_is_known_by_its_name(lab: Path) -> None:
    write(lab, "labels", "def scans(config): ...\n")
    offer(lab, "labels", "2.5", "scans = labels:scans")
    assert DATASETS.check("scans") == "scans"
    assert DATASETS.load("scans").__name__ == "scans"
    assert str(DATASETS.identity("scans")).startswith("labels:scans 2.5 ")
    with pytest.raises(ValidationError, match=r"unknown name 'scan'; did you mean scans\?"):
        DataConfig(name="scan")


def test_arrays_are_a_data_set(lab: Path) -> None:
    write(
        lab,
        "squares",
        "import numpy as np\nfrom cae.datasets import from_arrays\n"
        "def squares(config):\n"
        "    return from_arrays('squares', np.arange(20 * 40 * 40, dtype=np.uint8).reshape(20, 40, 40))\n",
    )
    config = DataConfig(name="squares:squares", resolution=32, test_fraction=0.25)
    images = load(config)
    assert images.images.shape == (20, 32, 32, 3)
    assert (len(images.train), len(images.test)) == (15, 5)
    assert images.digest == data_digest(config)
    assert list(images.table["file"][:2]) == ["squares/000000", "squares/000001"]


@pytest.mark.parametrize(
    ("shape", "kind", "rows", "words"),
    [
        ((3, 8, 8), np.float32, 3, "float32"),
        ((3, 8), np.uint8, 3, r"\(3, 8\)"),
        ((3, 8, 8, 4), np.uint8, 3, r"\(3, 8, 8, 4\)"),
        ((3, 8, 8), np.uint8, 2, "2 rows of the table for 3 images"),
    ],
)
def test_arrays_that_are_no_images_are_refused(shape: tuple[int, ...], kind: type, rows: int, words: str) -> None:
    import pandas as pd

    with pytest.raises(ValueError, match=words):
        from_arrays("x", np.zeros(shape, kind), pd.DataFrame({"label": range(rows)}))


def test_a_data_set_that_is_none_or_lacks_the_split_is_one_clear_line(lab: Path) -> None:
    write(lab, "odd", "def scans(config): return 3\n")
    with pytest.raises(PluginError, match=r"odd:scans: gives int, not a cae\.datasets\.Source"):
        data_digest(DataConfig(name="odd:scans"))
    with pytest.raises(ValueError, match=r"data\.split: official is not known to odd:scans; use random"):
        data_digest(DataConfig(name="odd:scans", split="official"))


def test_measures_are_all_plugged_in() -> None:
    assert MEASURES.builtin == {}
    with pytest.raises(ValidationError, match="unknown name 'marginal'"):
        from_flat({"analysis.metrics": ["marginal"]})


def test_a_data_set_that_fails_or_lacks_the_column_of_its_split_is_one_clear_line(lab: Path) -> None:
    code = (
        "import numpy as np\nfrom cae.datasets import Dataset, from_arrays\n"
        "def fails(config): return [][3]\n"
        "def floats(config): return from_arrays('floats', np.zeros((3, 8, 8)))\n"
        "def plain(config): return from_arrays('plain', np.zeros((30, 32, 32), np.uint8))\n"
        "PLAIN = Dataset(plain, splits=('random', 'official'))\n"
    )
    write(lab, "sets", code)
    with pytest.raises(PluginError, match="sets:fails: opening it fails with IndexError"):
        data_digest(DataConfig(name="sets:fails"))
    with pytest.raises(ValueError, match="floats: images are float64"):
        data_digest(DataConfig(name="sets:floats"))
    with pytest.raises(ValueError, match="plain has no column partition"):
        load(DataConfig(name="sets:PLAIN", split="official", resolution=32))


def test_a_module_that_exits_or_has_no_file_is_one_clear_line(lab: Path) -> None:
    write(lab, "leaves", "import sys\nsys.exit(3)\n")
    with pytest.raises(PluginError, match="leaves:net: importing leaves fails with SystemExit: 3"):
        REGISTRY.load("leaves:net")
    with pytest.raises(PluginError, match="sys: has no source"):
        REGISTRY.identity("sys:getsizeof")


def test_a_slope_counts_for_a_builder_that_may_use_it(lab: Path) -> None:
    write(lab, "lab_c", "def net(*_): ...\n")
    fields = {"model.builder": "lab_c:net", "model.activation": "relu"}
    hashes = {config_hash(from_flat(fields | {"model.negative_slope": slope}), "digest") for slope in (0.1, 0.2)}
    assert len(hashes) == 2
