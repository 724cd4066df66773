"""S4.13, S4.14 and S4.15: the networks of the second text's tables, and how they begin."""

import math
from typing import NamedTuple

from torch import nn

from genloom.report.numbers import at_most, near, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.mnist_gans.networks import pair_results, pair_tables
from genloom.studies.mnist_gans.written import ours
from genloom.studies.study import Answer, deliverable

GENERATOR = ("Linear", "LeakyReLU", "Upsample", "Conv2d", "LeakyReLU", "Upsample", "Conv2d", "LeakyReLU", "Conv2d",
             "Sigmoid")
DISCRIMINATOR = ("Conv2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "Linear")
"""Layers of Tables 2 and 1 in their order."""
_ERRORS = 4.0  # standard errors that a standard deviation may be off


@deliverable("S4.13", "The discriminator of Table 1", question="Implement DNet with exactly the layers of Table 1.")
def discriminator(context: Context) -> Answer:
    """Nine layers, 593 parameters."""
    _, judged = ours("tables")
    return Answer(
        text=("The nine layers of Table 1 in its order. After two halvings and a convolution without padding, 8 "
              "channels of 5 × 5 are left: 200 numbers for the last layer.",
              "593 parameters against 107,777: each of these places sees a patch of 18 × 18 pixels, and the logit is a "
              "sum over the 25 of them. What strokes in different patches are together, this discriminator cannot ask, "
              "and what it teaches is as coarse (S4.18)."),
        tables=(pair_tables("tables")[1],),
        results=(_order(judged, DISCRIMINATOR, "Table 1"), _given(judged, 593), pair_results("tables")[3]),
        formula="3·3·2 + 2 + 3·3·2·4 + 4 + 3·3·4·8 + 8 + 8·5·5 + 1 = 593", source="problem text, Table 1",
    )


@deliverable("S4.14", "The generator of Table 2", question="Implement GNet with exactly the layers of Table 2.")
def generator(context: Context) -> Answer:
    """Ten layers, 107,777 parameters."""
    made, _ = ours("tables")
    return Answer(
        text=("The ten layers of Table 2 in its order, from 64 coordinates of noise. A sigmoid ends it, so its "
              "pictures are in [0, 1], and so are the real ones that the discriminator sees beside them.",
              "The starter of the course draws the noise uniformly in [−1, 1], its text says Gaussian: both are there "
              "(`--latent.law`); here it is uniform."),
        tables=(pair_tables("tables")[0],),
        results=(_order(made, GENERATOR, "Table 2"), _given(made, 107_777), pair_results("tables")[2]),
        formula="65·1568 + (9·32 + 1)·16 + (9·16 + 1)·8 + (9·8 + 1) = 107,777", source="problem text, Table 2",
    )


@deliverable("S4.15", "Initial weights", question="Initialise weights by kaiming_uniform and biases by 0.")
def initial(context: Context) -> Answer:
    """Every layer's weights beside the bound and the spread that they should have."""
    found = [weights(name, layer) for network, name in zip(ours("tables", context.seed), ("G", "D"), strict=True)
             for layer in layers_of(network) if isinstance(layer, nn.Linear | nn.Conv2d)]
    rows = tuple((each.where, str(each.fan_in), number(each.bound), number(each.largest), number(each.spread),
                  number(each.bound / math.sqrt(3)), number(each.bias)) for each in found)
    return Answer(
        text=("Weights are uniform in ±√(6/fan in), of variance 2/fan in, so that the variance of a layer's output is "
              "twice the mean square of its input. ReLU leaves half of a mean square, and so signals keep their size "
              "through all layers. Biases are 0.",
              "The text asks for the same rule for all layers, also for the last ones, which have no ReLU after them, "
              "and for those with LeakyReLU of slope .2, where √(6/(1.04 fan in)) would be exact."),
        tables=(Table(header=("layer", "fan in", "bound", "largest weight", "standard deviation", "of the uniform law",
                              "largest bias"), rows=rows, caption="Untrained weights of both networks."),),
        results=(
            near(Result(name="largest bias", value=max(each.bias for each in found), known=0.0, known_name="0"), 0.0),
            at_most(Result(name="largest weight over its bound", value=max(each.largest / each.bound for each in found),
                           known=1.0, known_name="U(−b, b), b = √(6/fan in)", n=sum(each.size for each in found)), 1.0),
            at_most(Result(name="largest deviation of a layer's spread from b/√3, in standard errors",
                           value=max(each.errors for each in found), known=0.0, known_name="the uniform law",
                           n=len(found)), _ERRORS),
        ),
        formula="w ~ U(−√(6/fan in), √(6/fan in)),   b = 0", source="problem text, 4.3; He et al. 2015, Eq. 10",
    )


class Weights(NamedTuple):
    """A layer's untrained weights: bound of the law they should have, largest one, and standard deviation about 0."""

    where: str
    fan_in: int
    largest: float
    spread: float
    bias: float
    size: int

    @property
    def bound(self) -> float:
        """√(6/fan in)."""
        return math.sqrt(6 / self.fan_in)

    @property
    def errors(self) -> float:
        """How far the mean square is from b²/3, in standard errors: of w², Var = b⁴ (1/5 − 1/9)."""
        error = self.bound**2 * math.sqrt(4 / 45 / self.size)
        return abs(self.spread**2 - self.bound**2 / 3) / error


def weights(network: str, layer: nn.Linear | nn.Conv2d) -> Weights:
    """Of one layer."""
    w = layer.weight.detach().double()
    bias = 0.0 if layer.bias is None else float(layer.bias.detach().abs().max())
    shape = " × ".join(map(str, w.shape))
    return Weights(f"{network}: {type(layer).__name__} {shape}", w[0].numel(), float(w.abs().max()),
                   float(w.square().mean().sqrt()), bias, w.numel())


def layers_of(network: nn.Module) -> list[nn.Module]:
    """The layers in the order in which they were defined, without those that hold others or do nothing."""
    return [each for each in network.modules() if not list(each.children()) and type(each).__name__ != "Identity"]


def _order(network: nn.Module, table: tuple[str, ...], name: str) -> Result:
    own = tuple(type(each).__name__ for each in layers_of(network))
    same = sum(a == b for a, b in zip(own, table, strict=False)) if len(own) == len(table) else 0
    return near(Result(name=f"layers that stand where {name} has them", value=same, known=len(table),
                       known_name=name), 0)


def _given(network: nn.Module, known: int) -> Result:
    total = sum(p.numel() for p in network.parameters())
    return near(Result(name="parameters", value=total, known=known, known_name="the sum over the table"), 0)
