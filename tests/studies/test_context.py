import shutil
from dataclasses import replace

import pytest
import torch

from genloom.report.figures import canvas
from genloom.report.provenance import read_provenance
from genloom.studies.context import Context
from genloom.training.run import RunFolder


@pytest.fixture(scope="module")
def trained(tmp_path_factory, recipe):
    """A study folder with a finished run."""
    context = Context(folder=tmp_path_factory.mktemp("trained"), study="toy", seed=3)
    context.run(recipe, "base")
    return context.folder


@pytest.fixture
def context(tmp_path, trained):
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return Context(folder=tmp_path, study="toy", seed=3)


def again(context):
    """The context of a later process on the same folder."""
    return Context(folder=context.folder, study="toy", seed=3)


def weights(trained):
    return {k: v.clone() for k, v in trained.networks["denoiser"].state_dict().items()}


def test_a_run_is_trained_once_and_then_reused(tmp_path, recipe):
    context = Context(folder=tmp_path, study="toy", seed=3)
    first = context.run(recipe, "base")
    assert first is context.run(recipe, "base")
    second = again(context).run(recipe, "base")
    assert first.loaded.digest == second.loaded.digest
    assert all(torch.equal(v, weights(second)[k]) for k, v in weights(first).items())
    assert not first.networks["denoiser"].training
    assert [path.name for path in (context.folder / "runs").iterdir()] == ["base"]


def test_another_recipe_puts_the_old_run_aside(context, recipe):
    context.run(recipe, "base")
    other = replace(recipe, engine=replace(recipe.engine, seed=1))
    found = again(context).run(other, "base")
    assert found.experiment.recipe.engine.seed == 1
    assert sorted(path.name for path in (context.folder / "runs").iterdir()) == ["base", "base.old-1"]


def test_a_damaged_checkpoint_is_trained_anew(context, recipe):
    before = context.run(recipe, "base")
    file = next(before.loaded.path.glob("*.safetensors"))
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    after = again(context).run(recipe, "base")
    assert all(torch.equal(v, weights(after)[k]) for k, v in weights(before).items())
    assert (context.folder / "runs" / "base.old-1").is_dir()


def test_a_run_that_was_interrupted_is_gone_on_with(context, recipe):
    before = context.run(recipe, "base")
    run = RunFolder.open(before.path)
    run.set_status("interrupted", 4, 4, "test")
    after = again(context).run(recipe, "base")
    assert run.status["state"] == "finished"
    assert after.loaded.digest == before.loaded.digest
    assert not (context.folder / "runs" / "base.old-1").exists()


def test_a_folder_that_is_no_run_is_kept(context, recipe):
    mine = context.folder / "runs" / "own"
    mine.mkdir(parents=True)
    (mine / "notes.txt").write_text("mine")
    context.run(recipe, "own")
    assert (context.folder / "runs" / "own.old-1" / "notes.txt").read_text() == "mine"


def test_shared_work_is_done_once_and_its_runs_are_remembered(context, recipe):
    calls = []

    def work():
        calls.append(1)
        return context.once("inner", lambda: context.run(recipe, "base").name)

    assert context.once("key", work) == "base"
    context.used = set()
    assert context.once("key", work) == "base"
    assert (calls, context.used) == ([1], {"base"})


def test_shared_work_that_fails_is_not_remembered(context):
    with pytest.raises(ZeroDivisionError):
        context.once("key", lambda: 1 / 0)
    assert context.once("key", lambda: 5) == 5


def test_a_figure_says_how_to_make_it_again(context, recipe):
    context.item = "S2.5"
    run = context.run(recipe, "base")
    figure = context.figure(canvas(2, 2)[0], "nine", caption="c", alt="a", run=run)
    told = read_provenance(context.folder / figure.path)
    assert figure.path == "figures/nine.png"
    assert told["command"] == "genloom study toy --tier laptop --seed 3 --only S2.5"
    assert run.loaded.digest in told["checkpoint"]
    assert (told["recipe"], told["item"]) == ("ve-square", "S2.5")
