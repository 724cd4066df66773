"""Recipes for forecasters: data, windows, network and training, all free of torch."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from genloom.recipes.process import Tier
from genloom.training.options import Engine, Optimizer

Mask = Literal["none", "causal", "recent", "shuffled"]


@dataclass(frozen=True, kw_only=True)
class Data:
    """The series, and which of its rows are for training, validation and test."""

    csv: str = ""
    """A file of one's own, CSV or Parquet, with a column of times; without it the source. --csv is the same."""
    source: Literal["transformer", "etth1"] = "transformer"
    """transformer is simulated here, etth1 is measured and has to be fetched once: `genloom data ett --fetch`."""
    hours: int = 17_420
    """Hours of the simulation, from the summer of 2016 on."""
    time: str = ""
    """Name of the column of times; without it the one that holds times."""
    channels: tuple[str, ...] = ()
    """Columns to forecast; without names all that hold numbers."""
    missing: Literal["refuse", "interpolate", "last"] = "refuse"
    """What becomes of empty cells: an error, a straight line between their neighbours, or the value before."""
    irregular: Literal["refuse", "regrid"] = "refuse"
    """What becomes of times off the grid: an error, or values on the grid by straight lines."""
    duplicates: Literal["refuse", "mean", "first"] = "refuse"
    """What becomes of times that occur twice: an error, their mean, or the first."""
    borders: Literal["auto", "ett", "ratio", "dates"] = "auto"
    """How rows are shared out: ett is 12, 4 and 4 months, ratio by shares, dates by times; auto is ett for the two
    sources, and for files dates where they are given, else ratio."""
    valid: float = 0.1
    """Share of the rows for validation, before those of the test."""
    test: float = 0.2
    """Share of the rows for the test, the last ones."""
    valid_from: str = ""
    """Time of the first row of validation, for borders by dates."""
    test_from: str = ""
    """Time of the first row of the test, for borders by dates."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """What is known and what is forecast."""

    lookback: int = 96
    """Rows that the network sees; --lookback is the same."""
    horizon: int = 720
    """Rows to forecast; --horizon is the same."""
    label: int = 48
    """Last rows of the lookback that a Transformer's decoder is given as its start."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network, what is done to a window before it, and what a forecast is."""

    kind: Literal["transformer", "patchtst", "itransformer", "linear", "dlinear", "periodic"] = "transformer"
    """transformer is the standard encoder–decoder; linear is NLinear behind `normalise last`, RLinear behind
    `normalise instance`; periodic goes from cycle to cycle, as SparseTSF."""
    normalise: Literal["none", "last", "mean", "instance"] = "none"
    """Each window by itself: not at all, minus its last value or its mean, or by its own mean and deviation (RevIN)."""
    affine: bool = False
    """Learn a gain and a shift for each channel behind `normalise`."""
    cycle: int = 0
    """Rows of a learned cycle that is taken off before the network and put back after it (CycleNet); 0 for none."""
    cycle_start: Literal["zero", "profile"] = "zero"
    """Where the cycle starts: at 0, as published, or at how each place of it deviates from the running mean in
    training."""
    blend: bool = False
    """Mix the forecast with the mean of the last whole cycles of the lookback, by one weight that is fitted on
    validation before training."""
    head: Literal["point", "quantiles", "gaussian", "student"] = "point"
    """What is forecast for each row and channel: a number, quantiles, or a distribution."""
    levels: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    """Levels of the quantiles, 0.5 in the middle."""
    loss: Literal["mse", "mae", "huber"] = "mse"
    """Of a head that is a point; the others have their own."""
    width: int = 512
    """Channels of a token (d_model)."""
    heads: int = 8
    """Heads of each attention."""
    layers: int = 2
    """Layers of the encoder."""
    decoder_layers: int = 1
    """Layers of the decoder."""
    hidden: int = 2048
    """Hidden units of the feed-forward parts (d_ff)."""
    dropout: float = 0.1
    """Share of features that is hidden in training; for linear ones, share of the lookback's rows."""
    activation: Literal["relu", "gelu"] = "gelu"
    """Of the feed-forward parts."""
    norm_first: bool = False
    """Normalise before each part of a layer (pre-LN), not after its sum (post-LN, as published)."""
    attention: str = "full"
    """Kind of the encoder's and decoder's self-attention; `genloom attention-check` lists them."""
    cross: str = "full"
    """Kind of the decoder's attention to the encoder."""
    features: int = 0
    """Random features of performer's attention; 0 takes its own number."""
    reach: int = 0
    """Steps that local attention reaches, or the stride of sparse ones; 0 takes their own number."""
    mask: Mask = "causal"
    """What the decoder may see of itself: all, what is past, the last 24 steps of that, or as much as is past in a
    random order."""
    encoder_mask: Mask = "none"
    """What the encoder may see of itself."""
    decoder: Literal["one-shot", "autoregressive"] = "one-shot"
    """All rows in one pass from zeros, or each from those before it, with the true ones in training."""
    neighbours: bool = True
    """Tokens hold the values of neighbouring rows as well, as the published convolution of three does."""
    patch: int = 16
    """Rows of a patch of patchtst."""
    stride: int = 8
    """Rows from one patch to the next."""
    norm: Literal["batch", "layer"] = "batch"
    """Normalisation of patchtst: over the tokens of a batch, as published, or of each token by itself."""
    average: int = 25
    """Rows of dlinear's moving average, an odd number."""
    each: bool = False
    """A linear map for each channel, not one for all."""
    constants: bool = True
    """Linear ones add a constant to each row of the forecast; without, they forecast −x as x with the other sign."""
    start: Literal["own", "ridge"] = "own"
    """Where linear and periodic start: at the mean of the lookback, or at the ridge regression that is best on
    validation."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a forecaster is judged."""

    batch: int = 128
    """Windows that are forecast at a time."""
    windows: int = 0
    """Windows of validation that are looked at during training, evenly spread; 0 looks at all."""
    draws: int = 1000
    """Draws of the block bootstrap behind each interval."""
    level: float = 0.9
    """Coverage of the intervals of a forecast."""


@dataclass(frozen=True, kw_only=True)
class ForecasterRecipe:
    """A network that forecasts a series."""

    builder: ClassVar[str] = "genloom.recipes.build_forecaster:ForecasterExperiment"
    draws: ClassVar[bool] = False
    use: ClassVar[str] = "genloom forecast {run}"
    keeps: ClassVar[str] = "genloom.recipes.known_series:of_run"

    name: str
    """Name of the recipe that this run started from."""
    summary: str
    """What it is, in one line."""
    data: Data = field(default_factory=Data)
    window: Window = field(default_factory=Window)
    network: Network = field(default_factory=Network)
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(lr=1e-4))
    engine: Engine = field(default_factory=lambda: Engine(steps=2440, batch_size=32, precision="auto"))
    evaluation: Evaluation = field(default_factory=Evaluation)


_EPOCH = 244  # steps of 32 windows in ETTh1's 7825


def forecaster(tier: Tier = "laptop") -> ForecasterRecipe:
    """Any series with a column of times: quantiles by one linear map that starts at ridge regression, which trains in
    seconds and is hard to beat; the gpu tier has patches of each channel and a Transformer."""
    recipe = ForecasterRecipe(
        name="forecaster",
        summary="any CSV or Parquet file with times: quantiles 48 rows ahead, from ridge regression on",
        window=Window(lookback=336, horizon=48, label=48),
        network=Network(kind="linear", normalise="last", start="ridge", head="quantiles", dropout=0.0),
        optimizer=Optimizer(lr=1e-3, schedule="cosine"),
        engine=Engine(steps=600, batch_size=32, clip=1.0, evaluate_every=60, patience=5),
        evaluation=Evaluation(windows=500),
    )
    if tier == "laptop":
        return recipe
    return replace(
        recipe,
        network=Network(kind="patchtst", normalise="instance", affine=True, head="quantiles", width=128, heads=8,
                        layers=3, hidden=256, dropout=0.2, norm="layer"),
        optimizer=Optimizer(name="adamw", lr=5e-4, weight_decay=1e-2, schedule="cosine", warmup=50, decay="matrices"),
        engine=replace(recipe.engine, steps=6000, evaluate_every=200, precision="auto"))


def transformer_etth1(tier: Tier = "laptop") -> ForecasterRecipe:
    """The standard Transformer with its published settings on ETTh1; a quarter of its width on a laptop."""
    network = Network(width=128, hidden=512, heads=8) if tier == "laptop" else Network()
    return ForecasterRecipe(
        name="transformer-etth1",
        summary="the standard encoder–decoder Transformer on ETTh1, 96 → 720 (S0.1–S0.8)",
        data=Data(source="etth1"), network=network,
        optimizer=Optimizer(lr=1e-4, schedule="cosine", warmup=100),
        engine=Engine(steps=3 * _EPOCH if tier == "laptop" else 10 * _EPOCH, batch_size=32, clip=1.0, precision="auto",
                      evaluate_every=_EPOCH // 2, patience=6),
        evaluation=Evaluation(windows=540 if tier == "laptop" else 0),
    )


def transformer_etth1_performer(tier: Tier = "laptop") -> ForecasterRecipe:
    """The same with Performer's attention in encoder and decoder."""
    return _attending(transformer_etth1(tier), "performer", "random positive features (Performer, S0.9–S0.11)")


def transformer_etth1_sparse(tier: Tier = "laptop") -> ForecasterRecipe:
    """The same with strided sparse attention in encoder and decoder."""
    return _attending(transformer_etth1(tier), "strided", "strided sparse attention (S0.9–S0.11)", short="sparse")


def patchtst_etth1(tier: Tier = "laptop") -> ForecasterRecipe:
    """PatchTST with the settings that it was published with for ETTh1."""
    return ForecasterRecipe(
        name="patchtst-etth1",
        summary="PatchTST on ETTh1, 336 → 720: patches of each channel by itself, instance norm",
        data=Data(source="etth1"), window=Window(lookback=336, horizon=720),
        network=Network(kind="patchtst", normalise="instance", affine=True, width=16, heads=4, layers=3, hidden=128,
                        dropout=0.3),
        optimizer=Optimizer(lr=1e-4 if tier == "gpu" else 1e-3, schedule="cosine", warmup=100),
        engine=Engine(steps=600 if tier == "laptop" else 6000, batch_size=32 if tier == "laptop" else 128, clip=1.0,
                      evaluate_every=120, patience=6, precision="auto"),
        evaluation=Evaluation(windows=540 if tier == "laptop" else 0),
    )


def itransformer_etth1(tier: Tier = "laptop") -> ForecasterRecipe:
    """iTransformer: channels as tokens, with the published width for ETTh1 at horizon 720."""
    width = 128 if tier == "laptop" else 512
    return ForecasterRecipe(
        name="itransformer-etth1",
        summary="iTransformer on ETTh1, 96 → 720: whole channels as tokens, instance norm",
        data=Data(source="etth1"),
        network=Network(kind="itransformer", normalise="instance", width=width, hidden=width, heads=8, layers=2),
        optimizer=Optimizer(lr=1e-4 if tier == "gpu" else 3e-4, schedule="cosine", warmup=50),
        engine=Engine(steps=4 * _EPOCH if tier == "laptop" else 10 * _EPOCH, batch_size=32, evaluate_every=_EPOCH // 2,
                      patience=6, precision="auto"),
        evaluation=Evaluation(windows=540 if tier == "laptop" else 0),
    )


def dlinear_etth1(tier: Tier = "laptop") -> ForecasterRecipe:
    """DLinear with the settings that it was published with for ETTh1."""
    return ForecasterRecipe(
        name="dlinear-etth1",
        summary="DLinear on ETTh1, 336 → 720: one linear map of the trend, one of the rest",
        data=Data(source="etth1"), window=Window(lookback=336, horizon=720),
        network=Network(kind="dlinear", dropout=0.0),
        optimizer=Optimizer(lr=5e-3 if tier == "gpu" else 1e-3, schedule="cosine"),
        engine=Engine(steps=4 * _EPOCH if tier == "laptop" else 10 * _EPOCH, batch_size=32, evaluate_every=_EPOCH // 2,
                      patience=6),
        evaluation=Evaluation(windows=540 if tier == "laptop" else 0),
    )


def periodic_etth1(tier: Tier = "laptop") -> ForecasterRecipe:
    """From day to day on ETTh1, in closed form, the same at any tier but for how often intervals are drawn.

    The daily profile of the training rows is taken off, windows are less their mean, and ridge regression maps the same
    hour of past days, and their means, to coming days; its penalty, and the weight of the mean of the last days, are
    those that are best on validation. No constants: over a single year of training they are the drift of that year.
    The one step of training is too short to change a weight.
    """
    return ForecasterRecipe(
        name="periodic-etth1",
        summary="from day to day on ETTh1, 96 → 720: daily profile, ridge across days, mean of the last days, in "
                "seconds",
        data=Data(source="etth1"),
        network=Network(kind="periodic", normalise="mean", cycle=24, cycle_start="profile", start="ridge", blend=True,
                        constants=False, dropout=0.0),
        optimizer=Optimizer(name="sgd", lr=1e-12),
        engine=Engine(steps=1, batch_size=32, evaluate_every=1, patience=1),
        evaluation=Evaluation(draws=1000 if tier == "laptop" else 10_000),
    )


def cyclenet_etth1(tier: Tier = "laptop") -> ForecasterRecipe:
    """CycleNet's linear form on ETTh1: a learned day is taken off, one linear map, absolute error; the same at any
    tier, as it trains in seconds.

    It was added after its test error had been seen: `genloom study forecasting` holds it beside what validation chose.
    """
    return ForecasterRecipe(
        name="cyclenet-etth1",
        summary="CycleNet on ETTh1, 96 → 720: a learned day and one linear map, absolute error, in seconds",
        data=Data(source="etth1"),
        network=Network(kind="linear", normalise="instance", cycle=24, loss="mae", dropout=0.0),
        optimizer=Optimizer(lr=2e-3, schedule="cosine"),
        engine=Engine(steps=600, batch_size=64, evaluate_every=60, patience=5),
        evaluation=Evaluation(windows=540 if tier == "laptop" else 0),
    )


def _attending(base: ForecasterRecipe, kind: str, words: str, short: str = "") -> ForecasterRecipe:
    return replace(base, name=f"{base.name}-{short or kind}", network=replace(base.network, attention=kind),
                   summary=f"the same Transformer with {words}")
