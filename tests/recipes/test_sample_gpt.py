"""What is written: by (seed, number) alone, with the log-probabilities that scoring gives."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from gpt_small import small, text_file

from genloom.autoregressive.generation import Step, generate
from genloom.errors import InputError
from genloom.nn.gpt import GPT
from genloom.recipes import sample_gpt
from genloom.recipes.build_gpt import NAME, GptExperiment
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.sample_gpt import _heard, _rows
from genloom.recipes.score_gpt import score_sentence


@pytest.fixture
def experiment(tmp_path: Path) -> GptExperiment:
    found = small(text_file(tmp_path))
    with torch.no_grad():
        for parameter in found.network.parameters():
            parameter.mul_(5.0 if parameter.ndim > 1 else 1.0)
    return found


def drawn(experiment: GptExperiment, folder: Path, **asked: object) -> dict[str, object]:
    folder.mkdir()
    request = SampleRequest(**asked)  # type: ignore[arg-type]
    paths = experiment.sample({NAME: experiment.network.eval()}, request, folder, {"recipe": "x"})
    assert [path.name for path in paths] == ["samples.txt", "samples.json"]
    body: dict[str, object] = json.loads(paths[1].read_bytes())
    assert body["recipe"] == "x"
    return body


def test_a_text_depends_on_its_seed_and_number_alone(experiment: GptExperiment, tmp_path: Path) -> None:
    several = drawn(experiment, tmp_path / "a", count=3, prompt="the ", seed=4)["texts"]
    more = drawn(experiment, tmp_path / "b", count=70, prompt="the ", seed=4, tokens=12)["texts"]
    assert isinstance(several, list)
    assert isinstance(more, list)
    for one, two in zip(several, more[:3], strict=True):
        assert [token["id"] for token in one["tokens"][:12]] == [token["id"] for token in two["tokens"]]
    assert len({each["text"] for each in more}) > 60


def test_log_probabilities_are_those_of_scoring(experiment: GptExperiment, tmp_path: Path) -> None:
    body = drawn(experiment, tmp_path / "a", count=1, prompt="the cat", tokens=8)
    (text,) = body["texts"]  # type: ignore[misc]
    sum_of_all = sum(token["log_prob"] for token in text["tokens"])
    assert text["log_prob"] == pytest.approx(sum_of_all)
    ids = [token["id"] for token in text["tokens"]]
    if experiment.tokenizer.encode(text["text"]) == ids:  # the model may write tokens that are not the text's own
        found = score_sentence(experiment, {NAME: experiment.network}, text["text"], "the cat")
        assert found.total == pytest.approx(sum_of_all, abs=1e-3)


def test_a_single_text_is_heard_as_it_is_written(experiment: GptExperiment, tmp_path: Path) -> None:
    heard: list[str] = []
    experiment.listener = heard.append
    drawn(experiment, tmp_path / "a", count=1, prompt="a mouse", tokens=20)
    assert len(heard) == 21
    assert "".join(heard) == (tmp_path / "a" / "samples.txt").read_text("utf-8").removesuffix("\n")
    heard.clear()
    drawn(experiment, tmp_path / "b", count=2)
    assert not heard


def test_what_is_not_asked_for_is_as_in_the_recipe(experiment: GptExperiment, tmp_path: Path) -> None:
    texts = drawn(experiment, tmp_path / "a")["texts"]
    assert isinstance(texts, list)
    assert len(texts) == 3
    separator = experiment.tokenizer.separator
    assert all(len(each["tokens"]) == 30 or each["tokens"][-1]["id"] == separator for each in texts)


@pytest.mark.parametrize(("asked", "complaint"), [
    ({"sampler": "ddim"}, "it writes token by token, without a sampler; a language model takes --count, --prompt"),
    ({"labels": "1"}, "this model knows no classes"), ({"temperature": -1.0}, r"generation\.temperature"),
    ({"count": 0}, r"generation\.count"), ({"past": "refuse"}, "beyond the context of 12"),
    ({"top_p": 0.0}, r"generation\.top_p")])
def test_what_cannot_be_written_is_refused(experiment: GptExperiment, tmp_path: Path, asked: dict[str, object],
                                           complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        drawn(experiment, tmp_path / "a", **asked)


def _steps(rows: list[list[int]]) -> Iterator[Step]:
    for column in torch.tensor(rows).T:
        yield Step(column, column * -1.0, column * -2.0)


def test_a_text_ends_with_its_document(experiment: GptExperiment) -> None:
    separator = experiment.tokenizer.separator
    assert separator is not None
    cut, whole = _rows(_steps([[1, separator, 2], [1, 2, 3]]), 2, separator)
    assert (cut.tokens, whole.tokens) == ((1, separator), (1, 2, 3))
    assert whole.log_probs == (-1, -2, -3)
    heard: list[str] = []
    assert len(list(_heard(_steps([[97, separator, 98]]), experiment.tokenizer, heard.append))) == 3
    assert len(heard) == 2, "what follows the end is not told"


def test_several_texts_stand_below_each_other(experiment: GptExperiment, tmp_path: Path) -> None:
    texts = drawn(experiment, tmp_path / "a", count=3, prompt="my ", tokens=5)["texts"]
    assert isinstance(texts, list)
    wanted = [f"── {k} of 3 ──\nmy {each['text']}".rstrip("\n") + "\n\n" for k, each in enumerate(texts, 1)]
    assert (tmp_path / "a" / "samples.txt").read_text("utf-8") == "".join(wanted)


def test_long_texts_are_written_few_at_a_time_and_are_the_same(experiment: GptExperiment, tmp_path: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    together = list[int]()

    def counted(gpt: GPT, prompt: torch.Tensor, **how: Any) -> Iterator[Step]:
        together.append(len(prompt))
        return generate(gpt, prompt, **how)

    monkeypatch.setattr(sample_gpt, "generate", counted)
    whole = drawn(experiment, tmp_path / "a", count=5, prompt="the cat", tokens=10)
    monkeypatch.setattr(sample_gpt, "_ROOM", 30)
    some = drawn(experiment, tmp_path / "b", count=5, prompt="the cat", tokens=10)
    monkeypatch.setattr(sample_gpt, "_ROOM", 1)
    each = drawn(experiment, tmp_path / "c", count=5, prompt="the cat", tokens=10)
    assert together == [5, 2, 2, 1, *[1] * 5]
    ids = [[[token["id"] for token in text["tokens"]] for text in body["texts"]] for body in (whole, some, each)]
    assert ids[0] == ids[1] == ids[2]


def test_a_prompt_is_not_told_where_nothing_can_follow_it(experiment: GptExperiment, tmp_path: Path) -> None:
    heard = list[str]()
    experiment.listener = heard.append
    with pytest.raises(InputError, match="beyond the context"):
        drawn(experiment, tmp_path / "a", count=1, prompt="the cat", tokens=50, past="refuse")
    assert not heard
    assert not list((tmp_path / "a").iterdir())
