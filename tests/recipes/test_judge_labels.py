"""Label accuracy is what is known of one who writes and one who reads; small real models have all the numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from gans_small import small as small_gan
from images_small import small as small_images
from labels_small import SCENES, Reader, Writer, evaluator_run, labelled, some_sets

from genloom.errors import InputError
from genloom.recipes import judge_labels as module
from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.gans import Evaluation as GanEvaluation
from genloom.recipes.gans import Network as GanNetwork
from genloom.recipes.images import Data, Evaluation, Network, Sampling
from genloom.recipes.images_parts import make_data
from genloom.recipes.judge_labels import judge_labels, judge_lists, of_same_sets, real_seen, unseen
from genloom.recipes.label_lists import drawn_lists, judged
from genloom.report.results import Result

TOLD = Network(width=8, multipliers=(1, 2), blocks=1, attention=(8,), heads=2, conditioning="labels")


def by_name(results: list[Result]) -> dict[str, Result]:
    return {result.name: result for result in results}


def written(wrong: tuple[int, ...] = ()) -> Any:
    return judged(drawn_lists(Writer(wrong=wrong), {}, (0, 1, 2)), Reader())  # type: ignore[arg-type]


def test_one_who_writes_what_is_asked_for_is_right() -> None:
    found = by_name(judge_lists(written(), labelled(some_sets(60))))
    for name in ("test", "new_test"):
        result = found[f"label accuracy on {name}"]
        assert (result.value, result.status, result.seeds) == (1.0, "pass", (0, 1, 2))
        assert result.interval is not None
        assert 0.97 < result.interval[0] < 1
        assert f"d{'d' * 11}" in result.formula
        assert "1.000, 1.000, 1.000" in result.formula
    assert found["the judge's own label accuracy on 60 pictures that were kept back"].value == 1.0
    assert found["labels missed: both wrong"].value == 0


def test_one_who_writes_anything_is_not_above_chance() -> None:
    found = by_name(judge_lists(written(tuple(range(64))), labelled(some_sets(60))))
    result = found["label accuracy on test"]
    assert result.value is not None
    assert result.known is not None
    assert (result.status, result.known_name) == ("fail", "as many labels at random")
    sizes = written().lists.sets[:32].double().sum(1)
    assert result.known == pytest.approx(float((sizes**2).sum() / 24 / sizes.sum()))
    assert result.value < 0.1


def test_mistakes_are_told_apart_by_colour_and_shape() -> None:
    """A label set that is moved on by one has, of 8 colours by 3 shapes, the shape right but for the last colour."""
    found = by_name(judge_lists(written(tuple(range(32))), labelled(some_sets(60))))
    colour_wrong = found["labels missed: shape right, colour wrong"]
    assert colour_wrong.value is not None
    assert colour_wrong.value > 0.3
    assert colour_wrong.seeds == (0, 1, 2)


def test_kept_back_pictures_of_the_same_sets_stand_beside() -> None:
    found = written()
    sets = found.lists.sets[found.lists.rows["new_test"]][[0, 0, 0, 3]]
    pictures = labelled(torch.cat((sets, torch.eye(24, dtype=torch.uint8)[:5])))
    pictures.pictures[0] = 0  # one of the three is read as another set
    said = real_seen(found.judge, pictures)
    same = of_same_sets(found, "new_test", said)
    assert same is not None
    assert same.sets == 2
    k = sets.sum(1).tolist()
    assert same.accuracy.whole.value == pytest.approx((2 / 3 + 1) / 2)
    assert same.chance == pytest.approx((k[0] ** 2 + k[3] ** 2) / 24 / (k[0] + k[3]))
    assert of_same_sets(found, "new_test", real_seen(found.judge, labelled(torch.eye(24)[:2].to(torch.uint8)))) is None


def test_a_judge_is_asked_about_pictures_that_it_kept_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the model held other ones back."""
    asked: list[Data] = []
    monkeypatch.setattr(module, "make_data", lambda data, root: asked.append(data) or make_data(data, root))
    judge, writer = Reader(), Writer()
    judge.recipe = replace(judge.recipe, data=replace(SCENES, scenes=12, zoom=1.2))
    found = unseen(writer, judge)  # type: ignore[arg-type]
    assert asked == [replace(SCENES, scenes=12)]
    assert found.size == SCENES.size
    judge.recipe = replace(judge.recipe, data=Data(source="shapes", size=16))
    assert unseen(writer, judge) is writer.kept  # type: ignore[arg-type]


def test_models_that_are_told_no_sets_have_no_such_numbers() -> None:
    assert judge_labels(Writer(classes=0), {}) == []
    (said,) = judge_labels(Writer(), {})
    assert said.value is None
    assert "--evaluation.judge" in said.formula


def test_sets_that_the_network_has_no_tokens_for_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trained on single objects, a Transformer has one token; the lists ask for up to three."""
    train, kept = make_data(SCENES)
    ones = [replace(part, pictures=part.pictures[rows], labels=part.labels[rows], groups=None)
            for part in (train, kept) if part.labels is not None for rows in [part.labels.sum(1) == 1]]
    monkeypatch.setattr("genloom.recipes.build_images.make_data", lambda data, root: ones)
    judge = str(evaluator_run(tmp_path / "judge"))
    experiment = ImagesExperiment(small_images(
        data=SCENES, network=Network(kind="dit", width=8, blocks=1, heads=1, patch=4, conditioning="tokens"),
        evaluation=Evaluation(samples=12, features="pixels", judge=judge, label_seeds=1)))
    networks = {"denoiser": experiment.network.eval()}
    (said,) = judge_labels(experiment, networks)
    assert said.value is None
    assert "at most 1 labels in a set" in said.formula
    with pytest.raises(InputError, match="at most 1 labels in a set"):
        drawn_lists(experiment, networks, (0,))


def test_a_small_diffusion_model_has_all_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genloom.recipes.judge_images.linear_denoiser", lambda experiment: None)  # takes a minute
    monkeypatch.setattr("genloom.recipes.judge_images._LEVELS", 4)
    evaluation = Evaluation(samples=12, features="pixels", judge=str(evaluator_run(tmp_path / "judge")), label_seeds=2)
    experiment = ImagesExperiment(small_images(data=SCENES, network=TOLD, evaluation=evaluation,
                                               sampling=Sampling(sampler="ddim", steps=4)))
    networks = {"denoiser": experiment.network.eval()}
    found = by_name(list(experiment.evaluate(networks)))
    assert found["label accuracy on test"].n == 2 * 72
    assert found["label accuracy on new_test"].seeds == (0, 1)
    assert by_name(judge_labels(ImagesExperiment(experiment.recipe), networks))["label accuracy on test"] == found[
        "label accuracy on test"], "drawn anew, the same numbers"


def test_a_small_gan_has_all_the_numbers(tmp_path: Path) -> None:
    data = replace(SCENES, size=32)
    network = GanNetwork(kind="dcgan", width=4, told="concatenate", judging="projection")
    judge = str(evaluator_run(tmp_path / "judge", data=data))
    evaluation = GanEvaluation(samples=12, quick=12, features="pixels", judge=judge, label_seeds=2)
    experiment = GanExperiment(small_gan(data=data, network=network, evaluation=evaluation))
    found = by_name(judge_labels(experiment, {name: each.eval() for name, each in experiment.networks.items()}))
    assert found["label accuracy on test"].n == 2 * 72
    small = str(evaluator_run(tmp_path / "small"))
    with pytest.raises(InputError, match="32 × 32"):
        judge_labels(GanExperiment(replace(experiment.recipe, evaluation=replace(evaluation, judge=small))),
                     experiment.networks)
