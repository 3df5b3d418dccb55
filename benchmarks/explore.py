"""How fast the page of `cae explore` is in Chromium: `python -m benchmarks.explore PAGE`.

Frames a second while a map is dragged, and faces a second while a slider moves, in all latent spaces that it shows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.end_to_end.conftest import ARGUMENTS, CHROMIUM

# Drags the first map for 180 frames.
DRAG = """async () => {
    const map = document.querySelector("canvas.map");
    const { left, top } = map.getBoundingClientRect();
    const event = (kind, x, y) => new PointerEvent(kind, { clientX: left + x, clientY: top + y, pointerId: 1 });
    const send = (...where) => map.dispatchEvent(event(...where));
    map.setPointerCapture = () => {};
    send("pointerdown", 300, 300);
    const times = [];
    await new Promise((done) => {
        const frame = (now) => {
            times.push(now);
            send("pointermove", 300 + times.length, 300 + (times.length % 40));
            times.length < 180 ? requestAnimationFrame(frame) : done();
        };
        requestAnimationFrame(frame);
    });
    send("pointerup", 480, 300);
    return (1000 * (times.length - 1)) / (times[times.length - 1] - times[0]);
}"""
# Moves the first principal axis for four seconds, to the next place when the face of the last is drawn.
SLIDE = """async () => {
    const slider = document.querySelectorAll("#sliders input")[1];
    const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const start = performance.now();
    let moves = 0;
    while (performance.now() - start < 4000) {
        slider.value = -3 + 6 * ((moves % 50) / 50);
        slider.dispatchEvent(new Event("input"));
        await drawn();
        moves += 1;
    }
    return (moves * document.querySelectorAll(".panel").length) / ((performance.now() - start) / 1000);
}"""


def main(path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page: Any = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(path.resolve().as_uri())
        page.wait_for_selector("body[data-ready]")
        page.wait_for_timeout(1000)
        print(f"{path.stat().st_size / 1e6:.1f} MB, {page.locator('.panel').count()} latent spaces")
        print(f"{page.evaluate(DRAG):.0f} frames a second while a map is dragged")
        print(f"{page.evaluate(SLIDE):.0f} faces a second while a slider moves")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
