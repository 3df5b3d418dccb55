"""The page of `cae explore` in a real browser, from a file and without a network."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from cae import latents
from cae.config import ModelConfig, RunConfig
from cae.convolutional import build_autoencoder
from cae.faces import PAIR, cut
from cae.model import load_network
from cae.neighbours import nearest
from sweeps import tracking, workspace
from sweeps.cli import main
from sweeps.explorer.network import portable
from sweeps.explorer.page import LIBRARIES, RUNTIME
from sweeps.explorer.payload import base64_of, packed, script_json
from sweeps.explorer.points import points
from sweeps.files import read_json
from sweeps.pipeline.latents import LatentSplit, load_latents
from sweeps.transfer.relocate import correct
from tests.cae.test_operations import NETWORKS, shaken

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=10)]


@pytest.fixture(scope="module")
def home(recorded_home: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the recorded sweep of two cells, and `explore.html` of it with both latent spaces."""
    import shutil

    folder = tmp_path_factory.mktemp("explore")
    shutil.copytree(recorded_home[0], folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAE_HOME", str(folder))
        correct(workspace.home())
        runs = [record.config_hash for record in tracking.records("tiny").values()]
        arguments = ["explore", str(folder / "tiny.yaml"), *runs, "--no-record", "--out", str(folder / "explore.html")]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        yield folder


@pytest.fixture
def open_page(browser: Any, home: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Opens the page offline; a picture is taken at the end. What the browser complains of fails the test."""
    contexts: list[Any] = []
    told: list[str] = []

    def opened(width: int = 1440, height: int = 1000, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **settings)
        context.set_default_timeout(120_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto((home / "explore.html").as_uri())
        page.wait_for_selector("body[data-ready]")
        page.locator("#strips canvas").first.wait_for()
        settle(page)
        return page

    yield opened
    folder = Path(os.environ.get("CAE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    for context in contexts:
        context.pages[0].screenshot(path=folder / f"{request.node.name}.png", full_page=True)
        context.close()
    assert told == []


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Any:
    return open_page()


class Space:
    """What the page shows of a recorded run, computed by Keras and NumPy."""

    def __init__(self, home: Path, run_id: str) -> None:
        folder = next(home.glob(f"mlruns/artifacts/**/{run_id}/artifacts"))
        self.folder, self.config = folder, RunConfig.model_validate(read_json(folder / "config.json"))
        self.sides: dict[str, LatentSplit] = load_latents(folder / "latents" / "latents.npz")
        self.told, arrays = points(self.sides, 5_000)
        self.arrays = {name: array.astype(np.float64) for name, array in arrays.items()}
        self.decoder = load_network(folder / "model" / "decoder.keras", self.config)

    def face(self, scores: np.ndarray) -> np.ndarray:
        vector = self.arrays["mean"] + self.arrays["axes"] @ scores
        return latents.decode(self.decoder, vector[None].astype(np.float32))[0].astype(int)


@pytest.fixture(scope="module")
def spaces(home: Path) -> list[Space]:
    return [Space(home, record.run_id) for record in tracking.records("tiny").values()]


def pixels(canvas: Any) -> np.ndarray:
    """int (h, w, 3) of what a canvas shows."""
    address = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    content = base64.b64decode(address.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=int)


def settle(page: Any) -> None:
    """Waits until everything that follows a change is drawn.

    By the page's own clock, however slow it is: its timers end in the order in which they are due.
    """
    page.evaluate("() => new Promise(done => setTimeout(() => requestAnimationFrame(() => setTimeout(done)), 400))")


# --- the decoder -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runtime(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A page that holds the libraries and the decoder's script alone."""
    folder = files("sweeps.explorer")
    scripts = [(folder / "vendor" / name).read_text(encoding="utf-8") for name in LIBRARIES]
    scripts += [(folder / "assets" / f"{name}.js").read_text(encoding="utf-8") for name in ("data", "network")]
    binary = base64_of((folder / "vendor" / RUNTIME).read_bytes())
    parts = [
        f'<script type="application/json" id="page">{script_json({})}</script>',
        f'<script type="text/plain" id="runtime">{binary}</script>',
        *(f"<script>{script}</script>" for script in scripts),
    ]
    path = tmp_path_factory.mktemp("runtime") / "runtime.html"
    path.write_text("\n".join(parts), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("startRuntime()")
    return page


def in_browser(page: Any, decoder: keras.Model, vectors: np.ndarray) -> np.ndarray:
    """uint8 pictures as the browser decodes them."""
    network, weights = portable(decoder)
    places, text = packed(weights | {"vectors": vectors})
    made = page.evaluate(
        """([network, places, text, count]) => {
            const bytes = bytesOf(text);
            const entries = Object.entries(places).map(([name, where]) => [name, arrayOf(bytes, where)]);
            const arrays = Object.fromEntries(entries);
            page.spaces = [{ network, arrays: places }];
            return Array.from(decode(networkOf(0, arrays), arrays.vectors, count), (value) => Math.round(255 * value));
        }""",
        [network, places, text, len(vectors)],
    )
    return np.array(made, int).reshape(len(vectors), *decoder.output_shape[1:])


@pytest.mark.parametrize("settings", NETWORKS, ids=str)
def test_the_browser_decodes_as_keras_does_to_one_grey_level(runtime: Any, settings: dict[str, Any]) -> None:
    keras.utils.set_random_seed(0)
    decoder = shaken(build_autoencoder(ModelConfig(maps=[8, 16], latent_dim=6, **settings), 16).decoder)
    vectors = (2 * np.random.default_rng(0).standard_normal((5, 6))).astype(np.float32)
    expected = latents.decode(decoder, vectors).astype(int)
    assert np.ptp(expected) > 20
    assert abs(in_browser(runtime, decoder, vectors) - expected).max() <= 1


# --- moves -----------------------------------------------------------------------------------------------------------


def test_the_face_at_the_center_is_that_of_keras(page: Any, spaces: list[Space]) -> None:
    faces = page.locator("canvas.large")
    assert faces.count() == 2
    for place, space in enumerate(spaces):
        expected = space.face(np.zeros(space.arrays["scores"].shape[1]))
        assert abs(pixels(faces.nth(place)) - expected).max() <= 1


def test_a_slider_moves_along_its_axis_in_both_runs(page: Any, spaces: list[Space]) -> None:
    slider = page.locator("#sliders").get_by_label("principal axis 2 (sd)")
    slider.evaluate("input => { input.value = 2.5; input.dispatchEvent(new Event('input')); }")
    settle(page)
    for place, space in enumerate(spaces):
        scores = np.zeros(space.arrays["scores"].shape[1])
        scores[1] = 2.5
        assert abs(pixels(page.locator("canvas.large").nth(place)) - space.face(scores)).max() <= 1
        assert "D = 2.50" in page.locator(".readout").nth(place).inner_text()


def test_draws_are_those_of_the_sheets(page: Any, spaces: list[Space]) -> None:
    for number in range(3):
        page.get_by_role("button", name="next draw").click()
        settle(page)
        for place, space in enumerate(spaces):
            with Image.open(space.folder / "faces" / "mnd.png") as picture:
                sheet = np.asarray(picture.convert("RGB"), dtype=int)
            side = space.config.data.resolution
            tile = cut(sheet, 0, number + 1, side)[number]
            recorded = tile[:: len(tile) // side, :: len(tile) // side]
            # Draws are rounded to float16; the sheet was made by the network in training's precision.
            assert abs(pixels(page.locator("canvas.large").nth(place)) - recorded).max() <= 2


def test_the_radius_tells_when_the_cloud_is_left(page: Any, spaces: list[Space]) -> None:
    page.get_by_role("button", name="next draw").click()
    slider = page.get_by_label("radius (× distance)")
    slider.evaluate("input => { input.value = 3; input.dispatchEvent(new Event('input')); }")
    settle(page)
    readouts = page.locator(".readout")
    for place, space in enumerate(spaces):
        D = 3 * np.linalg.norm(space.arrays["draws"][0])
        assert f"D = {D:.2f}" in readouts.nth(place).inner_text()
        assert ("It has left the cloud" in readouts.nth(place).inner_text()) == (space.arrays["distances"][-1] < D)
    page.get_by_role("button", name="Center").click()
    settle(page)
    least = spaces[0].arrays["distances"][0]
    assert (
        f"No training vector is so near to the center: the nearest has D = {least:.1f}" in readouts.first.inner_text()
    )


# --- people ----------------------------------------------------------------------------------------------------------


def person_of(page: Any) -> int:
    words = page.locator("#start-words").inner_text()
    return int(words.removeprefix("from image "))


def test_a_person_is_the_same_in_both_runs_and_has_their_neighbours(page: Any, spaces: list[Space]) -> None:
    page.get_by_role("button", name="next person").click()
    page.get_by_role("button", name="next person").click()
    settle(page)
    number = person_of(page)
    for place, space in enumerate(spaces):
        row = list(space.arrays["images"]).index(number)
        expected = space.face(space.arrays["scores"][row])
        assert abs(pixels(page.locator("canvas.large").nth(place)) - expected).max() <= 1
        vectors = np.concatenate([space.sides["train"].vectors, space.sides["test"].vectors])
        around, away = nearest(vectors, vectors[row : row + 1], 4)
        tiles = page.locator("#person > div").nth(place).locator("button.tile")
        told = [tiles.nth(i).get_attribute("title") for i in range(1, 4)]
        assert told == [f"image {int(space.arrays['images'][other])}" for other in around[0][1:]]
        assert float(tiles.nth(1).inner_text().split()[0]) == pytest.approx(away[0][1], abs=0.011)


def test_whoever_is_clicked_on_the_map_is_told(page: Any) -> None:
    canvas = page.locator("canvas.map").first
    canvas.focus()
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    settle(page)
    by_key = person_of(page)
    assert f"Image {by_key}, " in page.locator("#person").inner_text()
    box = canvas.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    settle(page)
    assert f"Image {person_of(page)}, " in page.locator("#person").inner_text()
    assert person_of(page) != by_key


def test_a_hover_shows_who_it_is(page: Any) -> None:
    box = page.locator("canvas.map").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = page.get_by_role("tooltip")
    tip.wait_for()
    assert "image " in tip.inner_text()
    assert np.ptp(pixels(tip.locator("canvas"))) > 0


def test_a_box_counts_shows_its_mean_and_is_downloaded(page: Any, spaces: list[Space]) -> None:
    box = page.locator("canvas.map").first.bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    section = page.locator("#selection")
    section.get_by_text("points.").wait_for()
    count = len(spaces[0].arrays["scores"])
    assert f"{count} points." in section.inner_text()
    mean = spaces[0].arrays["scores"].mean(axis=0)
    assert abs(pixels(section.locator("canvas").first) - spaces[0].face(mean)).max() <= 1
    with page.expect_download() as saved:
        section.get_by_role("button", name="Download as CSV").click()
    lines = Path(saved.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == count + 1
    assert lines[0].startswith("image,held_out,distance")


def test_ways_between_people_end_at_them(page: Any, spaces: list[Space]) -> None:
    people = []
    for name in "ABC":
        page.get_by_role("button", name="next person").click()
        settle(page)
        people.append(person_of(page))
        page.get_by_role("button", name=f"Person → {name}").click()
    space = spaces[0]
    a, b, c = (space.arrays["scores"][list(space.arrays["images"]).index(number)] for number in people)
    faces = page.locator("#strips > div").first.locator("canvas")
    page.get_by_role("button", name="Path from A to B").click()
    settle(page)
    for place, scores in ((0, a), (4, (a + b) / 2), (8, b)):
        assert abs(pixels(faces.nth(place)) - space.face(scores)).max() <= 1
    page.get_by_label("path keeps its distance").check()
    settle(page)
    told = page.locator("#strips > div").first.locator("button.tile").nth(4).inner_text()
    assert f"D {(np.linalg.norm(a) + np.linalg.norm(b)) / 2:.1f}" in told
    page.get_by_role("button", name="A − B + C").click()
    settle(page)
    assert abs(pixels(faces.nth(3)) - space.face(a - b + c)).max() <= 1


@pytest.mark.parametrize("axis", ["component:3", "principal:4"])
def test_a_map_shows_the_axis_that_is_chosen(page: Any, spaces: list[Space], axis: str) -> None:
    page.locator("#choose").get_by_label("Across").select_option(axis)
    page.locator("#choose").get_by_label("Color").select_option("held_out")
    settle(page)
    kind, _, number = axis.partition(":")
    assert f"{kind} {'axis ' if kind == 'principal' else ''}{int(number) + 1}" in str(
        page.locator("canvas.map").first.get_attribute("aria-label")
    )
    assert page.locator(".legend").first.inner_text().split("\n")[0].strip().startswith("trained on")
    # Both colors are on the map.
    shown = {tuple(color) for color in pixels(page.locator("canvas.map").first).reshape(-1, 3)}
    assert {(0x4C, 0x8F, 0xD6), (0xE8, 0x74, 0x3B)} <= shown


# --- gallery ---------------------------------------------------------------------------------------------------------


def test_the_gallery_shows_the_same_draw_of_every_run(page: Any, spaces: list[Space]) -> None:
    page.get_by_role("tab", name="Gallery").click()
    page.get_by_role("button", name="next person or draw").click()
    settle(page)
    rows = page.locator(".matrix tbody tr")
    assert rows.count() == 2
    labels = [rows.nth(place).locator("strong").inner_text() for place in range(2)]
    for space in spaces:
        place = next(i for i, label in enumerate(labels) if space.config.model.activation in label)
        for column, file, row in (("uniform", "uniform", 0), ("autoencoder", "reconstruction", 1)):
            with Image.open(space.folder / "faces" / f"{file}.png") as picture:
                sheet = np.asarray(picture.convert("RGB"), dtype=int)
            side = space.config.data.resolution
            tiles = cut(sheet, row, 8, side, PAIR if file == "reconstruction" else ())
            tiles = tiles[:, :: tiles.shape[1] // side, :: tiles.shape[2] // side]
            shown = pixels(rows.nth(place).locator(f'[data-column="{column}"] canvas'))
            # WebP keeps not every detail.
            assert abs(tiles[1] - shown).mean() < 12


def test_a_face_is_enlarged_and_left_by_keys(page: Any) -> None:
    page.get_by_role("tab", name="Gallery").click()
    page.locator('[data-column="mnd"]').first.click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert "mnd" in dialog.inner_text()
    first = dialog.locator("p").inner_text()
    page.keyboard.press("ArrowRight")
    assert "draw 2" in dialog.locator("p").inner_text()
    page.keyboard.press("ArrowDown")
    assert dialog.locator("p").inner_text() != first.replace("draw 1", "draw 2")
    with page.expect_download() as saved:
        dialog.get_by_role("button", name="download").click()
    assert saved.value.suggested_filename.endswith("_mnd_2.png")
    assert Image.open(saved.value.path()).size == (32, 32)
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_all_faces_come_as_one_archive(page: Any) -> None:
    page.get_by_role("tab", name="Gallery").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download all (zip)").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert {Image.open(archive.open(name)).size for name in names} == {(32, 32)}
    # Two runs, reconstructions and the six ways to make faces, eight of each.
    assert len(names) == 2 * 7 * 8
    assert not any("original" in name for name in names)


# --- everybody -------------------------------------------------------------------------------------------------------


# What can be seen or used and has no words for those who do not see it.
UNNAMED = """() => [...document.querySelectorAll("button, select, input, canvas, img, a")]
    .filter((part) => part.offsetParent && !part.closest("[aria-hidden]"))
    .filter((part) => !part.innerText && !part.labels?.length && !part.title && !part.alt)
    .filter((part) => !part.getAttribute("aria-label") && !part.querySelector("[aria-label]"))
    .map((part) => part.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("tab", ["Latent space", "Gallery"])
def test_nothing_is_wider_than_a_phone(open_page: Callable[..., Any], tab: str) -> None:
    page = open_page(390, 844)
    page.get_by_role("tab", name=tab).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_is_dark_where_the_reader_wants_it_so(open_page: Callable[..., Any]) -> None:
    page = open_page(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 23, 27)"


def test_every_control_and_picture_has_a_name(page: Any) -> None:
    for tab in ("Latent space", "Gallery"):
        page.get_by_role("tab", name=tab).click()
        settle(page)
        unnamed = page.evaluate(UNNAMED)
        assert unnamed == []
