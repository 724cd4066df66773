"""S3.11: a sample of x_τ by the steps of the chain, and what it costs."""

from genloom.diffusion.schedule import linear
from genloom.report.numbers import number
from genloom.report.results import Table
from genloom.studies.context import Context
from genloom.studies.written.forward_cost import DIMENSION, TAUS, Cost, T, by_steps, cost, counted, law
from genloom.studies.written.proof import Checked, Written


def check(context: Context) -> Checked:
    """The law of the last state, and the cost."""
    spent = context.once("written cost by steps", lambda: cost(by_steps, context.seed))
    return Checked(
        results=(*law("τ steps", by_steps, linear(T), context.seed), *counted("τ steps", spent, 1.0)),
        tables=(_table(spent),),
        text=("The number of draws is counted, not modelled: it is τ d exactly. The seconds are processor time on "
              "this machine and have no verdict. A training that meets each picture at one random t would spend "
              f"(T + 1)/2 steps on average, {number((T + 1) / 2)} for T = {T}, on a sample that it uses once.",))


def _table(spent: Cost) -> Table:
    return Table(header=("τ", "normal numbers", "multiplications", "milliseconds"),
                 rows=tuple((str(tau), number(float(drawn)), number(2.0 * drawn), number(1e3 * seconds, 3))
                            for tau, drawn, seconds in zip(TAUS, *spent, strict=True)),
                 caption=f"One sample of {DIMENSION} numbers, a picture of 32 × 32 pixels, by τ steps.")


STEPWISE = Written(
    number="S3.11",
    title="A noised sample, step by step",
    statement=r"The forward process is given by its steps, $q(x_t \mid x_{t-1}) = "
              r"\mathcal{N}(\sqrt{\alpha_t}\,x_{t-1}, (1-\alpha_t) I)$. Describe a way to draw $x_\tau$, and say how "
              r"its time depends on $\tau$.",
    derivation=(
        r"Begin with the data, $x \leftarrow x_0$ with $d$ numbers. For $t = 1, 2, \dots, \tau$ draw a new noise and "
        r"take the step:",
        r"$$\epsilon_t \sim \mathcal{N}(0, I), \qquad x \leftarrow \sqrt{\alpha_t}\,x + "
        r"\sqrt{1-\alpha_t}\;\epsilon_t.$$",
        r"After the last step $x$ is a sample of $q(x_\tau \mid x_0)$. For let $p_t$ be the density of $x$ after $t$ "
        r"steps. Before the first, it is all at $x_0$. If $p_{t-1} = q(x_{t-1} \mid x_0)$, then, since the step adds "
        r"noise that is independent of what came before, the pair of old and new state has the density $q(x_{t-1} \mid "
        r"x_0)\, q(x_t \mid x_{t-1})$, and the new state alone has",
        r"$$p_t(x_t) = \int q(x_t \mid x_{t-1})\; q(x_{t-1} \mid x_0)\; dx_{t-1} = q(x_t \mid x_0),$$",
        r"which is the definition of the marginal of a chain. The states on the way are a sample of the whole path "
        r"$q(x_{1:\tau} \mid x_0)$, by the same argument without the integral.",
        r"One step draws $d$ normal numbers, multiplies $2d$ times and adds $d$ times, whatever $t$ is. So $\tau$ "
        r"steps take",
        r"$$\tau d \text{ draws}, \qquad 2 \tau d \text{ multiplications}, \qquad \tau d \text{ additions}: \qquad "
        r"O(\tau) \text{ for a fixed } d.$$",
        r"The memory does not grow, since $x$ may be overwritten. Nor can the work be shared among processors along "
        r"$t$ in this form: each step waits for the one before.",
    ),
    source="S3, problem 4.3",
    carried=(("studies.written.forward_cost.by_steps",
              "studies/written/test_forward_cost.py::test_steps_draw_tau_times_as_much_as_one"),),
    check=check,
)
