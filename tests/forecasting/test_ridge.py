import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge as Known

from genloom.errors import InputError
from genloom.forecasting.ridge import _moments, _squared_error, fit_ridge
from genloom.forecasting.windows import Windows

RNG = np.random.default_rng(0)


def walk(rows: int, channels: int) -> torch.Tensor:
    steps = RNG.normal(size=(rows, channels))
    return torch.from_numpy(np.cumsum(steps, axis=0) / 10 + np.sin(np.arange(rows) / 3)[:, None]).float()


def windows(values: torch.Tensor, start: int = 0, stop: int | None = None) -> Windows:
    return Windows(values, torch.zeros(len(values), 0), start, stop or len(values), lookback=12, horizon=5)


VALUES = walk(600, 3)


def rows(source: Windows) -> tuple[np.ndarray, np.ndarray]:
    batch = {name: tensor.double() for name, tensor in source.batch(torch.arange(len(source))).items()}
    x, y = ((batch[name] - batch["x"][:, -1:]).transpose(1, 2).flatten(0, 1).numpy() for name in ("x", "y"))
    return x, y


@pytest.mark.parametrize("penalty", [1e-3, 1.0])
def test_it_is_the_ridge_of_scikit_learn(penalty: float) -> None:
    train, valid = windows(VALUES, 0, 400), windows(VALUES, 400)
    fitted = fit_ridge(train, valid, [penalty])
    x, y = rows(train)
    known = Known(alpha=penalty * float((x**2).sum() / x.shape[1])).fit(x, y)
    np.testing.assert_allclose(fitted.weight.numpy(), known.coef_.T, atol=1e-9)
    np.testing.assert_allclose(fitted.bias.numpy(), known.intercept_, atol=1e-9)
    x_valid = valid.batch(torch.arange(len(valid)))["x"].double()
    moved = known.predict(rows(valid)[0]).reshape(len(valid), 3, 5).transpose(0, 2, 1)
    np.testing.assert_allclose(fitted(x_valid).numpy(), moved + x_valid[:, -1:].numpy(), atol=1e-9)


def test_the_validation_error_is_found_without_passing_over_the_windows() -> None:
    train, valid = windows(VALUES, 0, 400), windows(VALUES, 400)
    fitted = fit_ridge(train, valid, [0.1])
    batch = valid.batch(torch.arange(len(valid)))
    known = float((fitted(batch["x"].double()) - batch["y"].double()).square().mean())
    assert _squared_error(_moments(valid), fitted) == pytest.approx(known, rel=1e-9)


def test_the_penalty_is_the_one_that_validation_prefers() -> None:
    train, valid = windows(VALUES, 0, 100), windows(VALUES, 100, 400)
    penalties = [1e-6, 1e-2, 1e4]
    batch = valid.batch(torch.arange(len(valid)))
    errors = [float((fit_ridge(train, valid, [penalty])(batch["x"].double()) - batch["y"]).square().mean())
              for penalty in penalties]
    assert fit_ridge(train, valid, penalties).penalty == penalties[int(np.argmin(errors))]


def test_a_linear_recurrence_is_forecast_exactly() -> None:
    angle = torch.arange(300, dtype=torch.float64)[:, None] * torch.tensor([0.3])
    values = (5 + torch.sin(angle)).double()
    fitted = fit_ridge(windows(values, 0, 200), windows(values, 200), [1e-12])
    batch = windows(values, 200).batch(torch.arange(50))
    torch.testing.assert_close(fitted(batch["x"]), batch["y"], atol=1e-5, rtol=0)


def test_a_shift_of_the_series_shifts_the_forecast() -> None:
    fitted = fit_ridge(windows(VALUES, 0, 400), windows(VALUES, 400))
    x = VALUES[None, :12].double()
    torch.testing.assert_close(fitted(x + 7), fitted(x) + 7)


def test_constant_channels_leave_it_finite() -> None:
    flat = torch.full((100, 2), 3.0)
    fitted = fit_ridge(windows(flat, 0, 60), windows(flat, 60))
    torch.testing.assert_close(fitted(flat[None, :12]), torch.full((1, 5, 2), 3.0))


def test_penalties_must_be_above_zero() -> None:
    for penalties in ([], [0.0], [-1.0]):
        with pytest.raises(InputError, match="above 0"):
            fit_ridge(windows(VALUES), windows(VALUES), penalties)


def test_other_inputs_and_targets_are_fitted_as_they_are_seen() -> None:
    train, valid = windows(VALUES, 0, 400), windows(VALUES, 400)

    def seen(batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        mean = batch["x"].double().mean(1, keepdim=True)
        return batch["x"] - mean, batch["y"] - mean

    fitted = fit_ridge(train, valid, [0.1], seen)
    x, y = (each.transpose(1, 2).flatten(0, 1).numpy() for each in seen(train.batch(torch.arange(len(train)))))
    known = Known(alpha=0.1 * float((x**2).sum() / x.shape[1])).fit(x, y)
    np.testing.assert_allclose(fitted.weight.numpy(), known.coef_.T, atol=1e-9)
    given, wanted = seen(valid.batch(torch.arange(len(valid))))
    assert fitted.error == pytest.approx(float((fitted.map(given) - wanted).square().mean()), rel=1e-9)


def test_without_constants_nothing_is_centred() -> None:
    train, valid = windows(VALUES, 0, 400), windows(VALUES, 400)
    fitted = fit_ridge(train, valid, [0.1], constants=False)
    x, y = rows(train)
    known = Known(alpha=0.1 * float((x**2).sum() / x.shape[1]), fit_intercept=False).fit(x, y)
    np.testing.assert_allclose(fitted.weight.numpy(), known.coef_.T, atol=1e-9)
    assert not fitted.bias.any()
