"""S0.12 and S0.17: the noise, and both pairs of networks of the first text."""

from itertools import pairwise

import torch
from torch import Tensor

from genloom.gan.latent import Latent
from genloom.report.figures import canvas
from genloom.report.numbers import at_least, near, number
from genloom.report.plots import histogram
from genloom.report.results import Figure, Result, Table
from genloom.rng import SampleNoise
from genloom.studies.context import Context
from genloom.studies.mnist_gans.written import SIZE, WRITTEN, Layer, apart, layers, ours, parameters
from genloom.studies.study import Answer, deliverable

_DRAWN = 2000  # rows of noise
_ROUNDING = 1e-10  # of float64, through all layers


@deliverable("S0.12", "Noise, discriminator and generator",
             question="Implement sample_noise, the discriminator and the generator of the fully connected GAN.")
def mlp(context: Context) -> Answer:
    """Noise uniform in [−1, 1], and two stacks of linear layers."""
    noise = sample_noise(_DRAWN, 96, context.seed)
    return Answer(
        text=(
            "sample_noise gives numbers uniform in [−1, 1], one row of 96 for each picture. Here they are made from "
            "normal numbers, z = 2 Φ(n) − 1, and row i is a function of (seed, i) alone: a picture does not depend on "
            "the batch that it is made in.",
            "The discriminator ends in a logit, not in a probability: sigmoid and logarithm belong to the loss, where "
            "they can be taken together (S0.13). The generator ends in tanh, because pictures are scaled to [−1, 1].",
            "Both are compared with the same layers written one after the other with torch alone, given the same "
            "weights: they are the same functions.",
        ),
        figures=(_noise(context, noise),),
        tables=pair_tables("mlp"),
        results=(*_noise_results(noise, context.seed), *pair_results("mlp", generator=(96, 1024, 1024, 784),
                                                                     discriminator=(784, 256, 256, 1))),
        formula="z ~ U(−1, 1)⁹⁶;   G: 96 → 1024 → 1024 → 784, ReLU, tanh;   D: 784 → 256 → 256 → 1, LeakyReLU .01",
        source="problem text, 2.1 and its Figure 1",
    )


@deliverable("S0.17", "Convolutional discriminator and generator",
             question="Finish build_dc_classifier and build_dc_generator.")
def course(context: Context) -> Answer:
    """The convolutional pair, layer by layer."""
    return Answer(
        text=(
            "The discriminator looks at 5 × 5 places and halves twice; the generator doubles twice, by transposed "
            "convolutions whose 4 × 4 places overlap evenly at stride 2, so that they leave no chequerboard of their "
            "own. The generator has batch norms, after ReLU as in the course's own exercise; the discriminator has "
            "none, so its logit for one picture does not depend on the others, as every penalty on its gradient needs.",
            f"At {SIZE} × {SIZE} pixels the convolutions leave 64 × 4 × 4 = 1024 numbers for the last two layers.",
        ),
        tables=pair_tables("course"),
        results=pair_results("course"),
        formula="D: 1 → 32 → 64 channels, 1024 → 1024 → 1;   G: 96 → 1024 → 128 × 7 × 7 → 64 × 14 × 14 → 1 × 28 × 28",
        source="problem text, 2.3 and its Figure 2; Radford et al. 2016, §3",
    )


def sample_noise(count: int, size: int, seed: int) -> Tensor:
    """Noise uniform in [−1, 1], (count, size): row i is a function of (seed, i)."""
    latent = Latent(size=size)
    return latent.of(SampleNoise(seed, count, (latent.drawn,))())


def pair_tables(kind: str) -> tuple[Table, Table]:
    """The layers of a pair, generator first."""
    written = WRITTEN[kind]()
    made = list(layers(written.generator, torch.zeros(2, written.latent)))
    judged = list(layers(written.discriminator, torch.zeros(2, 1, SIZE, SIZE)))
    return (_table(made, f"The generator, from {written.latent} coordinates of noise."),
            _table(judged, f"The discriminator, from pictures of {SIZE} × {SIZE}."))


def pair_results(kind: str, *, generator: tuple[int, ...] = (), discriminator: tuple[int, ...] = ()
                 ) -> tuple[Result, ...]:
    """Numbers of parameters beside those of the text, and whether the networks are the written ones.

    generator, discriminator   widths of a stack of linear layers, whose parameters are then counted from them
    """
    made, judged = ours(kind)
    written = WRITTEN[kind]()
    pictures, logits = apart(kind)
    known = [_linear(widths) if widths else parameters(network)
             for widths, network in zip((generator, discriminator), written[:2], strict=True)]
    name = "Σ (in + 1) · out over its widths" if generator else "the text's layers in torch"
    return (
        near(Result(name="parameters of the generator", value=parameters(made), known=known[0], known_name=name), 0),
        near(Result(name="parameters of the discriminator", value=parameters(judged), known=known[1], known_name=name),
             0),
        near(Result(name="largest difference of pictures from the written generator's, same weights", value=pictures,
                    known=0.0, known_name="the same function", n=8), _ROUNDING),
        near(Result(name="largest difference of logits from the written discriminator's, same weights", value=logits,
                    known=0.0, known_name="the same function", n=8), _ROUNDING),
    )


def _linear(widths: tuple[int, ...]) -> int:
    return sum((before + 1) * after for before, after in pairwise(widths))


def _table(found: list[Layer], caption: str) -> Table:
    rows = [(str(i), layer.words, " × ".join(map(str, layer.shape)), number(layer.parameters) if layer.parameters else
             "—") for i, layer in enumerate(found, 1)]
    rows.append(("", "all", "", number(sum(layer.parameters for layer in found))))
    return Table(header=("", "layer", "output", "parameters"), rows=tuple(rows), caption=caption)


def _noise(context: Context, noise: Tensor) -> Figure:
    figure, (axes,) = canvas(5.4, 2.6)
    edges = torch.tensor([-1.0, 1.0])
    histogram(axes, noise.flatten(), bins=40, known_x=edges, known_density=torch.full((2,), 0.5),
              known_name="uniform density", label="sample_noise", xlabel="z")
    return context.figure(figure, "noise", caption=f"{noise.numel():,} numbers of sample_noise, and the uniform "
                                                   "density ½.",
                          alt="A flat histogram from −1 to 1 at the height of the dashed line")


def _noise_results(noise: Tensor, seed: int) -> tuple[Result, ...]:
    from scipy import stats

    flat = noise.flatten().double()
    variance = 1 / 3
    error = (4 / 45 / len(flat)) ** 0.5  # Var z² = E z⁴ − (E z²)² = 1/5 − 1/9
    p = float(stats.kstest(flat.numpy(), "uniform", args=(-1, 2)).pvalue)
    return (
        near(Result(name="mean of the noise's squares", value=float(flat.square().mean()), known=variance,
                    known_name="variance of U(−1, 1)", n=len(flat), seeds=(seed,),
                    tolerance="within 4 standard errors"),
             4 * error),
        at_least(Result(name="Kolmogorov–Smirnov test against U(−1, 1), p-value", value=p, n=len(flat), seeds=(seed,),
                        tolerance="above 1e−4"), 1e-4),
    )
