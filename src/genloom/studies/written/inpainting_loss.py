"""S3.6 to S3.8: the squared error of hidden pixels, a game beside it, and what the squared error alone lacks."""

import math

import torch
from torch import Tensor

from genloom.gan.inpainting import hidden_error
from genloom.report.numbers import at_least, at_most, fixed, near, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.inpainting.doors import ROOMS, Doors
from genloom.studies.written.exact_doors import (
    DRAWS,
    HARD,
    SOFT,
    door_share,
    error_of,
    every_door,
    exact_doors,
    foreign_gradients,
    game_value,
    one_number,
    shown,
)
from genloom.studies.written.proof import Checked, Written

_ROUNDING = 1e-12
_FITTED = 1e-6


def check_masked(context: Context) -> Checked:
    """Where the loss has a gradient, what the network sees, what minimises it, and what the printed one costs."""
    here = exact_doors()
    pictures, room, chance = every_door(here)
    mask = here.mask.double().expand(len(room), -1, -1, -1)
    answer = here.mean(torch.arange(ROOMS)).requires_grad_()
    expected = chance @ hidden_error(answer[room], pictures, mask)
    (slope,) = torch.autograd.grad(expected, answer)
    start = torch.zeros_like(pictures).requires_grad_()
    (outside,) = torch.autograd.grad(hidden_error(start, pictures, mask).sum(), start)
    (anywhere,) = torch.autograd.grad((start - pictures).square().sum(), start)
    seen = [shown(pictures + change * (1 - mask), here.mask.double()) for change in (0.0, 5.0)]
    masked, printed = one_number(True, context.seed), one_number(False, context.seed)
    return Checked(results=(
        near(Result(name="largest gradient of the loss at known pixels", value=float((outside * mask).abs().max()),
                    known=0.0, known_name="multiplied by the mask", tolerance="exactly"), 0.0),
        at_least(Result(name="the same of the printed loss", value=float((anywhere * mask).abs().max()), known=0.0,
                        known_name="not judged there", tolerance="at least 0.1: it is judged there too"), 0.1),
        near(Result(name="change of what training shows the network when hidden pixels change",
                    value=float((seen[0] - seen[1]).abs().max()), known=0.0, known_name="they are multiplied by 0",
                    tolerance="exactly"), 0.0),
        at_most(Result(name="doors: largest gradient of the expected loss at E[x | known]",
                       value=float(slope.abs().max()), known=0.0, known_name="it is the least of all functions",
                       n=len(room)), _ROUNDING),
        near(Result(name="doors: expected loss of E[x | known]", value=float(expected.detach()),
                    known=float((here.chance * (1 - here.chance)).mean()) * door_share(here),
                    known_name="mean of p (1 − p) over rooms, times the door's share"), _ROUNDING),
        near(Result(name="room for one number, the error of the hidden one: trained by the masked loss", value=masked,
                    known=HARD**2, known_name="variance of h given k₁", n=DRAWS), _FITTED),
        near(Result(name="room for one number, the error of the hidden one: trained by the printed loss",
                    value=printed, known=SOFT**2 + HARD**2, known_name="variance of h: nothing learned of it",
                    n=DRAWS), _FITTED),
    ), text=(
        "A linear network that passes on a single number of the two it is shown is trained by both losses. By the "
        f"masked one it passes on the number that tells of the hidden one, and has an error of {number(masked)}. By "
        "the printed one it passes on the number that varies most, which it was shown anyway, and has "
        f"{number(printed)}, as if it had learned nothing. A network with room enough reaches the same optimum by "
        "both.",
        "The loss at work, on a U-Net with real masks: `genloom study inpainting --only S3.6`.",
    ))


def check_game(context: Context) -> Checked:
    """Which gradient reaches which network, and what the game's value is for three kinds of completions."""
    here = exact_doors()
    into_generator, into_judge, changed = foreign_gradients(context.seed)
    likely = torch.maximum(here.chance, 1 - here.chance)
    mixed = float(((likely * (likely / (1 + likely)).log() - (1 + likely).log())).mean())
    kinds = {"exact means": "mean", "the likelier door": "likelier", "exact draws": "draws"}
    values = {name: game_value(here, kind) for name, kind in kinds.items()}
    known = {"exact means": (0.0, "no fake is ever real: JSD = log 2"),
             "the likelier door": (mixed, "mean of p log p/(1 + p) − log(1 + p), p of the likelier door"),
             "exact draws": (-math.log(4), "−log 4: JSD = 0")}
    mean_error, likely_error = (error_of(here, kind) for kind in ("mean", "likelier"))
    return Checked(results=(
        near(Result(name="largest gradient of the discriminator's loss in the generator", value=into_generator,
                    known=0.0, known_name="fakes are detached", tolerance="exactly"), 0.0),
        near(Result(name="largest gradient of the squared error in the discriminator", value=into_judge, known=0.0,
                    known_name="no function of φ", tolerance="exactly"), 0.0),
        near(Result(name="change of the discriminator's gradient when the squared error is added, as is printed",
                    value=changed, known=0.0, known_name="the term adds a constant", tolerance="exactly"), 0.0),
        *(near(Result(name=f"doors: V at the best discriminator, completed by {name}", value=values[name][0],
                      known=known[name][0], known_name=known[name][1]), 1e-10) for name in values),
        at_most(Result(name="largest difference of V from 2 JSD − log 4", known=0.0, known_name="Goodfellow's identity",
                       value=max(abs(one - other) for one, other in values.values())), 1e-10),
        Result(name="λ from which squared error + λ V prefers the likelier door to the mean",
               value=(likely_error - mean_error) / (values["exact means"][0] - values["the likelier door"][0])),
    ), tables=(_table(here, {name: value[0] for name, value in values.items()}),), text=(
        "On doors all is known: 8 rooms and in each a door that is light with probability p, so that the best "
        "discriminator of any completion can be written down. It tells the mean of both doors from a real one every "
        "time; always the likelier door looks real but is too frequent; draws it cannot tell at all. The squared error "
        "ranks them the other way round. The weight λ decides between them.",
        "Both networks trained: `genloom study inpainting --only S3.7`.",
    ))


def check_lacks(context: Context) -> Checked:
    """Nearness and likeness on doors, exactly."""
    here = exact_doors()
    pictures, room, chance = every_door(here)
    hidden = 1 - here.mask.double()
    mean = here.mean(room)
    ratio = error_of(here, "draws") / error_of(here, "mean")
    distance = ((mean - pictures).abs() * here.door).flatten(1).amax(1)
    by_room = torch.minimum(distance[:ROOMS], distance[ROOMS:])

    def spread(x: Tensor) -> float:
        centre = torch.einsum("n,nchw->chw", chance, x)
        return float(torch.einsum("n,nchw->", chance, (x - centre).square() * hidden))

    off = float(torch.einsum("n,nchw->", chance, (pictures - mean).square() * hidden))
    return Checked(results=(
        near(Result(name="doors: squared error of exact posterior draws over that of the exact mean", value=ratio,
                    known=2.0, known_name="draws and truth are independent given what is known"), _ROUNDING),
        near(Result(name="doors: variance of hidden pixels, of means + of doors about them, over the whole",
                    value=(spread(mean) + off) / spread(pictures), known=1.0, known_name="law of total variance"),
             _ROUNDING),
        Result(name="doors: share of the variance that the means keep", value=spread(mean) / spread(pictures),
               known=1.0, known_name="real doors"),
        near(Result(name="doors: least distance of a mean from the nearest real door", value=float(by_room.min()),
                    known=float(torch.minimum(here.chance, 1 - here.chance).min()),
                    known_name="chance of the other door in the surest room; 0 for a picture that occurs"), _ROUNDING),
    ), text=(
        "Not one of the 8 conditional means is a door that exists. They keep "
        f"{spread(mean) / spread(pictures):.0%} of the variance of the hidden pixels; the rest is what is called blur.",
        "Eight ways to complete pictures, by both measures, with trained networks and diffusion models: "
        "`genloom study inpainting --only S3.8`.",
    ))


def _table(here: Doors, values: dict[str, float]) -> Table:
    rows = tuple((name, fixed(error_of(here, kind), 4), fixed(value, 4), fixed((value + math.log(4)) / 2, 4))
                 for (name, value), kind in zip(values.items(), ("mean", "likelier", "draws"), strict=True))
    return Table(header=("completed by", "squared error", "V at the best D", "JSD"), rows=rows,
                        caption="Doors, all exact: the less of one, the more of the other.")


MASKED = Written(
    number="S3.6",
    title="The squared error of hidden pixels",
    statement=r"A U-Net $g_\theta$ is given a picture $\mathbf{x}$ and a mask $\mathbf{m}$, which is $1$ where pixels "
              r"shall be hidden, and returns a picture. Define a squared error $\ell_{\mathrm{mse}}(\theta)$ for one "
              r"example $(\mathbf{x}, \mathbf{m})$ that makes the hidden pixels match, such that $g_\theta$ never sees "
              r"them.",
    derivation=(
        r"Two things must be said apart: what the network is shown, and what it is judged by. It is shown the picture "
        r"with the hidden pixels set to $0$, and the mask, so that it can tell a hidden pixel from a black one:",
        r"$$\mathbf{x}' = g_\theta \left( (1 - \mathbf{m}) \odot \mathbf{x}, \, \mathbf{m} \right)$$",
        r"What is hidden is multiplied by $0$ before anything is computed, so $\mathbf{x}'$ is no function of it. It "
        r"is judged where pixels are hidden, and nowhere else:",
        r"$$\ell_{\mathrm{mse}}(\theta) = \frac{1}{\sum_{ij} m_{ij}} \sum_{ij} m_{ij} \left( x'_{ij} - x_{ij} "
        r"\right)^2$$",
        r"The division only makes masks of different sizes comparable; where nothing is hidden, the loss is $0$. What "
        r"does the least of this loss look like? Write $\mathbf{k}$ for what is shown and $\boldsymbol{\mu} = "
        r"\mathbb{E}[\mathbf{x} \mid \mathbf{k}]$. For one hidden pixel and any answer $x'$ that is a function of "
        r"$\mathbf{k}$, add and subtract $\mu$; the mixed term has the mean $0$ because $\mathbb{E}[x - \mu \mid "
        r"\mathbf{k}] = 0$:",
        r"$$\begin{align*} \mathbb{E}[(x' - x)^2 \mid \mathbf{k}] &= (x' - \mu)^2 + 2 (x' - \mu) \, \mathbb{E}[\mu - x "
        r"\mid \mathbf{k}] + \mathbb{E}[(\mu - x)^2 \mid \mathbf{k}] \\ &= (x' - \mu)^2 + \mathrm{Var}(x \mid "
        r"\mathbf{k}) \end{align*}$$",
        r"So the best answer is the conditional mean, and the least loss is the mean variance of the hidden pixels "
        r"given the known ones, below which no network can come.",
        r"Summed over all pixels, the loss also has the terms of the known ones. Their least is $0$, reached by "
        r"copying. A network with room for both has the same optimum; one without must divide its room between what is "
        r"asked and what was given. Take numbers $k_1 \sim \mathcal{N}(0, 1)$ and $k_2 \sim \mathcal{N}(0, 4)$ that "
        r"are shown, $h = 0.8 k_1 + 0.6 \varepsilon$ that is hidden, and a linear network that passes on a single "
        r"number. By the masked loss it passes on $k_1$ and is left with $\mathrm{Var}(h \mid k_1) = 0.36$. By the sum "
        r"over all three, passing on $k_1$ explains a variance of $1 + 0.64$ and passing on $k_2$ one of $4$; a "
        r"mixture $a k_1 + b k_2$ explains a mean of both, with the weights $a^2$ and $4 b^2$. So it takes $k_2$, and "
        r"knows nothing of $h$, whose variance is $1$.",
    ),
    erratum=r"It shows the network the right thing, and sums $(x'_{ij} - x_{ij})^2$ over all pixels: the factor "
            r"$m_{ij}$ is missing, so that the network is also paid for copying what it was given.",
    source="problem 3.1.a; Pathak et al. 2016, Eq. 1",
    carried=(("gan.inpainting.hidden_error",
              "gan/test_inpainting.py::test_the_error_is_the_mean_square_of_hidden_values_and_its_gradient_is_0_elsewhere"),
             ("studies.written.exact_doors.one_number",
              "studies/written/test_exact_doors.py::test_a_network_with_room_for_one_number_spends_it_as_is_said")),
    check=check_masked,
)

GAME = Written(
    number="S3.7",
    title="A game beside the squared error",
    statement=r"A discriminator $d_\phi(\mathbf{x})$ gives the probability that a picture is real and not made by "
              r"$g_\theta$. Combine it with the squared error to a GAN-style objective for one example $(\mathbf{x}, "
              r"\mathbf{m})$, and describe how both networks are trained.",
    derivation=(
        r"The discriminator judges whole pictures: the real one, and the completed one, whose known pixels are the "
        r"real ones,",
        r"$$\tilde{\mathbf{x}} = (1 - \mathbf{m}) \odot \mathbf{x} + \mathbf{m} \odot g_\theta \left( (1 - \mathbf{m}) "
        r"\odot \mathbf{x}, \, \mathbf{m} \right)$$",
        r"It is trained to tell them apart, and for nothing else:",
        r"$$\max_\phi \; \ell_{\mathrm{gan}}(\phi, \theta), \qquad \ell_{\mathrm{gan}}(\phi, \theta) = \log "
        r"d_\phi(\mathbf{x}) + \log \left( 1 - d_\phi(\tilde{\mathbf{x}}) \right)$$",
        r"The network is trained for both, to be near the picture and to be taken for real, with a weight $\lambda > "
        r"0$ between the two:",
        r"$$\min_\theta \; \ell_{\mathrm{mse}}(\theta) + \lambda \log \left( 1 - d_\phi(\tilde{\mathbf{x}}) \right)$$",
        r"The term $\log d_\phi(\mathbf{x})$ has no $\theta$ in it and is left out. Where the discriminator is sure, "
        r"$\log(1 - d_\phi)$ is flat and teaches nothing (S4.3), so that in practice $-\log "
        r"d_\phi(\tilde{\mathbf{x}})$ is minimised in its place, as this program does.",
        r"Training repeats three things. First, draw pictures and masks and compute $\tilde{\mathbf{x}}$. Second, take "
        r"a step of $\phi$ up the gradient of $\ell_{\mathrm{gan}}$ with $\tilde{\mathbf{x}}$ held fixed, so that no "
        r"gradient of this loss reaches $\theta$. Third, take a step of $\theta$ down the gradient of "
        r"$\ell_{\mathrm{mse}}(\theta) - \lambda \log d_\phi(\tilde{\mathbf{x}})$ with the moved $\phi$ held fixed.",
        r"Is the squared error a part of the discriminator's objective? $\ell_{\mathrm{mse}}$ is a function of "
        r"$\theta$, $\mathbf{x}$ and $\mathbf{m}$. For the discriminator, adding it adds a constant:",
        r"$$\nabla_\phi \, \ell_{\mathrm{mse}}(\theta) = 0$$",
        r"At the best discriminator of a fixed $g_\theta$ the mean of $\ell_{\mathrm{gan}}$ over pictures is $2 "
        r"\mathrm{JSD} - \log 4$ (S4.2), with the divergence of completed pictures from real ones. So the network "
        r"minimises a sum of a distance from this picture and a distance of all its pictures from real ones, and the "
        r"two have different optima: the conditional mean of the first may be a picture that never occurs, draws of "
        r"the posterior of the second have twice the squared error (S3.8).",
    ),
    erratum=r"It adds $\ell_{\mathrm{mse}}(\theta)$ to what the discriminator maximises and says that this maximises "
            r"the squared error. It is no function of $\phi$: its gradient there is $0$, and the term has no place "
            r"there. Between the network's two terms it has no weight.",
    source="problem 3.1.b; Goodfellow et al. 2014, Alg. 1 and section 3; Pathak et al. 2016, section 3.2",
    carried=(("gan.inpainting.Inpainting",
              "gan/test_inpainting.py::test_the_discriminator_moves_first_and_neither_loss_moves_the_other"),
             ("studies.written.exact_doors.game_value",
              "studies/written/test_exact_doors.py::test_the_game_prefers_what_the_squared_error_does_not")),
    check=check_game,
)

LACKS = Written(
    number="S3.8",
    title="What the squared error alone lacks",
    statement=r"Describe a disadvantage of training with $\ell_{\mathrm{mse}}(\theta)$ alone, compared with the "
              r"combined training.",
    derivation=(
        r"The best answer by the squared error is the conditional mean $\boldsymbol{\mu} = \mathbb{E}[\mathbf{x} \mid "
        r"\mathbf{k}]$ of all pictures that fit what is known (S3.6). Where several do, their mean is a blur of them, "
        r"and it need not be a picture that ever occurs: a door that is light or dark is answered by a grey door.",
        r"How much is lost can be said exactly. The variance of a pixel is the variance of its conditional mean and "
        r"the mean of its conditional variance; both parts are at least $0$:",
        r"$$\mathrm{Var}(x) = \mathrm{Var} \left( \mathbb{E}[x \mid \mathbf{k}] \right) + \mathbb{E} \left[ "
        r"\mathrm{Var}(x \mid \mathbf{k}) \right]$$",
        r"The first part is the variance of the network's answers. What they lack of the variance of real pictures is "
        r"the second, and it is the very squared error that is left: the harder the question, the flatter the answer.",
        r"Sharp answers cost nearness. Let $\mathbf{x}'$ be a draw of $p(\mathbf{x} \mid \mathbf{k})$, which looks as "
        r"real pictures do. Given $\mathbf{k}$ it is independent of the truth, with the same mean, so the mixed term "
        r"vanishes:",
        r"$$\begin{align*} \mathbb{E} \left[ \| \mathbf{x}' - \mathbf{x} \|^2 \right] &= \mathbb{E} \left[ \| "
        r"\mathbf{x}' - \boldsymbol{\mu} \|^2 \right] + \mathbb{E} \left[ \| \mathbf{x} - \boldsymbol{\mu} \|^2 "
        r"\right] - 2 \, \mathbb{E} \left[ (\mathbf{x}' - \boldsymbol{\mu}) \cdot (\mathbf{x} - \boldsymbol{\mu}) "
        r"\right] \\ &= 2 \, \mathbb{E} \left[ \| \mathbf{x} - \boldsymbol{\mu} \|^2 \right] \end{align*}$$",
        r"A completion that is drawn as real ones are has exactly twice the least squared error, 3.01 dB of PSNR. The "
        r"squared error therefore never leads there: it takes a loss that asks how answers are distributed and not how "
        r"far each is from one truth. The discriminator's is such a loss. What it does not bring is variety: a network "
        r"without noise gives one answer to each question, at best a likely one.",
    ),
    source="problem 3.1.c; Blau & Michaeli 2018, section 3",
    carried=(("studies.inpainting.doors.Doors",
              "studies/inpainting/test_doors.py::test_the_mean_and_the_least_error_are_those_of_many_draws"),
             ("studies.written.exact_doors.completed",
              "studies/written/test_exact_doors.py::test_completions_have_their_known_errors")),
    check=check_lacks,
)
