"""Preparation of data: a scaler of all rows and a centred filter are found, each by its own check."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import zoo
from test_probe import batch
from torch import Tensor
from torch.nn import functional as F

from genloom.data.series.scaler import Scaler
from genloom.errors import InputError
from genloom.forecasting.audit.preparation import Preparation, implied, scaler, smoothed
from genloom.forecasting.audit.probe import Probe

N, TRAIN, TEST = 400, 240, 300


def values() -> Tensor:
    draw = torch.Generator().manual_seed(0)
    rows = torch.arange(N, dtype=torch.float64)[:, None]
    return 20 + 0.02 * rows + torch.sin(rows / 4 + torch.arange(zoo.C)) + torch.randn(
        N, zoo.C, generator=draw, dtype=torch.float64) / 5


def by_training(raw: Tensor) -> Tensor:
    return Scaler.fit(raw[:TRAIN].numpy()).apply(raw)


def by_all(raw: Tensor) -> Tensor:
    return Scaler.fit(raw.numpy()).apply(raw)


def centred(raw: Tensor) -> Tensor:
    padded = F.pad(by_training(raw).T, (3, 3), mode="replicate")
    return F.avg_pool1d(padded, 7, 1).T


def past_average(raw: Tensor) -> Tensor:
    padded = F.pad(by_training(raw).T, (6, 0), mode="replicate")
    return F.avg_pool1d(padded, 7, 1).T


def both(raw: Tensor) -> Tensor:
    return by_all(centred(raw))


def data(prepare: Callable[[Tensor], Tensor]) -> Preparation:
    return Preparation(prepare, values(), TRAIN, TEST, zoo.L)


@pytest.mark.parametrize(("prepare", "scaled", "filtered"), [
    (by_training, "pass", "pass"), (lambda raw: raw, "pass", "pass"), (past_average, "pass", "pass"),
    (lambda raw: by_training(raw).float(), "pass", "pass"), (by_all, "fail", "pass"), (centred, "pass", "fail"),
    (both, "fail", "fail"), (lambda raw: raw / raw.abs().max(), "fail", "pass"),
    (lambda raw: raw.diff(dim=0, append=raw[-1:]), "pass", "fail")])
def test_each_fault_is_found_by_its_own_check(prepare: Callable[[Tensor], Tensor], scaled: str, filtered: str) -> None:
    assert scaler(data(prepare)).verdict == scaled
    assert smoothed(data(prepare)).verdict == filtered


def test_implied_statistics_are_those_of_the_scaler() -> None:
    raw = values()
    found = implied(raw[:TRAIN], by_training(raw)[:TRAIN])
    np.testing.assert_allclose(found.mean, raw[:TRAIN].mean(0), rtol=1e-9)
    np.testing.assert_allclose(found.deviation, raw[:TRAIN].std(0, correction=0), rtol=1e-9)


def test_the_statistics_are_told_beside_those_of_training_and_all() -> None:
    raw = values()
    said = scaler(data(by_all)).said
    for rows in (raw[:TRAIN], raw):
        assert any(f"{float(mean):.4g}" in said for mean in rows.mean(0))


def test_how_far_a_forecast_feels_the_test_is_told() -> None:
    torch.manual_seed(0)
    probe = Probe(zoo.Linear(), batch())
    assert "a forecast from the last training row changes by" in scaler(data(by_all), probe).said
    assert "a forecast" not in scaler(data(by_training), probe).said


def test_a_filter_reaches_as_far_back_as_it_is_wide() -> None:
    assert "most 1 rows before" in smoothed(data(centred)).said


def test_constant_channels_are_no_reason_to_fail() -> None:
    def flat(raw: Tensor) -> Tensor:
        return by_training(raw)

    raw = values()
    raw[:, 1] = 7.0
    still = Preparation(flat, raw, TRAIN, TEST, zoo.L)
    assert scaler(still).verdict == smoothed(still).verdict == "pass"


def test_refused_are_borders_out_of_order_and_other_shapes() -> None:
    for train, test in ((0, 10), (300, 200), (240, N), (10, 300)):
        with pytest.raises(InputError, match="in order"):
            Preparation(by_training, values(), train, test, zoo.L)
    with pytest.raises(InputError, match="the shape of the values"):
        scaler(data(lambda raw: raw[1:]))


def test_a_mean_of_many_deviations_that_float32_rounds_is_no_other_data() -> None:
    far = values() + 1e5  # as 50 Hz with hundredths of deviation: float32 holds such a mean to 4e-3 deviations
    of_training = Scaler.fit(far[:TRAIN].numpy())
    fitted = torch.from_numpy(np.stack((of_training.mean, of_training.std))).float()
    assert scaler(Preparation(by_training, far, TRAIN, TEST, zoo.L, fitted)).verdict == "pass"
    fitted[0] += 0.1 * fitted[1]
    assert "trained on other rows" in scaler(Preparation(by_training, far, TRAIN, TEST, zoo.L, fitted)).said


def test_a_channel_that_is_constant_in_training_is_not_the_one_that_is_told() -> None:
    raw = values()
    raw[:TRAIN, 0] = 3.0
    said = scaler(Preparation(by_training, raw, TRAIN, TEST, zoo.L)).said
    assert "nan" not in said
    assert "channel 1 " not in said
    raw[:TRAIN] = 3.0
    assert "every channel is constant" in scaler(Preparation(by_training, raw, TRAIN, TEST, zoo.L)).said
