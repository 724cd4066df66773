"""What every diffusion recipe can choose, whatever its data: the noise schedule, and what the network predicts."""

from dataclasses import dataclass
from typing import Literal

Tier = Literal["laptop", "gpu"]
"""laptop ends on two CPU cores in minutes; gpu is the source text's full setting."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How noise is added."""

    kind: Literal["linear", "cosine", "sigmoid", "table", "exponential", "geometric", "edm",
                  "rectified"] = "exponential"
    """Variance preserving (linear, cosine, sigmoid, table) or exploding (exponential, geometric, edm), or straight."""
    steps: int = 1000
    """Entries of the table of a variance-preserving schedule."""
    rate: float = 5.0
    """The exponential schedule is σ(t) = e^{rate (t − 1)}."""
    sigma_min: float = 0.01
    """Smallest σ of geometric and edm."""
    sigma_max: float = 0.3
    """Largest σ of geometric and edm."""
    betas: tuple[float, ...] = ()
    """Every β of the schedule `table`: the table of an imported model that has no name here."""


@dataclass(frozen=True, kw_only=True)
class Diffusion:
    """What the network predicts and how it is judged."""

    prediction: Literal["noise", "data", "velocity", "flow", "score", "posterior-mean", "edm"] = "noise"
    """What the network outputs."""
    weight: Literal["simple", "noise", "elbo", "min-snr", "velocity", "edm"] = "noise"
    """Weight of the loss: 1 on the output, on the noise, or on v up to γ; the bound's, min-SNR-γ, or EDM's."""
    gamma: float = 5.0
    """γ of min-snr, and the most that velocity weighs an error of x0."""
    sigma_data: float = 0.577
    """Standard deviation of the data, for edm."""
    distance: Literal["l2", "l1", "huber"] = "l2"
    """Distance between output and target."""
    reduction: Literal["mean", "half-sum"] = "mean"
    """Over the coordinates of a sample: their mean, or half their sum as in denoising score matching."""
    times: Literal["uniform", "table", "levels", "lognormal", "logit-normal"] = "uniform"
    """How training times are drawn; table and levels take entries of the table or of `levels` noise levels."""
    levels: int = 10
    """Number of noise levels for `levels`."""
    times_mean: float = -1.2
    """Mean of log(σ/α) for `lognormal`; −1.2 is EDM's."""
    times_std: float = 1.2
    """Its standard deviation."""
    label_dropout: float = 0.1
    """How often a class is hidden in training, for classifier-free guidance."""
    time_input: Literal["t", "sigma", "log-sigma", "index"] = "t"
    """What the network is told of the time; index is t·T − 1, the place in a table of T entries (1000 without one)."""
