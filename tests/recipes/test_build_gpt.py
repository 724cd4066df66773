"""A language model's experiment: lazily read text, exact resume, and a text that is another one now."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gpt_small import small, small_recipe, text_file

from genloom.cli import runs
from genloom.errors import DataError, InputError, Interrupted
from genloom.recipes.build_gpt import NAME, GptExperiment
from genloom.recipes.experiment import SampleRequest, build, keep, kept
from genloom.recipes.gpt import Data, Tokenizer
from genloom.recipes.serial import to_yaml
from genloom.rng import StepRng
from genloom.training.engine import fit
from genloom.training.files import read_rows
from genloom.training.run import RunFolder
from genloom.training.screen import Screen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return text_file(tmp_path)


def train(experiment: GptExperiment, folder: Path, resume: bool = False, stop: int = 0) -> RunFolder:
    job = experiment.job()
    run = RunFolder.open(folder) if resume else RunFolder.create(folder, to_yaml(experiment.recipe), ["genloom"], {})
    keep(experiment, folder)
    if stop:
        import signal

        source = job.source

        class Stopping:
            calls = 0

            def __len__(self) -> int:
                return len(source)

            def batch(self, indices: torch.Tensor) -> object:
                Stopping.calls += 1
                if Stopping.calls == stop:
                    signal.raise_signal(signal.SIGTERM)
                return source.batch(indices)

        job = replace(job, source=Stopping())
    fit(job, run, resume=resume, screen=Screen("quiet"))
    return run


def test_the_facts_name_text_tokens_and_network(path: Path) -> None:
    facts = dict(small(path).facts())
    assert "small.txt" in facts["data"]
    assert "bpe of 300" in facts["tokens"]
    assert "the tied head counted once" in facts["network"]


def test_the_first_loss_is_about_log_v(path: Path) -> None:
    experiment = small(path)
    job = experiment.job()
    batch = job.source.batch(torch.arange(8))
    (update,) = job.method.updates(job.networks, batch, StepRng(0, 0))
    assert update.loss.item() == pytest.approx(math.log(experiment.tokenizer.vocabulary), abs=0.15)


def test_weights_are_a_function_of_the_seed(path: Path) -> None:
    one, two = (small(path).network.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    engine = replace(small_recipe(path).engine, seed=1)
    other = small(path, engine=engine).network.state_dict()
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("at", [1, 7, 13])
def test_a_run_that_was_cut_is_the_same_run(path: Path, tmp_path: Path, at: int) -> None:
    recipe = small_recipe(path, engine=replace(small_recipe(path).engine, patience=3, ema=0.9, save_every=5))
    recipe = replace(recipe, network=replace(recipe.network, dropout=0.2))
    whole = train(GptExperiment(recipe), tmp_path / "whole")
    with pytest.raises(Interrupted):
        train(GptExperiment(recipe), tmp_path / "cut", stop=at)
    again = build(recipe, None, kept(recipe, tmp_path / "cut"))
    cut = train(again, tmp_path / "cut", resume=True)  # type: ignore[arg-type]
    for name in ("metrics.jsonl", "evaluations.jsonl", "tokenizer.json", "checkpoints/20/networks.safetensors",
                 "checkpoints/20/optimizers.safetensors", "checkpoints/20/ema.safetensors"):
        assert (cut.path / name).read_bytes() == (whole.path / name).read_bytes(), name
    rows = read_rows(whole.path / "evaluations.jsonl")
    assert rows[-1]["validation loss"] < rows[0]["validation loss"]


def test_a_run_draws_without_its_text(path: Path, tmp_path: Path) -> None:
    run = train(small(path), tmp_path / "run")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = small(path)
    made = runs.with_weights(run, first)
    wanted = first.sample(made.networks, SampleRequest(count=2), tmp_path / "a", {})[0].read_bytes()
    path.unlink()
    recipe = runs.recipe_of(run)
    made = runs.with_weights(run, build(recipe, None, kept(recipe, run.path)))
    assert made.experiment.sample(made.networks, SampleRequest(count=2), tmp_path / "b", {})[0].read_bytes() == wanted
    with pytest.raises(InputError, match=r"data\.text"):
        made.experiment.evaluate(made.networks)


def test_another_text_is_refused(path: Path, tmp_path: Path) -> None:
    run = train(small(path), tmp_path / "run")
    text_file(tmp_path, seed=2)
    recipe = runs.recipe_of(run)
    experiment = build(recipe, None, kept(recipe, run.path))
    with pytest.raises(DataError, match=r"was trained on another text .*; bring the former back, or train anew"):
        experiment.facts()


def test_what_is_kept_is_not_written_over(path: Path, tmp_path: Path) -> None:
    run = train(small(path), tmp_path / "run")
    before = (run.path / "tokenizer.json").read_bytes()
    recipe = runs.recipe_of(run)
    (run.path / "tokenizer.json").write_bytes(before + b"\n")
    keep(build(recipe, None, kept(recipe, run.path)), run.path)
    assert (run.path / "tokenizer.json").read_bytes() == before + b"\n"


@pytest.mark.parametrize("kind", ["bpe", "characters"])
def test_texts_begin_as_a_line_does(kind: str, path: Path) -> None:
    experiment = small(path, tokenizer=Tokenizer(kind=kind, vocabulary=300))  # type: ignore[arg-type]
    assert experiment.tokenizer.decode(experiment.before()) == "\n"
    assert experiment.tokenizer.decode(experiment.before("Oh ")) == "Oh "


def test_without_validation_text_nothing_is_judged_on_the_way(path: Path) -> None:
    experiment = small(path, data=Data(text=str(path), blocks=2, valid=0.0))
    assert experiment.job().judge is None
    networks = {NAME: experiment.network.eval()}
    assert not any("validation" in result.name for result in experiment.evaluate(networks))
