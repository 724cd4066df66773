"""The audit of runs: sound ones pass all that is asked of them, and each broken part of the way is found."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from forecaster_small import small, use_world, world

from genloom.data.series.borders import Borders
from genloom.data.series.scaler import Scaler
from genloom.forecasting.audit.check import Check
from genloom.forecasting.audit.preparation import SCALER
from genloom.forecasting.audit.protocol import BEST, COUNTED, MASKED
from genloom.forecasting.windows import Parts
from genloom.recipes import audit_forecaster, forecaster_parts
from genloom.recipes.audit_forecaster import audit_run, evaluated, history
from genloom.recipes.build_forecaster import ForecasterExperiment
from genloom.recipes.forecaster import Network
from genloom.training.checkpoint import Checkpoints

TINY = Network(width=8, heads=2, hidden=8, layers=1, dropout=0.1)


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch)


def audited(experiment: ForecasterExperiment, run: Path | None = None) -> dict[str, Check]:
    checks = audit_run(experiment, {"forecaster": experiment.network}, run, count=4)
    return {check.name: check for check in checks}


def verdicts(experiment: ForecasterExperiment, run: Path | None = None) -> dict[str, str]:
    return {name: check.verdict for name, check in audited(experiment, run).items()}


@pytest.mark.parametrize("network", [
    TINY, replace(TINY, decoder="autoregressive"), replace(TINY, attention="performer"),
    replace(TINY, kind="patchtst", patch=8, stride=4, normalise="instance"), replace(TINY, kind="itransformer"),
    replace(TINY, kind="linear", normalise="last", head="quantiles"), replace(TINY, kind="dlinear", cycle=24),
    replace(TINY, kind="linear", head="student"),
    replace(TINY, kind="periodic", normalise="mean", cycle=24, cycle_start="profile", start="ridge", blend=True)],
    ids=["one-shot", "autoregressive", "performer", "patchtst", "itransformer", "linear", "dlinear-cycle", "student",
         "periodic"])
def test_every_kind_of_forecaster_is_sound(network: Network) -> None:
    found = verdicts(small(network=network))
    assert set(found.values()) <= {"pass", "not asked"}
    assert found[SCALER] == found[COUNTED] == "pass"
    assert found[MASKED] == ("pass" if network.kind == "transformer" else "not asked")


@pytest.mark.parametrize("mask", ["none", "shuffled"])
def test_a_taught_decoder_without_a_causal_mask_is_found(mask: str) -> None:
    network = replace(TINY, decoder="autoregressive", mask=mask)  # type: ignore[arg-type]
    found = verdicts(small(network=network))
    assert found["perturb the future"] == found["perturb the future, in training"] == "fail"
    assert found["change the batch size"] == found["forecast twice"] == "pass"


def test_a_scaler_of_all_rows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    own = forecaster_parts.make_parts

    def leaking(recipe: object, series: object, split: Borders, scaler: Scaler | None = None) -> Parts:
        return own(recipe, series, split, Scaler.fit(series.values))  # type: ignore[attr-defined,arg-type]

    monkeypatch.setattr(audit_forecaster, "make_parts", leaking)
    found = audited(small(network=TINY))
    assert found[SCALER].verdict == "fail"
    assert [name for name, check in found.items() if check.verdict == "fail"] == [SCALER]


def test_weights_of_other_data_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = small(network=TINY)
    use_world(monkeypatch, world(level=30.0))
    other = small(network=TINY)
    other.network.load_state_dict(experiment.network.state_dict())
    found = audited(other)[SCALER]
    assert found.verdict == "fail"
    assert "trained on other rows" in found.said


def test_a_loop_that_drops_windows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = small(network=TINY)
    sizes = [len(batch["x"]) for batch in evaluated(experiment, 7)]
    assert sum(sizes) == len(experiment.parts.test)
    assert max(sizes) == 7
    whole = ForecasterExperiment.forecasts
    monkeypatch.setattr(ForecasterExperiment, "forecasts", lambda *given: list(whole(*given))[:-1])
    assert audited(experiment)[COUNTED].verdict == "fail"


def test_the_books_of_a_training_are_read(tmp_path: Path) -> None:
    experiment = small(network=TINY)
    assert verdicts(experiment, tmp_path)[BEST] == "not asked"
    rows = [{"step": 2, "mse": 0.5}, {"step": 4, "mse": None}, {"step": 6, "mse": 0.3}]
    (tmp_path / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "checkpoints").mkdir()
    for step, verdict in ((6, "pass"), (2, "fail"), (4, "fail")):
        Checkpoints(tmp_path / "checkpoints").point("best", {"step": step, "metric": "mse", "value": 0.3})
        found = history(experiment, tmp_path)
        assert (found.steps, found.best) == ([2, 4, 6], step)
        assert math.isnan(found.values[1])
        assert verdicts(experiment, tmp_path)[BEST] == verdict


def test_a_leak_in_the_network_is_found() -> None:
    class Peeking(torch.nn.Module):
        def forward(self, x: torch.Tensor, x_marks: torch.Tensor, y_marks: torch.Tensor,
                    y: torch.Tensor | None = None) -> torch.Tensor:
            last = x[:, -1:].expand(-1, y_marks.shape[1], -1)
            return last if y is None else last + 0.01 * y.mean(1, keepdim=True)

    experiment = small(network=TINY)
    experiment.network = Peeking()  # type: ignore[assignment]
    assert verdicts(experiment)["perturb the future"] == "fail"


def test_a_torn_line_of_the_books_is_passed_over(tmp_path: Path) -> None:
    rows = [json.dumps({"step": step, "validation MSE": value}) for step, value in ((2, 0.5), (4, None))]
    (tmp_path / "evaluations.jsonl").write_text("\n".join([*rows, '{"step": 6, "valid']))
    found = history(small(), tmp_path)
    assert found.steps == [2, 4]
    assert found.values[0] == 0.5
    assert math.isnan(found.values[1])
