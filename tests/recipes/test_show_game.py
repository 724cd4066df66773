"""The game of a run is told as its logs have it."""

import json
from pathlib import Path

import pytest
import torch
from gans_small import built, small

from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.gans import Loss
from genloom.recipes.show_game import chosen, diagnosis, draw_game, epochs, evaluations_figure, training_item, way_item
from genloom.recipes.show_pictures import write_sheet

STEPS = range(10, 1010, 10)


def log(run: Path, told_apart: float = 0.7, loss: float = 1.2, spread: float = 0.9) -> Path:
    run.mkdir(exist_ok=True)
    rows = [{"step": step, "told_apart": told_apart, "game/discriminator": loss, "game/generator": 0.8,
             "logit_real": 0.5, "logit_fake": -0.5, "lr/generator": 2e-4, "lr/discriminator": 2e-4} for step in STEPS]
    judged = [{"step": step, "FD-pixels": 100 / step, "spread": spread} for step in STEPS[::25]]
    for name, each in (("metrics", rows), ("evaluations", judged)):
        (run / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in each))
    return run


@pytest.fixture(scope="module")
def experiment() -> GanExperiment:
    return built()


def test_a_sound_game_is_said_to_be_sound(experiment: GanExperiment, tmp_path: Path) -> None:
    (said,) = diagnosis(experiment, log(tmp_path))
    assert said.startswith("Nothing was found wrong")


def test_what_went_wrong_is_said_with_its_step_and_one_remedy(experiment: GanExperiment, tmp_path: Path) -> None:
    (said,) = diagnosis(experiment, log(tmp_path, told_apart=1.0, loss=0.001))
    assert said.startswith("At step 200: the discriminator is hardly ever wrong")
    assert "and still is at the end" in said
    assert said.count("--") == 1
    (said,) = diagnosis(experiment, log(tmp_path, spread=0.01))
    assert "samples are alike" in said


def test_the_game_stands_beside_its_tie(experiment: GanExperiment, tmp_path: Path) -> None:
    for name, tie in (("non-saturating", 1.3863), ("least-squares", 0.25)):
        recipe = small(loss=Loss(adversarial=name))
        left, middle, _ = draw_game(recipe, log(tmp_path)).axes
        (line,) = [line for line in left.lines if line.get_linestyle() == "--"]
        assert line.get_ydata()[0] == pytest.approx(tie, abs=1e-4)
        assert middle.lines[0].get_ydata()[-1] == pytest.approx(0.7)


def test_evaluations_are_drawn_beside_their_floor_where_there_are_two(experiment: GanExperiment,
                                                                      tmp_path: Path) -> None:
    item = training_item(experiment, log(tmp_path), {"recipe": "x"})
    assert [figure.path for figure in item.figures] == ["figures/training.png", "figures/evaluations.png"]
    assert "other samples" in item.figures[1].caption
    first = (tmp_path / "evaluations.jsonl").read_text().splitlines()[0]
    (tmp_path / "evaluations.jsonl").write_text(first + "\n")
    assert evaluations_figure(experiment, tmp_path, {}) == []


def test_grids_on_the_way_bear_their_epochs(experiment: GanExperiment, tmp_path: Path) -> None:
    assert way_item(experiment, tmp_path, {}) is None
    for step in (2, 4, 6, 8, 10):
        write_sheet(torch.zeros(4, 1, 8, 8, dtype=torch.uint8), tmp_path / f"samples/{step}/step-{step:07d}.png", {})
    item = way_item(experiment, tmp_path, {})
    assert item is not None
    first, second, third = (f"{epochs(experiment, step):.3g}" for step in (2, 6, 10))
    assert f"after {first}, {second} and {third} epochs" in item.figures[0].caption
    assert (tmp_path / "figures/way.png").is_file()


def test_an_epoch_is_every_picture_once() -> None:
    for critic_steps in (1, 3):
        experiment = built(loss=Loss(critic_steps=critic_steps))
        assert epochs(experiment, 10) == pytest.approx(10 * 8 * critic_steps / len(experiment.data))


def test_three_grids_are_the_first_the_middle_and_the_last() -> None:
    sheets = [Path(str(k)) for k in range(10)]
    assert chosen(sheets) == [sheets[0], sheets[4], sheets[9]]
    assert chosen(sheets[:2]) == sheets[:2]
    assert chosen(sheets[:1]) == sheets[:1]
    assert chosen([]) == []
