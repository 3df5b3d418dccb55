from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from cae.datasets.synthetic import draw_factors, render
from metrics import detector_process, face_features, visibility


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (2, 8, 8, 3), (3,)])
def test_arrays_arrive_as_they_were_sent(shape: tuple[int, ...]) -> None:
    stream, sent = io.BytesIO(), np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    detector_process.send(stream, sent, what="maps")
    stream.seek(0)
    head, found = detector_process.receive(stream)
    assert head["what"] == "maps"
    assert (found.dtype, found.shape) == (sent.dtype, sent.shape)
    assert np.array_equal(found, sent)
    with pytest.raises(EOFError):
        detector_process.receive(stream)


def test_an_error_is_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    requests, replies = io.BytesIO(), io.BytesIO()
    detector_process.send(requests, np.zeros((1, 8, 6, 3), np.uint8), what="confidences")
    requests.seek(0)
    detector_process.serve(requests, replies)
    replies.seek(0)
    head, _ = detector_process.receive(replies)
    assert "square and in RGB" in head["error"]
    assert not head["missing"]


@pytest.mark.thorough
def test_another_process_sees_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    portraits = render(draw_factors(0, 4, seed=0, factors="gaussian"), 64)
    here = visibility.visible(portraits), face_features.face_features(portraits)
    monkeypatch.setattr(detector_process, "needed", lambda: True)
    there = visibility.visible(portraits), face_features.face_features(portraits)
    np.testing.assert_allclose(there[0], here[0], atol=1e-3)
    np.testing.assert_allclose(there[1], here[1], atol=1e-4)
    # A process that died says so, and the next question starts another.
    detector_process._process().kill()
    with pytest.raises(RuntimeError, match="process died with exit code -9"):
        visibility.visible(portraits)
    assert visibility.visible(portraits[:1])[0] > 0.8
    detector_process._process().kill()
    detector_process._process.cache_clear()


def test_without_tensorflow_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_process, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="needs TensorFlow; pip install tensorflow"):
        detector_process.ask("maps", np.zeros((1, 8, 8, 3), np.uint8))


def test_what_keras_computes_with_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not detector_process.needed()
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert detector_process.needed()
