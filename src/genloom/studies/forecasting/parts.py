"""S0.2: the standard Transformer, part by part, and the windows that it learns from."""

import numpy as np
import torch

from genloom.forecasting.transformer import Transformer, TransformerShape
from genloom.recipes.build_forecaster import NAME, ForecasterExperiment
from genloom.recipes.experiment import build
from genloom.report.numbers import at_least, at_most, near
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.forecasting.work import here, published
from genloom.studies.forecasting.written import layered
from genloom.studies.study import Answer, deliverable

WINDOWS = {(96, 720): (7825, 2161, 2161)}
"""Windows of ETTh1's 12, 4 and 4 months, by lookback and horizon."""
_ROUNDING = 1e-4


@deliverable("S0.2", "The standard Transformer, its data and its training from scratch",
             question="Construct the standard Transformer and train it from scratch: which parts has it, on what is it "
                      "trained, and is nothing pretrained?")
def parts(context: Context) -> Answer:
    """Parts and their sizes, the same of torch's layers, windows, and the scaler."""
    made = build(published(context, context.seed), context.data_root)
    assert isinstance(made, ForecasterExperiment)
    network = made.network.network
    assert isinstance(network, Transformer)
    shape = network.shape
    return Answer(
        text=(f"An encoder of {shape.layers} layers reads the lookback of {shape.lookback} rows, a decoder of "
              f"{shape.decoder_layers} layer has the last {shape.label} of them and zeros for the {shape.horizon} to "
              f"come, of which it knows the calendar. Width {shape.layer.width}, {shape.layer.heads} heads, "
              f"{shape.layer.hidden:,} hidden units, norms after each sum: the settings that Transformers for ETTh1 "
              "were published with. Steps stand for words: a token holds the seven values of a row and of its "
              "neighbours, hour, weekday, day of month and of year, and sines and cosines of its place.",
              "The months of training alone give mean and deviation by which all values are scaled. Windows overlap: "
              "each row of a part begins one, whose lookback may reach back into the part before it. None is dropped "
              "from the evaluation.",
              "Weights are drawn from the seed: another seed has others, the same has the same, and no file is read."),
        tables=(_parts_table(network), _windows_table(made)),
        results=(*_same(made, network), *_counts(context, made), _scaler(made), *_from_scratch(context, made)),
        formula="encoder layer: 4D² + 2DF + 9D + F,   decoder layer: 8D² + 2DF + 15D + F,   embedding: D(3C + M)",
        source="Vaswani et al. 2017, section 3; as a forecaster Zhou et al. 2021",
    )


def formula(shape: TransformerShape) -> int:
    """Parameters by the sum over parts.

    >>> formula(TransformerShape())
    10540039
    """
    d, f, c = shape.layer.width, shape.layer.hidden, shape.channels
    embedding = 2 * d * ((3 if shape.neighbours else 1) * c + shape.marks)
    encoder = shape.layers * (4 * d * d + 2 * d * f + 9 * d + f)
    decoder = shape.decoder_layers * (8 * d * d + 2 * d * f + 15 * d + f)
    return embedding + encoder + decoder + 4 * d + (d + 1) * c * shape.parameters


def _parts_table(network: Transformer) -> Table:
    names = {"embed": "tokens of the encoder", "encoder": "encoder layers", "encoder_norm": "norm of the encoder",
             "embed_target": "tokens of the decoder", "decoder": "decoder layers", "decoder_norm": "norm of the "
                                                                                                   "decoder",
             "output": "linear map to the channels"}
    shape = network.shape
    width, label = shape.layer.width, shape.label + shape.horizon
    out = {"embed": f"(B, {shape.lookback}, {width})", "encoder": f"(B, {shape.lookback}, {width})",
           "encoder_norm": f"(B, {shape.lookback}, {width})", "embed_target": f"(B, {label}, {width})",
           "decoder": f"(B, {shape.horizon}, {width})", "decoder_norm": f"(B, {shape.horizon}, {width})",
           "output": f"(B, {shape.horizon}, {shape.channels})"}
    rows = [(said, out[name], f"{sum(p.numel() for p in getattr(network, name).parameters()):,}")
            for name, said in names.items()]
    rows.append(("together", "", f"{sum(p.numel() for p in network.parameters()):,}"))
    return Table(header=("part", "gives", "parameters"), rows=tuple(rows), caption="B windows at a time.")


def _windows_table(made: ForecasterExperiment) -> Table:
    times, rows = made.series.times, []
    for name, part, windows in zip(("training", "validation", "test"), made.borders, made.parts[:3], strict=True):
        rows.append((name, str(times[part.start]), str(times[part.stop - 1]), f"{part.stop - part.start:,}",
                     f"{len(windows):,}"))
    return Table(header=("part", "first row", "last row", "rows", "windows"), rows=tuple(rows),
                 caption=f"{made.recipe.window.lookback} rows are known and {made.recipe.window.horizon} are forecast.")


@torch.no_grad()
def _same(made: ForecasterExperiment, network: Transformer) -> tuple[Result, ...]:
    other, batch = layered(network).eval(), made.parts.valid.batch(torch.arange(2))
    told = (batch["x"], batch["x_marks"], batch["y_marks"])
    mine, theirs = network.eval()(*told), other(*told)
    error = float((mine - theirs).abs().max() / theirs.square().mean().sqrt())
    total = sum(p.numel() for p in network.parameters())
    return (at_most(Result(name="forecast beside the same network of torch's own layers, same weights: largest "
                                "difference over the root mean square", value=error, known=0.0, known_name="equal",
                           n=2 * network.shape.horizon * network.shape.channels), _ROUNDING),
            near(Result(name="parameters", value=total, known=formula(network.shape),
                        known_name="the sum over the parts"), 0))


def _counts(context: Context, made: ForecasterExperiment) -> tuple[Result, ...]:
    window = made.recipe.window
    known = WINDOWS.get((window.lookback, window.horizon)) if here(context).real else None
    rows = [part.stop - part.start for part in made.borders]
    counted = known or (rows[0] - window.lookback - window.horizon + 1, *(row - window.horizon + 1 for row in rows[1:]))
    said = "as published for ETTh1" if known else "rows − horizon + 1, less the lookback in training"
    return tuple(near(Result(name=f"windows of {name}", value=len(windows), known=count, known_name=said), 0)
                 for name, windows, count in zip(("training", "validation", "test"), made.parts[:3], counted,
                                                 strict=True))


def _scaler(made: ForecasterExperiment) -> Result:
    """Computed again, of the training rows alone, by numpy."""
    rows = made.series.values[: made.borders.train.stop]
    again = np.abs(made.parts.scaler.mean - rows.mean(0)).max() + np.abs(made.parts.scaler.std - rows.std(0)).max()
    return at_most(Result(name="mean and deviation beside those of the training rows, largest difference",
                          value=float(again), known=0.0, known_name="equal"), 1e-9)


def _from_scratch(context: Context, made: ForecasterExperiment) -> tuple[Result, ...]:
    def weights(seed: int) -> torch.Tensor:
        again = build(published(context, seed), context.data_root).job().networks[NAME]
        return torch.cat([p.detach().flatten() for p in again.parameters()])

    mine = torch.cat([p.detach().flatten() for p in made.network.parameters()])
    return (near(Result(name="weights beside those of the same seed, largest difference", known=0.0,
                        value=float((weights(context.seed) - mine).abs().max()), known_name="equal"), 0.0),
            at_least(Result(name="weights beside those of another seed, largest difference",
                            value=float((weights(context.seed + 1) - mine).abs().max()), known_name="drawn anew",
                            known=0.0), 1e-3))
