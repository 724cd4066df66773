"""S4.6: q(x_t | x_0) as a function of the betas, by recursions of mean and variance."""

import math

import torch

from genloom.diffusion.schedule import cosine
from genloom.report.numbers import near
from genloom.report.results import Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.noise_sums import SCHEDULES, moments, stepwise
from genloom.studies.written.proof import Checked, Written

CHAINS = 100_000
FINENESS = (10, 20, 40, 80, 160, 320)


def fineness_error(steps: int) -> float:
    """|∏ (1 − β(i/T)/T) − exp(−∫ β)| for β(s) = 0.2 + 4s on [0, 1], whose integral is 2.2."""
    middle = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    return abs(float(torch.log1p(-(0.2 + 4 * middle) / steps).sum().exp()) - math.exp(-2.2))


def check(context: Context) -> Checked:
    """The recursion beside the product, for schedules and for tables with steps of every size."""
    return Checked(
        results=(*_recursion(context.seed), *_fine()),
        text=("A step with β = 1 wipes out the start whatever the others are, and steps with β = 0 change nothing: the "
              "product says both. With β(t)/T for the noise of a step and T → ∞ it becomes exp(−∫ β), which is how a "
              "continuous schedule is made of a discrete one; the error of T steps falls like 1/T.",))


def _recursion(seed: int) -> list[Result]:
    random = generator(seed, 46)
    wild = torch.rand(200, generator=random, dtype=torch.float64) ** 6
    wiped = torch.cat((wild[:50], torch.ones(1, dtype=torch.float64), wild[:50]))
    tables = {name: make().betas for name, make in SCHEDULES.items()}
    found = []
    for name, betas in (*tables.items(), ("200 random β from 0 to 1", wild), ("with one step of β = 1", wiped)):
        means, variances = (torch.tensor(each, dtype=torch.float64) for each in moments(betas, 3.0, 0.0))
        kept = (1 - betas).cumprod(0)
        apart = torch.maximum((means - 3 * kept.sqrt()).abs(), (variances - (1 - kept)).abs()).max()
        found.append(near(Result(name=f"{name}: mean and variance against the product, largest difference", known=0.0,
                                 value=float(apart), known_name="by the recursion, from x₀ = 3"), 1e-12))
    for t in (1, 10, 40):
        found += _sampled(t, seed)
    return found


def _sampled(t: int, seed: int) -> list[Result]:
    schedule, random = cosine(50), generator(seed, 460, t)
    x = stepwise(torch.full((CHAINS,), 3.0, dtype=torch.float64),
                 torch.randn((t, CHAINS), generator=random, dtype=torch.float64), schedule.betas[:t])
    kept = float(schedule.log_alpha_bar[t].exp())
    mean, variance = float(x.mean()), float(x.var())
    return [near(Result(name=f"t = {t}, x₀ = 3: {name} over chains", value=value, n=CHAINS, known=known,
                        interval=(value - 1.96 * error, value + 1.96 * error), known_name=formula,
                        tolerance="within 4.5 standard errors"), 4.5 * error)
            for name, value, known, error, formula in (
                ("mean", mean, 3 * math.sqrt(kept), math.sqrt(variance / CHAINS), "√∏(1 − βᵢ) x₀"),
                ("variance", variance, 1 - kept, variance * math.sqrt(2 / CHAINS), "1 − ∏(1 − βᵢ)"))]


def _fine() -> list[Result]:
    at = torch.tensor(FINENESS, dtype=torch.float64).log()
    error = torch.tensor([fineness_error(steps) for steps in FINENESS], dtype=torch.float64).log()
    at = at - at.mean()
    return [near(Result(name="∏(1 − β(i/T)/T) against exp(−∫ β): order in 1/T", known=1.0,
                        value=-float((at * error).sum() / at.square().sum()),
                        known_name="log(1 − b/T) = −b/T − b²/(2T²) − …", tolerance="within 0.05"), 0.05)]


OF_BETAS = Written(
    number="S4.6",
    title="The law of a noised sample as a function of the betas",
    statement=r"Each step draws $x_t$ from $\mathcal{N}(\sqrt{1-\beta_t}\,x_{t-1}, \beta_t I)$. Derive $q(x_t \mid "
              r"x_0)$ as a function of $\beta_1, \dots, \beta_t$ and $x_0$.",
    derivation=(
        r"S3.12 adds the noises up. A shorter way is to follow two numbers. Given $x_0$, $x_1$ is normal; and if "
        r"$x_{t-1}$ is normal, then $x_t = \sqrt{1-\beta_t}\,x_{t-1} + \sqrt{\beta_t}\,\epsilon_t$ is a sum of two "
        r"independent normal vectors, hence normal. So $q(x_t \mid x_0) = \mathcal{N}(m_t, v_t I)$ for all $t$, and "
        r"only $m_t$ and $v_t$ have to be found. Taking mean and variance of the step,",
        r"$$m_t = \sqrt{1-\beta_t}\; m_{t-1}, \qquad v_t = (1-\beta_t)\, v_{t-1} + \beta_t, \qquad m_0 = x_0, \quad "
        r"v_0 = 0.$$",
        r"The first is a product at once. For the second look at what is missing to 1:",
        r"$$1 - v_t = 1 - \beta_t - (1-\beta_t)\, v_{t-1} = (1-\beta_t)(1 - v_{t-1}),$$",
        r"so $1 - v_t$ is multiplied by $1-\beta_t$ in every step, beginning with $1 - v_0 = 1$. With $\bar\alpha_t = "
        r"\prod_{i=1}^t (1-\beta_i)$",
        r"$$q(x_t \mid x_0) = \mathcal{N}\!\left( \sqrt{\prod_{i=1}^t (1-\beta_i)}\;x_0,\; \left( 1 - \prod_{i=1}^t "
        r"(1-\beta_i) \right) I \right) = \mathcal{N}(\sqrt{\bar\alpha_t}\,x_0, (1-\bar\alpha_t) I).$$",
        r"Two things can be read off. The squared factor of the start and the variance of the noise add up to 1, so "
        r"data of variance 1 keep it: the process preserves variance. And if the noise of a step is $\beta(t)/T$ with "
        r"many steps $T$, then $\log(1-\beta) = -\beta + O(\beta^2)$ turns the product into an integral:",
        r"$$\bar\alpha(t) \;\longrightarrow\; \exp\left( -\int_0^t \beta(s)\, ds \right) \qquad (T \to \infty).$$",
    ),
    erratum=r"The printed result is right. The question counts $\beta_i$ from $i = 0$; the first step has $i = 1$, and "
            r"$\bar\alpha_0 = 1$.",
    source="S4, problem 2.3; Ho et al. 2020, Eq. 4; Song et al. 2021, Eq. 11",
    carried=(("diffusion.schedule.VariancePreserving",
              "diffusion/test_schedule.py::test_any_table_preserves_variance_and_inverts"),
             ("studies.written.noise_sums.moments",
              "studies/written/test_noise_sums.py::test_a_step_of_beta_one_forgets_the_start")),
    check=check,
)
