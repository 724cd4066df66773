"""Counting: objects that are likelier than not."""

from dataclasses import replace

import torch

from genloom.errors import InputError
from genloom.studies.text_to_image import counts as module
from genloom.studies.text_to_image.counts import count, counts, sets_of
from genloom.studies.text_to_image.own_model import Seen


def test_the_item_is_complete(bare, check) -> None:
    answer = check(counts, bare)
    assert len(answer.tables[0].rows) == 6
    assert any("Asked for four objects" in text for text in answer.text), "this network attends to any number"
    (whole,) = [each for each in answer.results if each.name == "pictures with as many objects as were asked for"]
    assert (whole.known, whole.n) == (1 / 3, 24)


def test_what_a_network_has_no_words_for_is_told(bare, monkeypatch) -> None:
    def refuse(*_):
        raise InputError("labels", 4, "at most 3 labels in a set, as in training")

    monkeypatch.setattr(module, "drawn", refuse)
    said = module._beyond(replace(bare, _shared={}))
    assert "it cannot even be asked for: labels = 4" in said


def test_an_evaluator_s_even_odds_are_a_logit_of_zero() -> None:
    logits = torch.tensor([[3.0, -1.0, 0.5], [-1.0, -2.0, -3.0], [1.0, 1.0, -1.0]])
    sets = torch.tensor([[1, 0, 1], [1, 0, 0], [1, 0, 0]], dtype=torch.uint8)
    found = count(Seen(torch.zeros(3, 3, 1, 1, dtype=torch.uint8), sets, torch.arange(3), logits))
    assert found.said.tolist() == [2, 0, 2]
    assert found.exact().value == 1 / 3
    assert found.exact(1).value == 0
    assert found.mean(1) == 1.0
    assert found.row(1) == [0.5, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0]


def test_sets_have_as_many_objects_as_asked(bare) -> None:
    for k in (1, 3):
        sets = sets_of(bare, k, 20)
        assert sets.sum(1).tolist() == [k] * 20
        assert torch.equal(sets, sets_of(bare, k, 20))
