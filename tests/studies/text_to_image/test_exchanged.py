"""Binding: what is told apart by which colour belongs to which shape alone."""

import torch

from genloom.data.images.labelsets import multi_hot, named
from genloom.studies.text_to_image.exchanged import _KINDS, chance, exchanged, pairs_of, partner, sort


def test_the_item_is_complete(bare, check) -> None:
    answer = check(exchanged, bare)
    assert len(answer.tables[0].rows) == 4
    assert {each.status for each in answer.results} <= {"pass", "fail", "info"}
    heard = answer.results[0]
    assert heard.known == 0.5
    assert heard.n == 168


def test_all_pairs_of_colours_and_shapes_both_ways(bare) -> None:
    sets = pairs_of(bare)
    assert len(sets) == 2 * 28 * 3
    assert len({tuple(row) for row in sets.tolist()}) == len(sets)
    for one, other in zip(named(sets[:84]), named(sets[84:]), strict=True):
        assert {word for each in one for word in each.split()} == {word for each in other for word in each.split()}
        assert not set(one) & set(other)


def test_partners_are_each_other_s(bare) -> None:
    sets = pairs_of(bare)
    assert torch.equal(partner(partner(sets, sets), sets), sets)
    assert not torch.equal(partner(sets, sets), sets)


def test_answers_are_sorted() -> None:
    asked, turned = ("red cube", "blue sphere"), ("blue cube", "red sphere")
    said = [asked, turned, ("red cube", "red sphere"), ("red cube", "gray cube"), ("gray cube", "red sphere"),
            ("gray cube", "green cube")]
    kinds = sort(multi_hot(said).bool(), multi_hot([asked] * 6), multi_hot([turned] * 6))
    assert [_KINDS[k] for k in kinds] == ["both right", "colours exchanged", "one of each", "one right", "neither",
                                          "neither"]


def test_chance_is_one_of_all_pairs() -> None:
    assert chance(24) == 1 / 276
