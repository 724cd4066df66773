"""What is known of data is enough to draw as with them, and nothing else of them is kept."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from images_small import small
from labels_small import SCENES, labelled, some_sets

from genloom.data.images.imageset import ImageSet
from genloom.errors import CheckpointError
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images import Data
from genloom.recipes.known import LABELS, Known, from_json


def classes() -> ImageSet:
    pictures = torch.randint(256, (700, 1, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return ImageSet(pictures=pictures, labels=torch.arange(700) % 3, class_names=("a", "b", "c"), description="noise",
                    digest="1" * 64)


@pytest.mark.parametrize("data", [labelled(some_sets(40)), classes(), replace(classes(), labels=None)])
def test_json_and_back_is_the_same(data: ImageSet) -> None:
    known = Known.of(data, 16)
    assert from_json(json.loads(json.dumps(known.to_json())), known.class_names) == known


def test_labels_are_those_of_the_first_pictures() -> None:
    for data in (labelled(some_sets(600)), classes()):
        empty, kept = Known.of(data, 16).pictures(SCENES)
        assert data.labels is not None
        assert empty.labels is not None
        assert empty.labels.dtype == data.labels.dtype
        assert torch.equal(empty.labels, data.labels[:LABELS])
        assert (len(empty), len(kept), empty.sets, empty.class_names) == (0, 0, data.sets, data.class_names)
        assert "(not read)" in empty.description


def test_the_start_is_that_of_the_data_to_the_last_bit() -> None:
    with_data = ImagesExperiment(small())
    known = from_json(json.loads(json.dumps(Known.of(with_data.data, 8).to_json())), with_data.data.class_names)
    without = ImagesExperiment(with_data.recipe, known=known)
    assert torch.equal(torch.as_tensor(with_data.prior.mean), torch.as_tensor(without.prior.mean))
    assert torch.equal(torch.as_tensor(with_data.prior.std), torch.as_tensor(without.prior.std))
    assert without.data.channels == Data().channels


@pytest.mark.parametrize("change", [
    {"labels": [["no such thing"]]}, {"labels": 3}, {"mean": "x"}, {"most": None}])
def test_anything_else_is_refused(change: dict[str, Any]) -> None:
    known = Known.of(labelled(some_sets(3)), 16)
    with pytest.raises(CheckpointError, match="what is known of the data"):
        from_json({**known.to_json(), **change}, known.class_names)
    for body in ([], None, {}):
        with pytest.raises(CheckpointError):
            from_json(body, known.class_names)
