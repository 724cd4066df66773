"""The lists are drawn in order and judged by nobody who guided; of judges only those of the same pictures are taken."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from gans_small import small as small_gan
from images_small import small as small_images
from labels_small import SCENES, Reader, Writer, evaluator_run
from torch import nn

from genloom.cli import runs, written
from genloom.cli.output import Voice
from genloom.data.images.course import conditions
from genloom.data.images.labelsets import NAMES, multi_hot, named
from genloom.errors import InputError, RunError
from genloom.recipes import build, label_lists, pretrained
from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.evaluator import Network as EvaluatorNetwork
from genloom.recipes.gans import Network as GanNetwork
from genloom.recipes.images import Data, Evaluation, Network
from genloom.recipes.label_lists import (
    JUDGE,
    drawn_lists,
    has_lists,
    judge_facts,
    judge_of,
    judged,
    lists_of,
    not_the_guide,
    weights_digest,
)
from genloom.recipes.ship import ship
from genloom.recipes.trained_evaluator import Evaluator, load_evaluator
from genloom.training.run import RunFolder

TOLD = Network(width=8, multipliers=(1, 2), blocks=1, attention=(8,), heads=2, conditioning="labels")


def reported(run: Path) -> Path:
    """The run with its numbers and its page, as training by the command line leaves it."""
    folder = RunFolder.open(run)
    written.all_of(runs.with_weights(folder, build(runs.recipe_of(folder))), Voice(quiet=True))
    return run


def told(**changes: Any) -> ImagesExperiment:
    return ImagesExperiment(small_images(**({"data": SCENES, "network": TOLD} | changes)))


def test_both_lists_stand_one_after_the_other() -> None:
    lists = lists_of(Writer())
    assert lists.names == ("test", "new_test")
    for name in lists.names:
        sets = [set(names) for names in named(lists.sets[lists.rows[name]])]
        assert sets == [set(names) for names in conditions(name, source="scenes")]


@pytest.mark.real_data
def test_the_lists_of_the_course_are_those_of_its_files() -> None:
    lists = lists_of(Writer(source="iclevr"))
    assert torch.equal(lists.sets[32:], multi_hot(conditions("new_test")))


def test_each_picture_is_drawn_once_for_each_seed_and_remembered() -> None:
    writer, networks = Writer(), {"denoiser": nn.Linear(1, 1)}
    drawn = drawn_lists(writer, networks, (0, 5))
    assert drawn.pictures.shape == (2, 64, 3, 16, 16)
    assert torch.equal(drawn.of("new_test", 5), drawn.pictures[1, 32:])
    assert drawn_lists(writer, networks, (0, 5)) is drawn
    assert writer.drawings == 2
    with torch.no_grad():
        networks["denoiser"].weight += 1
    drawn_lists(writer, networks, (0, 5))
    assert writer.drawings == 4, "other weights draw other pictures"
    assert drawn_lists(Writer(), networks, (0, 5)) is not drawn


def test_the_digest_is_of_values_and_names() -> None:
    first, second = nn.Linear(2, 3), nn.Linear(2, 3)
    assert weights_digest({"a": first}) == weights_digest({"a": first})
    assert len({weights_digest({"a": first}), weights_digest({"a": second}), weights_digest({"b": first})}) == 3


def test_accuracy_is_that_of_the_list_and_the_seed() -> None:
    found = judged(drawn_lists(Writer(wrong=(0, 40)), {}, (0, 1, 2)), Reader())  # type: ignore[arg-type]
    first, rest = found.lists.sets[0], found.lists.sets[:32].sum()
    assert found.accuracy("test").micro.value == pytest.approx(1 - float(first.sum() / rest))
    assert found.accuracy("test").macro.value == pytest.approx(31 / 32)
    assert found.accuracy("new_test").whole.value == pytest.approx(31 / 32)
    assert found.of_seeds("test") == pytest.approx([found.accuracy("test").micro.value] * 3)
    assert len(found.seen("test").sets) == 96
    assert len(found.seen("test", 1).sets) == 32
    assert len(found.all.sets) == 192


def test_who_guided_must_not_judge(tmp_path: Path) -> None:
    drawn = drawn_lists(Writer(), {}, (0,))
    judge = Reader()
    for guide in (judge, Reader(place="another name of it")):
        with pytest.raises(InputError, match="must not judge"):
            judged(drawn, judge, guide)  # type: ignore[arg-type]
    judged(drawn, judge, Reader(digest="e" * 64))  # type: ignore[arg-type]
    not_the_guide(judge, None)  # type: ignore[arg-type]
    run = evaluator_run(tmp_path / "a")
    mine = load_evaluator(run)
    with pytest.raises(InputError, match="guide by evaluator-iclevr-a"):
        not_the_guide(mine, load_evaluator(run))
    halved = ship(reported(run), "half", tmp_path, storage="float16").folder
    with pytest.raises(InputError, match="must not judge"):
        not_the_guide(mine, load_evaluator(halved))
    twin = evaluator_run(tmp_path / "b", engine=replace(mine.recipe.engine, seed=1))
    not_the_guide(mine, load_evaluator(twin))
    not_the_guide(mine, load_evaluator(evaluator_run(tmp_path / "c", network=EvaluatorNetwork(width=8, blocks=(1, 1)))))


def test_models_that_are_told_no_sets_have_no_lists() -> None:
    assert has_lists(Writer())
    assert not has_lists(Writer(classes=0))
    for recipe in (small_images(), small_images(data=SCENES, network=replace(TOLD, conditioning="none"))):
        assert not has_lists(ImagesExperiment(recipe))
        assert judge_facts(ImagesExperiment(recipe)) == ()
    assert has_lists(told())
    told_gan = small_gan(data=replace(SCENES, size=32), network=GanNetwork(kind="dcgan", told="concatenate",
                                                                           judging="projection"))
    assert has_lists(GanExperiment(told_gan))


def test_nobody_judges_drawn_scenes_unless_named(tmp_path: Path) -> None:
    assert judge_of(told()) is None
    assert judge_facts(told()) == (("judge", "nobody; --evaluation.judge names one"),)
    run = evaluator_run(tmp_path / "judge")
    experiment = told(evaluation=Evaluation(samples=12, features="pixels", judge=str(run)))
    found = judge_of(experiment)
    assert isinstance(found, Evaluator)
    assert judge_facts(experiment)[0][1] == f"{run}, sha256 {found.digest[:12]}"
    assert dict(experiment.facts())["judge"].startswith(str(run))


def test_a_judge_of_other_pictures_is_refused(tmp_path: Path) -> None:
    run = evaluator_run(tmp_path / "judge")
    evaluation = Evaluation(samples=12, features="pixels", judge=str(run))
    with pytest.raises(InputError, match=r"3 × 24 × 24 pictures .*--data.size 24"):
        judge_of(told(data=replace(SCENES, size=24), network=replace(TOLD, attention=(0,)), evaluation=evaluation))
    with pytest.raises(RunError, match="neither a run nor"):
        judge_of(told(evaluation=replace(evaluation, judge=str(tmp_path / "none"))))


def test_the_judge_that_comes_with_genloom_is_for_its_own_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    def experiment(data: Data, names: tuple[str, ...] = NAMES) -> Any:
        return SimpleNamespace(recipe=SimpleNamespace(data=data, evaluation=Evaluation()), classes=24,
                               data=SimpleNamespace(class_names=names, sets=True))

    own = Data(source="iclevr", size=64)
    twin = SimpleNamespace(recipe=SimpleNamespace(data=own), class_names=NAMES, place=JUDGE, digest="0" * 64)
    monkeypatch.setattr(label_lists, "load_evaluator", lambda place: twin if place == JUDGE else None)
    monkeypatch.setattr(pretrained, "names", lambda: (JUDGE,))
    assert judge_of(experiment(own)) is twin
    for other in (replace(own, size=32), replace(own, source="scenes"), replace(own, channels=1)):
        assert judge_of(experiment(other)) is None
    assert judge_of(experiment(own, NAMES[::-1])) is None, "one's own files may have other objects"
    monkeypatch.setattr(pretrained, "names", lambda: ())
    assert judge_of(experiment(own)) is None
