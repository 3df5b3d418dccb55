from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from cae.config import DataConfig
from cae.datasets import DataError, data_digest, load


def encoded(value: int, side: int = 40) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (side, side), (value, value, 255 - value)).save(stream, format="png")
    return stream.getvalue()


def write(path: Path, first: int, count: int, named: bool = True, **columns: list[Any]) -> Path:
    """Rows as Hugging Face writes them, a few in each row group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"bytes": encoded(first + i), "path": f"{first + i}.png"} for i in range(count)]
    table = pa.table({"image": images, **columns})
    if named:
        features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({b"huggingface": json.dumps({"info": {"features": features}}).encode()})
    pq.write_table(table, path, row_group_size=3)
    return path


def config(path: Path, **changes: Any) -> DataConfig:
    return DataConfig(name="folder", path=str(path), resolution=32, crop="none", **changes)


def colors(images: np.ndarray) -> list[int]:
    return images[:, 16, 16, 0].tolist()


def test_rows_of_all_files_are_images_in_their_order(tmp_path: Path) -> None:
    for shard, first in ((0, 0), (1, 10)):
        write(tmp_path / "data" / f"train-0000{shard}-of-00002.parquet", first, 10, label=[0, 1] * 5)
    found = load(config(tmp_path))
    assert colors(found.images) == list(range(20))
    assert found.table["label"].tolist() == ["cat", "dog"] * 10
    assert found.table["file"].iloc[11] == "data/train-00001-of-00002.parquet/000001"
    assert len(found.train) + len(found.test) == 20


def test_one_file_is_a_set_as_well(tmp_path: Path) -> None:
    file = write(tmp_path / "faces.parquet", 5, 24, label=list("ab" * 12), named=False)
    found = load(config(file))
    assert colors(found.images) == list(range(5, 29))
    assert found.table["label"].tolist() == list("ab" * 12)


def test_columns_of_two_values_are_attributes(tmp_path: Path) -> None:
    columns = {
        "Smiling": [True, False] * 10,
        "Male": [1, -1] * 10,
        "Young": [1, 0] * 10,
        "age": list(range(30, 50)),
        "caption": ["a face"] * 20,
    }
    found = load(config(write(tmp_path / "f.parquet", 0, 20, **columns)))
    assert {name: values.tolist() for name, values in found.attributes.items()} == dict.fromkeys(
        ("Smiling", "Male", "Young"), [1, 0] * 10
    )


def test_the_files_of_splits_give_the_official_one(tmp_path: Path) -> None:
    for name, first, count in (("train", 0, 12), ("validation", 12, 4), ("test", 16, 4)):
        write(tmp_path / f"{name}-00000-of-00001.parquet", first, count)
    found = load(config(tmp_path, split="official"))
    assert sorted(colors(found.images[found.train])) == list(range(12))
    assert set(colors(found.images[found.test])) <= set(range(12, 20))


def test_a_row_without_an_image_is_left_out_and_counted(tmp_path: Path) -> None:
    images = [{"bytes": encoded(i), "path": None} for i in range(60)]
    images[3], images[7] = {"bytes": None, "path": "lost.png"}, {"bytes": b"no image", "path": None}
    pq.write_table(pa.table({"image": images}), tmp_path / "f.parquet")
    found = load(config(tmp_path))
    assert colors(found.images) == [i for i in range(60) if i not in (3, 7)]


def test_another_content_is_another_set(tmp_path: Path) -> None:
    digests = {data_digest(config(write(tmp_path / str(first) / "f.parquet", first, 10))) for first in (0, 1)}
    again = data_digest(config(write(tmp_path / "copy" / "f.parquet", 0, 10)))
    assert len(digests) == 2
    assert again in digests


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no parquet", "f.parquet is no readable Parquet file"),
        (None, r"f.parquet has no column of images \(bytes\); its columns are name, age"),
    ],
)
def test_a_file_without_images_is_one_line(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "f.parquet"
    if content is None:
        pq.write_table(pa.table({"name": ["a"], "age": [3]}), file)
    else:
        file.write_bytes(content)
    with pytest.raises(DataError, match=told) as error:
        data_digest(config(file))
    assert "\n" not in str(error.value)


def test_a_damaged_row_group_is_one_line(tmp_path: Path) -> None:
    file = write(tmp_path / "f.parquet", 0, 20)
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"f\.parquet: row group 0 is damaged: .*; fetch the file again"):
        load(config(tmp_path))


def test_pictures_beside_parquet_files_are_taken_alone(tmp_path: Path) -> None:
    write(tmp_path / "f.parquet", 0, 10)
    for value in range(20):
        (tmp_path / f"{value:02d}.png").write_bytes(encoded(100 + value))
    assert colors(load(config(tmp_path)).images) == list(range(100, 120))
