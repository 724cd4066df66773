import re
import shutil
from dataclasses import dataclass, field, replace

import pytest
import torch

from genloom.recipes import pretrained
from genloom.report.figures import canvas
from genloom.report.provenance import read_provenance
from genloom.studies.context import BEST, SHIPPED, Context, step_of
from genloom.training.checkpoint import Checkpoints
from genloom.training.run import RunFolder
from genloom.training.screen import Screen


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


def test_a_run_from_before_its_recipe_had_a_field_is_kept(tmp_path, recipe):
    first = Context(folder=tmp_path, study="trial").run(recipe, "net")
    text = (first.path / "recipe.yaml").read_text("utf-8")
    older = "".join(line for line in text.splitlines(keepends=True) if "times_std" not in line)
    assert older != text
    (first.path / "recipe.yaml").write_text(older, "utf-8")
    assert Context(folder=tmp_path, study="trial").run(recipe, "net").loaded.digest == first.loaded.digest
    assert not list(first.path.parent.glob("net.old-*"))


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


def watched(recipe):
    """The recipe with an evaluation after each step, of which one in the middle may be the best."""
    return replace(recipe, engine=replace(recipe.engine, steps=6, evaluate_every=1, save_every=1, keep=1))


def test_the_best_checkpoint_is_taken_where_it_is_asked_for(tmp_path, recipe):
    context = Context(folder=tmp_path, study="toy", seed=3)
    last = context.run(watched(recipe), "base")
    store = Checkpoints(last.path / "checkpoints")
    best = context.run(watched(recipe), "base", checkpoint="best")
    assert (last.loaded.step, best.loaded.step) == (6, store.best())
    assert context.run(watched(recipe), "base", checkpoint="best") is best
    assert context.run(watched(recipe), "base") is last
    assert context.used == {"base", BEST + "base"}
    assert context.digests(context.used) == {"base": last.loaded.digest, BEST + "base": best.loaded.digest}
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["base"], "one training, two checkpoints of it"


def test_another_best_checkpoint_is_followed(tmp_path, recipe):
    """The pointer decides, not the number of the step."""
    context = Context(folder=tmp_path, study="toy", seed=3)
    run = context.run(replace(watched(recipe), engine=replace(watched(recipe).engine, keep=6)), "base")
    store = Checkpoints(run.path / "checkpoints")
    store.point("best", {"step": 2})
    found = again(context).run(run.experiment.recipe, "base", checkpoint="best")
    assert found.loaded.step == 2
    assert found.loaded.digest != run.loaded.digest


def test_a_run_that_nobody_looked_at_has_its_last_checkpoint(context, recipe):
    path = context.run(recipe, "base").path
    (path / "checkpoints" / "best.json").unlink(missing_ok=True)
    assert step_of(path, "best") == step_of(path, "last") == 4


def test_a_damaged_best_is_trained_anew_where_it_is_asked_for(tmp_path, recipe):
    context = Context(folder=tmp_path, study="toy", seed=3)
    before = context.run(watched(recipe), "base", checkpoint="best")
    (before.path / "checkpoints" / "best.json").write_text("{")
    assert again(context).run(watched(recipe), "base").loaded.step == 6, "the last one is whole"
    after = again(context).run(watched(recipe), "base", checkpoint="best")
    assert after.loaded.digest == before.loaded.digest
    assert (tmp_path / "runs" / "base.old-1").is_dir()


@dataclass(frozen=True, kw_only=True)
class Words:
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Own:
    data: Words = field(default_factory=Words)


def test_what_a_study_alone_was_asked_for_stands_in_its_command(tmp_path):
    asked_for = Context(folder=tmp_path, study="toy", options=Own(data=Words(text="/a b")))
    assert asked_for.again() == "genloom study toy --data.text '/a b' --tier laptop --seed 0"
    assert "data.text" not in Context(folder=tmp_path, study="toy", options=Own()).again()


def test_a_folder_that_is_no_run_is_kept(context, recipe):
    mine = context.folder / "runs" / "own"
    mine.mkdir(parents=True)
    (mine / "notes.txt").write_text("mine")
    context.run(recipe, "own")
    assert (context.folder / "runs" / "own.old-1" / "notes.txt").read_text() == "mine"


def asked(shipped, family="gan", **engine):
    """The recipe of a model that comes with genloom, as a study asks for it."""
    found = pretrained.read(shipped[family].place).recipe
    return replace(found, summary="in other words", engine=replace(found.engine, threads=1, **engine))


def test_what_comes_with_genloom_is_taken_where_the_recipe_is_the_same(tmp_path, known_names):
    context = Context(folder=tmp_path, study="toy")
    for family in ("images", "gan"):
        found = context.shipped(asked(known_names, family), f"small-{family}")
        assert found is context.shipped(asked(known_names, family), f"small-{family}")
        assert re.match(r"comes with genloom, trained by this recipe in \d", found.origin)
        assert found.experiment.recipe.summary == "in other words"
        assert not next(iter(found.networks.values())).training
        assert (found.path / "metrics.jsonl").is_file()
        assert found.loaded.digest == pretrained.load(f"small-{family}").digest
    assert not (tmp_path / "runs").exists()
    assert context.digests(context.used) == {SHIPPED + name: pretrained.load(name).digest
                                             for name in ("small-gan", "small-images")}


def test_what_was_trained_otherwise_is_trained_here(tmp_path, known_names, capsys):
    context = Context(folder=tmp_path, study="toy", screen=Screen("plain"))
    found = context.shipped(asked(known_names, seed=1), "small-gan")
    assert "trained otherwise: engine.seed 1, not 0 here" in capsys.readouterr().out
    assert (found.path, found.origin) == (tmp_path / "runs" / "small-gan", "trained here")
    assert context.used == {"small-gan"}
    assert set(found.networks) == {"generator", "discriminator"}
    assert context.shipped(asked(known_names), "no-such-name").origin == "trained here"


def test_on_demand_everything_is_trained_here(tmp_path, known_names):
    context = Context(folder=tmp_path, study="toy", train=True)
    assert context.shipped(asked(known_names), "small-gan").origin == "trained here"
    assert (tmp_path / "runs" / "small-gan").is_dir()
    assert "--train" in context.again()
    assert "--train" not in Context(folder=tmp_path, study="toy").again()


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
