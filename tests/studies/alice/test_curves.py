"""Where a curve is best, what a network starts at, and a checkpoint that is not the best."""

import json
from dataclasses import replace

import pytest

from genloom.recipes.judge_gpt import QUICK
from genloom.studies.alice.curves import Curves, curve_results, curves, said, stages, stages_table, trained_on
from genloom.studies.alice.work import experiment, model


def test_the_first_of_the_lowest_is_best() -> None:
    found = Curves([10, 30], [3.0, 2.0], [10, 20, 30], [2.5, 2.0, 2.0])
    assert (found.best, found.ended) == (20, 30)


def test_logs_are_read(tmp_path) -> None:
    (tmp_path / "metrics.jsonl").write_text(json.dumps({"step": 5, "loss": 3.5}) + "\n")
    (tmp_path / "evaluations.jsonl").write_text(json.dumps({"step": 5, QUICK: 3.0}) + "\n")
    assert curves(tmp_path) == Curves([5], [3.5], [5], [3.0])


def test_training_lowers_every_loss(tiny) -> None:
    first, best, *_ = stages(tiny)
    assert best.train.loss < first.train.loss
    assert best.valid.loss < first.valid.loss
    assert best.test.loss < first.test.loss
    assert abs(first.gap) < 0.05, "what was not trained knows neither text"
    assert len(stages_table(tiny).rows) == len(stages(tiny))


def test_a_checkpoint_that_validation_did_not_choose_is_noticed(tiny, monkeypatch) -> None:
    found = {each.name: each.status for each in curve_results(tiny)}
    assert found["validation loss before training"] == "pass"
    assert found["step of the checkpoint that is judged"] == "pass"
    assert found["its validation loss, taken again"] == "pass"
    from genloom.studies.alice import curves as module

    real = curves(model(tiny).trained.path)
    other = replace(real, at=[7, *real.at], valid=[min(real.valid) - 0.1, *real.valid])
    monkeypatch.setattr(module, "curves", lambda run: other)
    changed = {each.name: each.status for each in curve_results(tiny)}
    assert changed["step of the checkpoint that is judged"] == "fail"
    assert changed["its validation loss, taken again"] == "fail"


def test_the_words_follow_the_curve(tiny, monkeypatch) -> None:
    from genloom.studies.alice import curves as module

    monkeypatch.setattr(module, "curves", lambda run: Curves([10, 40], [3.0, 1.0], [10, 20, 30, 40],
                                                             [3.0, 2.0, 2.5, 2.75]))
    told = said(tiny)
    assert "2.000 nats a token at step 20" in told
    assert "rose to 2.750" in told
    assert "Training ended before its 120 steps" in told
    monkeypatch.setattr(module, "curves", lambda run: Curves([120], [3.0], [60, 120], [3.0, 2.0]))
    assert "fell to the last step" in said(tiny)


def test_the_gap_is_taken_over_training_text(tiny) -> None:
    some = trained_on(experiment(tiny))
    assert len(some.spans) == len(experiment(tiny).train.spans)
    assert len(some) == pytest.approx(min(20_000, len(experiment(tiny).train)), rel=0.5)
