"""Nothing of the text is lost, skipped or counted twice, and each check fails where something is."""

import numpy as np
import torch

from genloom.autoregressive.token_file import TokenFile
from genloom.studies.alice.tokens import beginnings, lost, miscounted, mistaken, pieces, tokens
from genloom.studies.alice.work import experiment


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(tokens, tiny, formula=True)
    assert [result.status for result in answer.results if result.status == "fail"] == []
    assert sum(result.status == "pass" for result in answer.results) == 7
    examples = answer.tables[0].rows
    assert [row[1] for row in examples] == ["x", "y"] * 3
    assert examples[0][2].split(" | ")[1:4] == examples[1][2].split(" | ")[:3], "the target is moved by one"
    assert "small.txt" in answer.text[0]


def test_a_tokenizer_that_loses_something_is_noticed(tiny, monkeypatch) -> None:
    found = experiment(tiny)
    assert lost(found, found.parts.test).bytes == 0
    encode = type(found.tokenizer).encode
    monkeypatch.setattr(type(found.tokenizer), "encode", lambda self, text: encode(self, text.replace("é", "e")))
    assert lost(found, found.parts.test).bytes > 0


def test_examples_begin_where_plain_counting_says(tiny) -> None:
    found = experiment(tiny)
    block = found.recipe.network.context
    for stride in (1, 7):
        every = beginnings(found.train, block, stride)
        assert len(np.unique(every)) == len(every)
        assert all(any(start <= place and place + block < stop for start, stop in found.train.spans) for place in every)
    places = beginnings(found.train, block, 1)
    assert len(places) == sum(stop - start - block for start, stop in found.train.spans)


def test_a_wrong_target_is_noticed(tiny) -> None:
    found = experiment(tiny)
    places, some = beginnings(found.train, 64, 1), np.arange(4)

    class Wrong:
        def batch(self, index: torch.Tensor) -> dict[str, torch.Tensor]:
            both = found.windows.batch(index)
            return {"x": both["x"], "y": both["x"]}

    assert mistaken(found.windows, found.train, places, some, 64) == 0
    assert mistaken(Wrong(), found.train, places, some, 64) > 0  # type: ignore[arg-type]


def test_tokens_that_are_left_out_are_noticed(monkeypatch) -> None:
    part = TokenFile(np.arange(30, dtype=np.uint16), ((0, 12), (12, 30)), 30, 30, 2)
    assert miscounted(part, 5) == 0
    from genloom.studies.alice import tokens as module

    monkeypatch.setattr(module, "FixedWindows", lambda part, block: [*__import__(
        "genloom.autoregressive.windows", fromlist=["FixedWindows"]).FixedWindows(part, block, batch=1)][1:])
    assert miscounted(part, 5) == 5


def test_pieces_show_their_blanks_and_few_of_them(tiny) -> None:
    found = experiment(tiny)
    shown = pieces(found.tokenizer, found.tokenizer.encode("a cat\nand the queen of all owls said no"))
    assert "⏎" in shown
    assert "␣" in shown
    assert "…" in shown
    assert shown.count("|") == 10
