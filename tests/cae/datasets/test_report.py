from __future__ import annotations

from cae.datasets.report import summary


def test_a_clean_set_is_counted() -> None:
    assert summary({"count": 6000, "found": 6000, "left_out": 0}) == "6,000 images"


def test_what_is_missing_is_said() -> None:
    report = {
        "count": 5997,
        "found": 6000,
        "left_out": 3,
        "images_without_row": {"attributes": 2, "identity": 0},
        "rows_without_image": {"attributes": 196599, "partition": 196599, "identity": 5},
        "split": "official",
        "on_neither_side": 7,
    }
    assert summary(report) == (
        "5,997 images, 3 of 6,000 files left out as unusable, "
        "2 images without a row in the table of attributes, "
        "5 rows without an image in the table of identity, "
        "196,599 rows without an image in the table of attributes and partition, "
        "7 on neither side of the official split"
    )
