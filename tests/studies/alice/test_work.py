"""The text that is asked for is learned, and the checkpoint that validation chose is judged."""

from dataclasses import replace

import pytest
import torch

from genloom.errors import InputError
from genloom.recipes.gpt import Data
from genloom.recipes.judge_gpt import QUICK
from genloom.report.run_page import read_columns
from genloom.studies.alice.options import Options
from genloom.studies.alice.work import exact, experiment, judged, model, models, recipe_of, text
from genloom.studies.context import BEST, Context


def test_the_recipe_has_the_text_its_parts_and_the_seed(tiny) -> None:
    found = recipe_of(tiny)
    assert found.data == tiny.options.data
    assert (found.data.blocks, found.engine.seed, recipe_of(tiny, 8).engine.seed) == (2, 3, 8)
    assert text(tiny).text == found.data.text


def test_shares_that_leave_nothing_to_train_are_refused(tiny) -> None:
    asked = Options(data=replace(tiny.options.data, valid=0.3, test=0.3))
    with pytest.raises(InputError, match=r"data\.valid"):
        recipe_of(replace(tiny, options=asked, _shared={}, _trained={}))


def test_without_options_the_study_has_its_own(tiny, monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    bare = replace(tiny, options=None, data_root=tmp_path, _shared={}, _trained={})
    assert recipe_of(bare).data == Data(text="python-docs")
    assert "NOT AT HAND" in text(bare).said


def test_the_judged_checkpoint_is_the_one_that_validation_chose(tiny) -> None:
    made = model(tiny)
    rows = read_columns(made.trained.path / "evaluations.jsonl", ("step", QUICK))
    assert made.trained.loaded.step == rows["step"][rows[QUICK].index(min(rows[QUICK]))]
    assert BEST + "gpt-alice" in tiny.used
    assert not made.gpt.training
    assert judged(tiny, made).valid.loss == pytest.approx(min(rows[QUICK]), abs=1e-4)
    assert judged(tiny, made) is judged(tiny, made)


def test_every_seed_is_another_model_of_the_same_text(tiny) -> None:
    one, two = models(tiny)
    assert one.trained.name == "gpt-alice"
    assert two.trained.name == "gpt-alice-seed4"
    assert one.tokenizer.digest == two.tokenizer.digest
    assert not torch.equal(one.gpt.token_table.weight, two.gpt.token_table.weight)


def test_the_exact_model_is_a_copy(tiny) -> None:
    assert exact(tiny).token_table.weight.dtype == torch.float64
    assert model(tiny).gpt.token_table.weight.dtype == torch.float32
    assert torch.equal(exact(tiny).token_table.weight.float(), model(tiny).gpt.token_table.weight.cpu())


def test_the_text_is_read_without_training(tiny) -> None:
    assert experiment(tiny).corpus.bytes > 50_000


def test_a_text_that_changed_is_learned_anew(tiny, tmp_path) -> None:
    mine, base = tmp_path / "mine.txt", recipe_of(tiny)
    chosen = replace(base, data=replace(base.data, text=str(mine)), engine=replace(base.engine, steps=1))
    words = "".join(f"the cat sees walnut number {k} and so on\n" for k in range(900))

    def learned(text: str) -> str:
        mine.write_text(text, "utf-8")
        found = Context(folder=tmp_path, study="alice").run(chosen, "mine")
        return found.loaded.digest

    first = learned(words)
    assert learned(words) == first
    assert not (tmp_path / "runs/mine.old-1").exists()
    learned(words.replace("cat", "dog"))
    assert (tmp_path / "runs/mine.old-1").is_dir(), "its tokens are not those of the text that is there now"
