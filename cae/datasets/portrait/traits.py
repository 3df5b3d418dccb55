"""Standardised factors become measures: lengths in head units, angles in radians, amounts from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Traits:
    """People, each in one light: everything continuous that a portrait shows, (n, 1, 1). Lengths are head units."""

    male: np.ndarray
    age: np.ndarray
    width: np.ndarray
    chin: np.ndarray
    taper: np.ndarray
    fullness: np.ndarray
    eye_x: np.ndarray
    eye_size: np.ndarray
    eye_opening: np.ndarray
    eye_tilt: np.ndarray
    iris: np.ndarray
    brow_thickness: np.ndarray
    brow_height: np.ndarray
    brow_arch: np.ndarray
    nose_width: np.ndarray
    nose_length: np.ndarray
    mouth_width: np.ndarray
    lips: np.ndarray
    skin: np.ndarray
    rosiness: np.ndarray
    hair_darkness: np.ndarray
    hair_redness: np.ndarray
    grey: np.ndarray
    hair_end: np.ndarray
    hair_volume: np.ndarray
    curl: np.ndarray
    hairline: np.ndarray
    baldness: np.ndarray
    fringe: np.ndarray
    beard: np.ndarray
    moustache: np.ndarray
    makeup: np.ndarray
    smile: np.ndarray
    mouth_open: np.ndarray
    gaze_x: np.ndarray
    gaze_y: np.ndarray
    yaw: np.ndarray
    pitch: np.ndarray
    roll: np.ndarray
    light_x: np.ndarray
    light_y: np.ndarray
    contrast: np.ndarray
    warmth: np.ndarray
    exposure: np.ndarray
    clothes_hue: np.ndarray
    clothes_value: np.ndarray
    background_hue: np.ndarray
    background_value: np.ndarray


def _share(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((values - low) / (high - low), 0, 1)


def _head(f: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        "width": 0.985 + 0.05 * f["face_width"] + 0.02 * f["fullness"],
        "chin": 1.50 + 0.085 * f["face_length"] + 0.03 * f["masculinity"],
        "taper": np.clip(0.27 - 0.085 * f["jaw_width"] - 0.03 * f["fullness"], 0.04, 0.5),
        "fullness": f["fullness"],
        "skin": np.clip(0.34 + 0.24 * f["skin_darkness"], 0, 1),
        "rosiness": _share(f["rosiness"], -1.5, 2.5),
    }


def _features(f: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        "eye_x": 0.462 + 0.022 * f["eye_distance"],
        "eye_size": 0.238 + 0.018 * f["eye_size"],
        "eye_opening": np.clip(0.104 + 0.020 * f["eye_opening"] + 0.008 * f["eye_size"], 0.035, 0.17),
        "eye_tilt": 0.05 + 0.07 * f["eye_tilt"],
        "iris": _share(f["eye_darkness"], -2.2, 1.4),
        "brow_thickness": np.clip(0.047 + 0.013 * f["brow_thickness"] + 0.008 * f["masculinity"], 0.018, 0.12),
        "brow_height": 0.31 + 0.038 * f["brow_height"],
        "brow_arch": 0.075 + 0.035 * f["brow_arch"],
        "nose_width": np.clip(0.195 + 0.028 * f["nose_width"], 0.11, 0.34),
        "nose_length": 0.54 + 0.05 * f["nose_length"],
        "mouth_width": 0.355 + 0.032 * f["mouth_width"],
        "lips": np.clip(0.116 + 0.022 * f["lip_fullness"], 0.05, 0.18),
    }


def _hair(f: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    male = _share(f["masculinity"], -0.15, 0.15)
    # Beards, bald heads and make-up keep to one side of `Male`, so that attributes never contradict each other.
    manly, womanly = _share(f["masculinity"], 0.0, 0.2), _share(f["masculinity"], 0.0, -0.2)
    baldness = manly * _share(f["hair_recession"], 1.3, 1.7)
    return {
        "male": male,
        "hair_darkness": _share(f["hair_darkness"], -1.9, 1.2),
        "hair_redness": _share(f["hair_redness"], 0.2, 2.8),
        "grey": _share(f["age"] + 0.8 * f["greyness"], 1.0, 2.6),
        "hair_end": np.interp(f["hair_length"], [-3, -0.4, 0.3, 1.0, 3], [-0.15, 0.15, 1.0, 1.8, 2.8]),
        "hair_volume": np.clip(0.16 + 0.07 * f["hair_volume"] + 0.03 * f["hair_curl"], 0.03, 0.5),
        "curl": _share(f["hair_curl"], -1.2, 2.4),
        "hairline": -0.97 - 0.07 * np.clip(f["hair_recession"], -2, 2.5),
        "baldness": baldness,
        "fringe": _share(f["fringe"], 0.6, 1.2) * (1 - male * _share(f["hair_recession"], 0.2, 0.7)),
        "beard": manly * _share(f["beard"], -0.1, 2.0),
        "moustache": manly * _share(f["moustache"], 0.1, 1.6),
        "makeup": womanly * _share(f["makeup"], -1.0, 1.8),
    }


def _scene(f: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        "age": _share(f["age"], -1.5, 3.0),
        "smile": _share(f["smile"], -1.5, 1.5),
        "mouth_open": _share(f["mouth_open"], 0.0, 2.5),
        "gaze_x": 0.045 * f["gaze_x"],
        "gaze_y": 0.018 * f["gaze_y"],
        "yaw": np.radians(9.5 * f["yaw"]),
        "pitch": np.radians(6.0 * f["pitch"]),
        "roll": np.radians(3.5 * f["roll"]),
        "light_x": 0.55 * f["light_azimuth"],
        "light_y": 0.45 + 0.25 * f["light_elevation"],
        "contrast": np.clip(0.55 + 0.16 * f["light_contrast"], 0.1, 1.0),
        "warmth": 0.04 + 0.045 * f["light_warmth"],
        "exposure": np.exp(0.20 * f["exposure"]),
        "clothes_hue": 0.6 + 0.2 * f["clothes_hue"],
        "clothes_value": np.clip(0.40 + 0.30 * f["clothes_brightness"], 0.04, 0.97),
        "background_hue": 0.05 + 0.27 * f["background_hue"],
        "background_value": np.clip(0.53 + 0.34 * f["background_brightness"], 0.03, 1.0),
    }


def traits(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Every field of `Traits` as a float64 array (n,) from the standardised factors, which are cut at 3 sd."""
    numbers = table.select_dtypes("number")
    f = {name: numbers[name].to_numpy(dtype=float).clip(-3, 3) for name in numbers.columns}
    return _head(f) | _features(f) | _hair(f) | _scene(f)


def people(table: pd.DataFrame) -> Traits:
    """The traits of these rows."""
    return Traits(**{name: values[:, None, None].astype(np.float32) for name, values in traits(table).items()})
