"""What a forecast is: a number, quantiles or a distribution for each step and channel, with the loss that fits it."""

import math
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.forecasting.revin import Affine

PointLoss = Literal["mse", "mae", "huber"]
_LEAST = 1e-4  # of a scale, in units of the normalised series
_FREEDOM = 2.0  # a Student t with more degrees of freedom than this has a variance
_USUAL = 5.0
_MOST = 10_000_000  # numbers whose quantiles torch takes at once; it refuses 16 million
_STRAIGHT = 20.0  # from here on softplus(r) is r in float32


class Head(Protocol):
    """Makes a forecast of a network's numbers (B, H, C, P), of which the first is the location."""

    @property
    def parameters(self) -> int:
        """P."""
        ...

    def __call__(self, raw: Tensor, back: Affine) -> Tensor:
        """The forecast in the units of the series, `back` being the way from the network's."""
        ...

    def shifted(self, forecast: Tensor, by: Tensor) -> Tensor:
        """The forecast moved by (B, H, C)."""
        ...

    def loss(self, forecast: Tensor, y: Tensor) -> Tensor:
        """The mean loss beside the truth (B, H, C)."""
        ...

    def point(self, forecast: Tensor) -> Tensor:
        """One number for each step and channel, (B, H, C)."""
        ...

    def quantiles(self, forecast: Tensor, levels: Tensor) -> Tensor:
        """Quantiles at levels (Q,) in (0, 1), (B, H, C, Q).

        Errors: `InputError` where the forecast has none.
        """
        ...

    def around(self, errors: Tensor) -> Tensor:
        """The numbers behind the location, (P − 1, H), with which a forecast has the spread of errors (n, H)."""
        ...


class Point:
    """One number, (B, H, C): the mean under squared error, the median under absolute error, between them with Huber's.

    huber   ½ e² up to |e| = 1, then |e| − ½
    """

    parameters = 1

    def __init__(self, loss: PointLoss = "mse") -> None:
        self.kind = loss

    def __call__(self, raw: Tensor, back: Affine) -> Tensor:
        """The forecast."""
        return raw[..., 0] * back.scale + back.shift

    def shifted(self, forecast: Tensor, by: Tensor) -> Tensor:
        """The forecast moved."""
        return forecast + by

    def loss(self, forecast: Tensor, y: Tensor) -> Tensor:
        """The mean loss."""
        if self.kind == "mse":
            return F.mse_loss(forecast, y)
        return F.l1_loss(forecast, y) if self.kind == "mae" else F.huber_loss(forecast, y)

    def point(self, forecast: Tensor) -> Tensor:
        """The forecast itself."""
        return forecast

    def quantiles(self, forecast: Tensor, levels: Tensor) -> Tensor:
        """None: errors on the validation part tell how far the truth may be."""
        raise InputError("network.head", "point", "quantiles, gaussian or student for a forecast with quantiles")

    def around(self, errors: Tensor) -> Tensor:
        """None."""
        return errors.new_zeros(0, errors.shape[1])


class Quantiles:
    """Quantiles at fixed levels, (B, H, C, Q), which cannot cross: the middle one, and from it on positive steps.

        q_m = r_0,  q_{k±1} = q_k ± softplus(r)        loss: mean over levels of 2 max(τ (y − q), (τ − 1)(y − q))

    The factor 2 makes the loss of the median the absolute error. [Koenker & Bassett 1978; Gasthaus et al. 2019]

    Errors: `InputError` unless there is an odd number of rising levels in (0, 1), the middle one being 0.5.
    """

    def __init__(self, levels: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)) -> None:
        rising = all(a < b for a, b in zip((0.0, *levels), (*levels, 1.0), strict=True))
        if not rising or len(levels) % 2 == 0 or levels[len(levels) // 2] != 0.5:
            raise InputError("network.levels", levels, "an odd number of rising levels in (0, 1), 0.5 in the middle",
                             "pass --network.levels 0.1 0.5 0.9")
        self.levels, self.parameters = levels, len(levels)

    def __call__(self, raw: Tensor, back: Affine) -> Tensor:
        """The forecast."""
        middle, half = raw[..., :1], self.parameters // 2
        steps = F.softplus(raw[..., 1:])
        below, above = steps[..., :half].cumsum(3), steps[..., half:].cumsum(3)
        whole = torch.cat(((middle - below).flip(3), middle, middle + above), 3)
        return whole * back.scale[..., None] + back.shift[..., None]

    def shifted(self, forecast: Tensor, by: Tensor) -> Tensor:
        """The forecast moved."""
        return forecast + by[..., None]

    def loss(self, forecast: Tensor, y: Tensor) -> Tensor:
        """The mean quantile loss."""
        levels = torch.tensor(self.levels, dtype=forecast.dtype, device=forecast.device)
        error = y[..., None] - forecast
        return 2 * torch.maximum(levels * error, (levels - 1) * error).mean()

    def point(self, forecast: Tensor) -> Tensor:
        """The median."""
        return forecast[..., self.parameters // 2]

    def quantiles(self, forecast: Tensor, levels: Tensor) -> Tensor:
        """Those of the levels, straight lines between them, and the outermost ones beyond."""
        known = torch.tensor(self.levels, dtype=torch.float64)
        wanted = levels.double().cpu().clamp(known[0], known[-1])
        right = torch.searchsorted(known, wanted).clamp(1, len(known) - 1)
        share = (wanted - known[right - 1]) / (known[right] - known[right - 1])
        left, right = (place.to(forecast.device) for place in (right - 1, right))
        share = share.to(forecast)
        return forecast[..., left] * (1 - share) + forecast[..., right] * share

    def around(self, errors: Tensor) -> Tensor:
        """Steps between the quantiles of the errors, outwards from the middle."""
        half = self.parameters // 2
        levels = torch.tensor(self.levels, dtype=errors.dtype, device=errors.device)
        some = max(1, _MOST // len(errors))  # steps of the horizon at a time
        found = torch.cat([torch.quantile(part, levels, dim=0) for part in torch.split(errors, some, dim=1)], dim=1)
        steps = found.diff(dim=0)
        return _before_softplus(torch.cat((steps[:half].flip(0), steps[half:])))


class Gaussian:
    """A normal distribution, (B, H, C, 2): mean and standard deviation, softplus(r) + 10⁻⁴ before the way back.

    loss: mean of ½ log 2π + log s + ½ ((y − m)/s)², in nats
    """

    parameters = 2

    def __call__(self, raw: Tensor, back: Affine) -> Tensor:
        """The forecast."""
        return torch.stack(_placed(raw, back), 3)

    def shifted(self, forecast: Tensor, by: Tensor) -> Tensor:
        """The forecast moved."""
        return torch.cat((forecast[..., :1] + by[..., None], forecast[..., 1:]), 3)

    def loss(self, forecast: Tensor, y: Tensor) -> Tensor:
        """The mean negative log-likelihood."""
        mean, scale = forecast.unbind(3)
        return (0.5 * math.log(2 * math.pi) + scale.log() + 0.5 * ((y - mean) / scale).square()).mean()

    def point(self, forecast: Tensor) -> Tensor:
        """The mean."""
        return forecast[..., 0]

    def quantiles(self, forecast: Tensor, levels: Tensor) -> Tensor:
        """m + s Φ⁻¹(level)."""
        z: Tensor = torch.special.ndtri(levels.double()).to(forecast)
        return forecast[..., :1] + forecast[..., 1:2] * z

    def around(self, errors: Tensor) -> Tensor:
        """Their root mean square."""
        return _before_softplus(errors.square().mean(0, keepdim=True).sqrt() - _LEAST)


class StudentT:
    """A Student t distribution, (B, H, C, 3): location, scale, and degrees of freedom ν = 2 + softplus(r).

    loss: mean of −log Γ((ν+1)/2) + log Γ(ν/2) + ½ log πν + log s + (ν+1)/2 log(1 + ((y − m)/s)²/ν), in nats
    [as Salinas et al. 2020 have for heavy tails]
    """

    parameters = 3

    def __call__(self, raw: Tensor, back: Affine) -> Tensor:
        """The forecast."""
        return torch.stack((*_placed(raw, back), _FREEDOM + F.softplus(raw[..., 2])), 3)

    def shifted(self, forecast: Tensor, by: Tensor) -> Tensor:
        """The forecast moved."""
        return torch.cat((forecast[..., :1] + by[..., None], forecast[..., 1:]), 3)

    def loss(self, forecast: Tensor, y: Tensor) -> Tensor:
        """The mean negative log-likelihood."""
        location, scale, freedom = forecast.unbind(3)
        half = (freedom + 1) / 2
        norm = torch.lgamma(freedom / 2) - torch.lgamma(half) + 0.5 * (math.pi * freedom).log() + scale.log()
        return (norm + half * torch.log1p(((y - location) / scale).square() / freedom)).mean()

    def point(self, forecast: Tensor) -> Tensor:
        """The location, which is the mean and the median."""
        return forecast[..., 0]

    def quantiles(self, forecast: Tensor, levels: Tensor) -> Tensor:
        """m + s t_ν⁻¹(level)."""
        from scipy import stats

        location, scale, freedom = (part[..., None] for part in forecast.detach().double().cpu().unbind(3))
        z = torch.from_numpy(stats.t.ppf(levels.double().cpu().numpy(), freedom.numpy()))
        return (location + scale * z).to(forecast)

    def around(self, errors: Tensor) -> Tensor:
        """Five degrees of freedom, whose variance is 5/3 of the squared scale, and the variance of the errors."""
        scale = (errors.square().mean(0, keepdim=True) * (_USUAL - 2) / _USUAL).sqrt()
        return _before_softplus(torch.cat((scale - _LEAST, torch.full_like(scale, _USUAL - _FREEDOM))))


HEADS = ("point", "quantiles", "gaussian", "student")
"""The names that `make_head` knows."""


def make_head(kind: str, *, loss: PointLoss = "mse", levels: tuple[float, ...] | None = None) -> Head:
    """The head of a name; `loss` is that of a point, `levels` those of quantiles.

    Errors: `InputError` for another name, or levels that cannot be.
    """
    if kind == "point":
        return Point(loss)
    if kind == "quantiles":
        return Quantiles() if levels is None else Quantiles(levels)
    if kind == "gaussian":
        return Gaussian()
    if kind == "student":
        return StudentT()
    raise InputError("network.head", kind, f"one of {', '.join(HEADS)}")


def _before_softplus(value: Tensor) -> Tensor:
    """r with softplus(r) = value, of values that are at least 10⁻⁴."""
    return torch.where(value > _STRAIGHT, value, value.clamp(_LEAST, _STRAIGHT).expm1().log())


def _placed(raw: Tensor, back: Affine) -> tuple[Tensor, Tensor]:
    """Location and scale in the units of the series."""
    return raw[..., 0] * back.scale + back.shift, (F.softplus(raw[..., 1]) + _LEAST) * back.scale
