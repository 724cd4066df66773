"""S0.5 and S0.6: why a decoder needs a mask, how the mask is made, and a series on which cheating has a known size."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.forecasting.attention.kinds import attend
from genloom.forecasting.masks import make_mask
from genloom.report.figures import COLORS, DASHED, KNOWN, MARKERS, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import array, density
from genloom.report.results import Figure, Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.masked_decoder import (
    AHEAD,
    BATCH,
    POSITIONS,
    STEPS,
    TESTED,
    Taught,
    exact_weights,
    floors,
    multiplied_weights,
    one_shot_leak,
    taught,
)
from genloom.studies.written.proof import Checked, Written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 8
_CLOSE = 0.08  # of the least error, above which training may leave a network
_ROUNDING = 1e-12


def both(context: Context) -> dict[bool, Taught]:
    """The decoder with its mask and without, trained once."""
    return context.once("masked decoders", lambda: {masked: taught(masked, context.seed) for masked in (True, False)})


def check_why(context: Context) -> Checked:
    """A decoder that can look at the answer beside one that cannot, on a series whose least errors are known."""
    found = both(context)
    causal, none = found[True], found[False]
    step, run = causal.least
    once = one_shot_leak(context.seed)
    return Checked(results=(
        near(_error("taught with the truth, causal mask: squared error", causal.given, step,
                    "φ yₜ₋₁ on the same windows; 1 − φ² in the mean"), _CLOSE * step),
        at_most(_error("the same without a mask", none.given, step, "least of a forecast that does not see its answer"),
                0.5 * step),
        near(_error("on its own forecasts, causal mask: squared error", causal.free, run,
                    "φʰ y₀ on the same windows; 1 − φ²ʰ in the mean"), _CLOSE * run),
        at_least(_error("the same without a mask", none.free, run, "least of any forecast"), 1.2 * run),
        near(Result(name="change of earlier forecasts by later truths, causal mask", value=causal.leak, known=0.0,
                    known_name="nothing of the future is seen"), _ROUNDING),
        at_least(Result(name="the same without a mask", value=none.leak, known=0.0,
                        known_name="0 if nothing were seen"), 0.1),
        near(Result(name="change of a one-shot forecast by all that comes, no mask", value=once, known=0.0,
                    known_name="nothing of it is an input"), 0.0),
    ), figures=(_figure(context, found),), text=(
        f"The series is yₜ = 0.8 yₜ₋₁ + 0.6 ε, of variance 1, forecast {AHEAD} steps ahead by a small decoder that was "
        f"trained on {STEPS} batches of {BATCH} fresh windows, so that nothing can be learned by heart. Given the "
        "truth before each step, no forecast has a squared error below 0.36 in the mean. Without a mask it is "
        f"{number(float(none.given.mean()), 2)} in training: an error below the floor is the sign of a leak. The last "
        "step alone has an honest error, since its answer is the input of no place. Run on its own forecasts, as in "
        f"use, the same network has {number(float(none.free.mean()), 3)}, where the masked one has "
        f"{number(float(causal.free.mean()), 3)} and the exact forecast {number(run, 3)}.",
        "The same on ETTh1, with other masks, and the decoder that forecasts all steps in one pass: "
        "`genloom study forecasting --only S0.5 S0.6`.",
    ))


def check_how(context: Context) -> Checked:
    """What a mask does to weights, by hand and by two implementations, and that one pass is then step by step."""
    found = both(context)
    apart, count = _in_library()
    return Checked(figures=(_weights_figure(context),), results=(
        *exact_weights(),
        *multiplied_weights(),
        at_most(Result(name="torch's fused kernel with the same mask beside the matrix written out, largest difference",
                       value=apart, known=0.0, known_name="equal", n=count), _ROUNDING),
        at_most(Result(name="causal mask: step by step beside one pass over its own forecasts, largest difference",
                       value=found[True].own, known=0.0, known_name="the same function", n=TESTED * AHEAD), _ROUNDING),
        at_least(Result(name="the same without a mask", value=found[False].own, known=0.0, n=TESTED * AHEAD,
                        known_name="0 if it were the same function"), 1e-3),
    ), text=(
        "The last two numbers say what training in one pass relies on: with the causal mask, giving a decoder all its "
        "steps at once has the same outcome as running it step by step, to the last digits. Without it these are "
        "different functions, of which training sees one and use the other.",
    ))


def _in_library() -> tuple[float, int]:
    draws = generator(6)
    q, k, v = (torch.randn(2, 2, POSITIONS, 8, generator=draws, dtype=torch.float64) for _ in range(3))
    seen = make_mask("causal", POSITIONS, POSITIONS)
    assert seen is not None
    theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
    return float((attend("materialised", q, k, v, mask=seen) - theirs).abs().max()), theirs.numel()


def _error(name: str, errors: Tensor, known: float, said: str) -> Result:
    return Result(name=name, value=float(errors.mean()), known=known, known_name=said, n=TESTED * AHEAD)


@styled()
def _figure(context: Context, found: dict[bool, Taught]) -> Figure:
    figure, axes = canvas(9.2, 3.5, 1, 2, sharey=True)
    ahead = range(1, AHEAD + 1)
    titles = ("taught: the truth before each step is given", "in use: on its own forecasts")
    for axis, field, floor, title in zip(axes, ("given", "free"), floors(), titles, strict=True):
        for k, (masked, name) in enumerate(((True, "causal mask"), (False, "no mask"))):
            axis.plot(ahead, array(getattr(found[masked], field)), color=COLORS[k], marker=MARKERS[k], label=name)
        axis.plot(ahead, array(floor), color=KNOWN, linewidth=1.1, linestyle=DASHED, label="least possible")
        axis.set(xlabel="step", title=title, xticks=ahead)
    axes[0].set_ylabel("squared error")
    axes[0].legend(loc="center left")
    return context.figure(
        figure, "mask-needed",
        caption="The error of each step of both decoders. Without a mask it falls below what is possible while the "
                "answers are among the inputs, and is worse where they are not.",
        alt="Two panels. Left, one curve lies on the dashed line of the least error, the other near 0 up to its last "
            "step. Right, the first lies on the rising dashed line and the other above it")


def _weights_figure(context: Context) -> Figure:
    scores = torch.randn(_SHOWN, _SHOWN, generator=generator(context.seed, 324), dtype=torch.float64)
    seen = torch.ones(_SHOWN, _SHOWN, dtype=torch.bool).tril()
    panels = (("scores", scores), ("scores + m", scores.masked_fill(~seen, -math.inf)),
              ("softmax of each row", scores.masked_fill(~seen, -math.inf).softmax(1)))
    figure, axes = canvas(8.8, 3.0, 1, 3, sharey=True)
    for axis, (name, values) in zip(axes, panels, strict=True):
        _draw(axis, name, values)
    axes[0].invert_yaxis()  # which all share
    axes[0].set_ylabel("query")
    return context.figure(
        figure, "mask-made",
        caption="A causal mask on random scores: −∞, white, is added where a key is later than its query, and the "
                "softmax makes weights of the rest. Every row sums to 1; the first position sees itself alone.",
        alt="Three square matrices; in the second and third the part above the diagonal is empty or dark")


@styled()
def _draw(axes: "Axes", name: str, values: Tensor) -> None:
    density(axes, range(_SHOWN), range(_SHOWN), values)
    axes.grid(visible=False)
    axes.set(title=name, xlabel="key")


WHY = Written(
    number="S0.5",
    title="Why a mask is needed",
    statement=r"A mask keeps a Transformer autoregressive. Explain why it is necessary.",
    derivation=(
        r"An autoregressive decoder forecasts a series one step at a time, each from the steps before it. Its "
        r"distribution is a product",
        r"$$p(y_1, \dots, y_H \mid x) = \prod_{t=1}^{H} p(y_t \mid y_1, \dots, y_{t-1}, x)$$",
        r"In training all $y$ are known, and all $H$ factors are computed in one pass: the true values are given as "
        r"inputs (teacher forcing). Place $t$ of the decoder holds $y_{t-1}$ and must answer with $y_t$, which is what "
        r"place $t + 1$ holds. Attention looks at all places unless it is kept from it. So without a mask the answer "
        r"to every question but the last one is among the inputs.",
        r"What then is learned? The squared error of place $t$ is least for the conditional mean given all inputs. "
        r"Where $y_t$ is one of them, the mean is $y_t$ itself and the error is $0$:",
        r"$$\min_f \mathbb{E} \left( f(y_1, \dots, y_{H-1}, x) - y_t \right)^2 = \mathbb{E} \, \mathrm{Var}(y_t \mid "
        r"y_1, \dots, y_{H-1}, x) = 0 \quad (t < H)$$",
        r"A network reaches that by copying from the right. In use there is nothing to the right: $y_t$ is what shall "
        r"be forecast. The function that was trained is not the one that is used.",
        r"With a causal mask, the output of attention at place $t$ is a mean of values at places $1, \dots, t$; layers "
        r"that work on each place alone keep that so, and so does any number of layers: if the inputs of a layer at "
        r"places up to $t$ are functions of $y_1, \dots, y_{t-1}$, so are its outputs there. The pass then computes "
        r"exactly the factors of the product, and giving it its own answers in one pass is the same as running it step "
        r"by step. The least error is the honest one, $\mathbb{E} \, \mathrm{Var}(y_t \mid y_1, \dots, y_{t-1}, x)$. A "
        r"layer that mixes neighbouring places otherwise, such as a convolution in the embedding, must look back only "
        r"as well.",
        r"It is the decoder's attention to itself that needs the mask. The encoder reads $x$, and the attention from "
        r"the decoder to the encoder looks at $x$ too: all of that is known when the forecast is made, so nothing has "
        r"to be hidden there.",
        r"On a series $y_t = \varphi y_{t-1} + \sqrt{1 - \varphi^2}\, \varepsilon_t$ of variance $1$ both floors are "
        r"known. Given the truth before each step the least error is $1 - \varphi^2$; from the last known value alone "
        r"it is, $h$ steps ahead,",
        r"$$\mathrm{Var}(y_h \mid y_0) = (1 - \varphi^2) \left( 1 + \varphi^2 + \dots + \varphi^{2(h-1)} \right) = 1 - "
        r"\varphi^{2h}$$",
        r"A decoder that forecasts all steps in one pass from zeros has no truth among its inputs. Its forecast is a "
        r"function of $x$ alone, mask or none, and a mask there hides nothing of the future: it only keeps early "
        r"places from what the network works out for later ones.",
    ),
    erratum=r"S0 prints no answer. That a mask keeps a Transformer autoregressive is true of one that is taught with "
            r"the truth or run step by step. A decoder that is given zeros for all steps to come, as is usual for ETT, "
            r"is not autoregressive with a mask either, and has nothing to hide.",
    source="S0, part 1; Vaswani et al. 2017, section 3.2.3",
    carried=(("studies.written.masked_decoder.leak",
              "studies/written/test_masked_decoder.py::test_a_causal_mask_hides_what_comes_and_no_mask_does_not"),
             ("forecasting.transformer.Transformer",
              "studies/written/test_masked_decoder.py::test_one_pass_over_its_own_forecasts_is_step_by_step")),
    check=check_why,
)

HOW = Written(
    number="S0.6",
    title="How the mask is implemented",
    statement=r"Explain how the mask is implemented in your code. You can modify the mask as you think it is "
              r"reasonable.",
    derivation=(
        r"A mask is a matrix of truth values with a row for each query $i$ and a column for each key $j$. For the "
        r"causal mask entry $(i, j)$ is true where $j \le i$. Attention computes scores $s_{ij} = q_i \cdot k_j / "
        r"\sqrt{d}$ and weights from them. Where the mask is false, $-\infty$ is added to the score before the "
        r"softmax, in every head and every sample of a batch alike:",
        r"$$w_{ij} = \frac{\exp(s_{ij} + m_{ij})}{\sum_k \exp(s_{ik} + m_{ik})}, \qquad m_{ij} = 0 \text{ where the "
        r"mask is true, } -\infty \text{ where it is false}$$",
        r"Since $\exp(-\infty) = 0$, a hidden pair has a weight of exactly $0$, and what is hidden enters neither the "
        r"sum above nor, through the denominator, anything else: its gradient is $0$ too. The other weights of the row "
        r"still sum to $1$.",
        r"Multiplying the weights by $0$ and $1$ after the softmax is not the same. The row then sums to",
        r"$$\sum_{j \le i} \frac{\exp s_{ij}}{\sum_k \exp s_{ik}} < 1$$",
        r"so that a query's answer shrinks by how much was hidden from it; and the denominator still has the hidden "
        r"scores in it, so that the weights depend on the future: it leaks. A large negative number in place of "
        r"$-\infty$, such as $-10^9$, gives $0$ as well, by underflow, where some key of the row is seen. In a row "
        r"that is hidden whole the softmax divides it out again, and the query sees what was to be hidden; with "
        r"$-\infty$ such a row has no softmax at all, which is why every query must see one key at least.",
        r"In this program make_mask of genloom.forecasting.masks makes the matrix from a name, a function, a matrix or "
        r"a file of zeros and ones, and the flags --network.mask and --network.encoder-mask take the names.",
    ),
    source="S0, part 1; Vaswani et al. 2017, section 3.2.3",
    carried=(("forecasting.masks.make_mask", "forecasting/test_masks.py::test_causal_is_what_torch_calls_causal"),
             ("studies.written.masked_decoder.exact_weights",
              "studies/written/test_masks.py::test_what_is_exact_needs_no_training")),
    check=check_how,
)
