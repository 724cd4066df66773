"""Vectors are counted exact by two kinds of numbers, and tokens are no vectors."""

from dataclasses import replace

import torch

from genloom.studies.alice.inversion import _median, _reached, again, inversion, inverted
from genloom.studies.alice.work import SENTENCE, exact, model


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(inversion, tiny, formula=True)
    assert len(answer.figures) == 2
    assert SENTENCE in answer.text[1]
    assert len(answer.tables[-1].rows) == 3, "each start"
    assert [row[1] for row in answer.tables[0].rows] == [f"{inverted(tiny, reading).exact} of 3" for reading in
                                                         ("outputs", "continuation")]


def test_float64_says_the_same(tiny) -> None:
    for reading in ("outputs", "continuation"):
        found = inverted(tiny, reading)
        assert again(tiny, found) == found.exact


def test_exact_starts_are_counted_and_fewer_than_all_fail(tiny) -> None:
    found = inverted(tiny, "outputs")
    spoken = found.found.target.expand(3, -1).clone()
    steps: tuple[int | None, ...] = (4, 6, 20)
    every = replace(found, found=replace(found.found, spoken=spoken, steps=steps))
    status = {result.name: result.status for result in _reached(tiny, every)}
    assert status["exact starts, at the vectors' outputs"] == "pass"
    assert status["exact starts, at the vectors' outputs, read again in float64"] == (
        "pass" if again(tiny, found) == 3 else "fail"), "what is only said to be exact is found out"
    spoken[0, 0] += 1
    assert _reached(tiny, replace(every, found=replace(every.found, spoken=spoken)))[0].status == "fail"
    low, high = _median(every) or (0, 0)
    assert 4 <= low <= 6 <= high <= 20


def test_the_model_is_as_it_was(tiny) -> None:
    inverted(tiny, "outputs")
    assert all(p.requires_grad for p in model(tiny).gpt.parameters())
    assert torch.equal(exact(tiny).token_table.weight.float(), model(tiny).gpt.token_table.weight.cpu())
