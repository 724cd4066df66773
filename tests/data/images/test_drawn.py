import pytest
import torch

from genloom.data.images.images import has_test, images
from genloom.data.images.labelsets import named
from genloom.errors import InputError, UnknownName


def test_scenes_are_drawn_with_their_labels_in_both_parts() -> None:
    got = images("scenes", size=16, scenes=6)
    assert got.labels is not None
    assert got.groups is not None
    assert (got.pictures.shape, got.labels.shape, got.sets) == ((18, 3, 16, 16), (18, 24), True)
    assert got.labels.view(6, 3, 24).sum(-1).tolist() == [[1, 2, 3]] * 6
    assert sorted(got.groups.unique().tolist()) == list(range(6))
    assert has_test("scenes")
    test = images("scenes", size=16, split="test")
    assert len(test) == 750
    assert not (test.pictures[:3] == got.pictures[:3]).all()


def test_the_same_scenes_come_again_and_more_of_them_begin_with_the_same(cache: object) -> None:
    few, again, more = (images("scenes", size=16, scenes=count) for count in (3, 3, 5))
    assert few.digest == again.digest != more.digest
    assert few.groups is not None
    assert more.groups is not None
    for group in range(3):
        assert (few.pictures[few.groups == group] == more.pictures[more.groups == group]).all()


def test_another_size_or_grey_shows_the_same_scenes() -> None:
    colour, grey = (images("scenes", size=16, scenes=2, channels=channels) for channels in (3, 1))
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    assert (colour.pictures.float().mul(weights).sum(1) - grey.pictures[:, 0].float()).abs().max() <= 1
    large = images("scenes", size=16, zoom=2, scenes=2)
    assert large.size == 32
    assert (large.pictures.float().view(6, 3, 16, 2, 16, 2).mean((3, 5)) - colour.pictures).abs().mean() < 3


def test_held_out_sets_are_not_drawn() -> None:
    held_out = tuple(f"{colour} cube" for colour in ("red", "blue", "green", "gray", "brown", "cyan"))
    got = images("scenes", size=16, scenes=30, without=held_out)
    assert got.labels is not None
    assert not {(name,) for name in held_out} & set(named(got.labels))
    assert "6 label sets held out" in got.description


@pytest.mark.parametrize(("given", "words"), [({"scenes": 0}, r"data\.scenes"), ({"size": 8}, r"data\.size"),
                                             ({"category": "red cube"}, r"data\.category")])
def test_mistakes_are_named(given: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        images("scenes", **{"size": 16, "scenes": 2, **given})  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="did you mean"):
        images("scenes", size=16, scenes=2, without=("red cubee",))
