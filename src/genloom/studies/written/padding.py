"""S3.1 and S3.2: how much padding a convolution needs, and the convolution that reads it."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import at_least, at_most, near
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.proof import Checked, Written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KERNELS, SIDES = range(1, 8), range(1, 7)
"""Sides of kernels and of pictures that are counted, each with each; kernels larger than the picture among them."""
CASES = 120
_SHOWN = ((3, 3), (4, 3), (2, 5))
_PICTURE = (4, 5)
_ROUNDING = 1e-12

Counts = tuple[int, int, int, int]
"""Rows above and below, columns to the left and to the right."""


def needed(kernel: int) -> tuple[int, int]:
    """Zeros before and behind a line that a kernel of K ≥ 1 places reads, ⌊K/2⌋ and K − 1 − ⌊K/2⌋.

    >>> needed(3), needed(4), needed(1)
    ((1, 1), (2, 1), (0, 0))
    """
    return kernel // 2, kernel - 1 - kernel // 2


def printed(rows: int, columns: int) -> Counts:
    """The counts of the printed answer, for a kernel of so many rows and columns."""
    return columns // 2, columns // 2 - (columns - 1), rows // 2, rows // 2 - (rows - 1)


def counted(size: tuple[int, int], kernel: tuple[int, int]) -> Counts:
    """How many rows and columns outside a picture the sum touches, by listing every index that it has."""
    found = list[int]()
    for length, taps in zip(size, kernel, strict=True):
        touched = {h - taps // 2 + (i - 1) for h in range(1, length + 1) for i in range(1, taps + 1)}
        found += [sum(m < 1 for m in touched), sum(m > length for m in touched)]
    return found[0], found[1], found[2], found[3]


def by_definition(x: Tensor, weight: Tensor, bias: float) -> Tensor:
    """y_{h,w} = θ_0 + Σ θ_{c,i,j} x_{c,m,n}, m = h − ⌊K_h/2⌋ + i − 1, with 0 for pixels that are not there: x (C, H, W)
    and θ (C, K_h, K_w) to (H, W)."""
    (channels, height, width), (_, rows, columns) = x.shape, weight.shape
    pixels, taps = x.tolist(), weight.tolist()

    def value(h: int, w: int) -> float:
        total = bias
        for c in range(channels):
            for i in range(1, rows + 1):
                for j in range(1, columns + 1):
                    m, n = h - rows // 2 + (i - 1), w - columns // 2 + (j - 1)
                    if 1 <= m <= height and 1 <= n <= width:
                        total += taps[c][i - 1][j - 1] * pixels[c][m - 1][n - 1]
        return total

    return torch.tensor([[value(h, w) for w in range(1, width + 1)] for h in range(1, height + 1)], dtype=x.dtype)


def padded(x: Tensor, kernel: Sequence[int]) -> Tensor:
    """x (C, H, W) with the rows and columns of zeros that this kernel needs, (C, H + K_h − 1, W + K_w − 1)."""
    (top, bottom), (left, right) = needed(kernel[0]), needed(kernel[1])
    return F.pad(x, (left, right, top, bottom))


def on_padded(x: Tensor, weight: Tensor, bias: float) -> Tensor:
    """y_{h,w} = θ_0 + Σ θ_{c,i,j} x'_{c,h+i−1,w+j−1}: the same from the padded picture, which it never leaves."""
    (channels, height, width), (_, rows, columns) = x.shape, weight.shape
    pixels, taps = padded(x, (rows, columns)).tolist(), weight.tolist()

    def value(h: int, w: int) -> float:
        inside = (taps[c][i - 1][j - 1] * pixels[c][h + i - 2][w + j - 2] for c in range(channels)
                  for i in range(1, rows + 1) for j in range(1, columns + 1))
        return bias + float(sum(inside))

    return torch.tensor([[value(h, w) for w in range(1, width + 1)] for h in range(1, height + 1)], dtype=x.dtype)


def check_counts(context: Context) -> Checked:
    """The formula beside a count of every index, and what the printed one gives."""
    cases = [(size, kernel) for size in _pairs(SIDES) for kernel in _pairs(KERNELS)]
    wrong = sum(counted(size, kernel) != (*needed(kernel[0]), *needed(kernel[1])) for size, kernel in cases)
    right = [kernel for kernel in _pairs(KERNELS) if printed(*kernel) == counted((5, 6), kernel)]
    left_over = 6 + sum(printed(3, 5)[:2]) - 3 + 1
    return Checked(
        results=(
            near(Result(name="sizes and kernels where the formula and a count of all indices differ", value=wrong,
                        known=0.0, known_name="none", n=len(cases), tolerance="exactly"), 0.0),
            near(Result(name="kernels for which all four printed counts are right", value=len(right), known=2.0,
                        known_name="1 × 1 and 2 × 2: square, and nothing to add at the far ends",
                        n=len(KERNELS) ** 2, tolerance="exactly"), 0.0),
            at_most(Result(name="rows that a 3 × 5 kernel makes of 6 with the printed counts", value=left_over,
                           known=6.0, known_name="as many as it was given",
                           tolerance="at most 5, so that the printed counts are wrong"), 5.0),
        ),
        figures=(_figure(context),),
        tables=(_table(),),
        text=("Every picture of 1 to 6 rows and columns was taken with every kernel of 1 to 7: all indices of the sum "
              "were listed, and those outside the picture counted. The printed counts are right for the kernels "
              + " and ".join(f"{rows} × {columns}" for rows, columns in right) + " alone.",),
    )


def check_layer(context: Context) -> Checked:
    """Three ways to the same numbers on random cases, and how a library's own padding differs."""
    random = generator(context.seed, 301)
    cases = [_case(random) for _ in range(CASES)]
    direct = [by_definition(*case) for case in cases]
    theirs = [_library(*case) for case in cases]
    same = [_same(*case) for case in cases]
    even = [any(side % 2 == 0 for side in case[1].shape[1:]) for case in cases]
    both = [_moved(one, other, case[1]) for one, other, case in zip(direct, same, cases, strict=True)]
    ours, moved = zip(*(pair for pair, is_even in zip(both, even, strict=True) if is_even and pair[0].numel()),
                      strict=True)
    return Checked(results=(
        at_most(_apart("the padded layer beside the definition with pixels that are not there, largest difference",
                       direct, [on_padded(*case) for case in cases], "equal"), _ROUNDING),
        at_most(_apart("torch.nn.functional.conv2d on the padded picture beside the definition, largest difference",
                       direct, theirs, "equal"), _ROUNDING),
        at_most(_apart("torch's own padding=\"same\", odd kernels, largest difference", _where(direct, even, False),
                       _where(same, even, False), "equal"), _ROUNDING),
        at_least(_apart("the same, a kernel with an even side", _where(direct, even, True), _where(same, even, True),
                        "equal, if it put its zeros on the same side", "at least 0.1: it does not"), 0.1),
        at_most(_apart("the same, moved by one pixel along each even side", ours, moved, "equal"), _ROUNDING),
    ), text=(
        f"{CASES} random pictures of 1 to 3 channels with 1 to 8 rows and columns, kernels of 1 to 6, in float64. The "
        "layers of this kind in libraries multiply without turning the kernel over, as here. For a kernel with an even "
        "side there are two ways to share K − 1 zeros between both ends: the definition of this problem has one more "
        "before the picture, torch's padding=\"same\" one more behind it, which is the same output moved by a pixel.",))


def _pairs(sides: Sequence[int]) -> list[tuple[int, int]]:
    return [(a, b) for a in sides for b in sides]


def _case(random: torch.Generator) -> tuple[Tensor, Tensor, float]:
    channels, height, width, rows, columns = (int(torch.randint(1, most + 1, (), generator=random))
                                              for most in (3, 8, 8, 6, 6))
    x = torch.randn(channels, height, width, generator=random, dtype=torch.float64)
    weight = torch.randn(channels, rows, columns, generator=random, dtype=torch.float64)
    return x, weight, float(torch.randn((), generator=random, dtype=torch.float64))


def _library(x: Tensor, weight: Tensor, bias: float) -> Tensor:
    return F.conv2d(padded(x, weight.shape[1:])[None], weight[None])[0, 0] + bias


def _same(x: Tensor, weight: Tensor, bias: float) -> Tensor:
    with warnings.catch_warnings():  # that even kernels are copied, which is a matter of speed
        warnings.simplefilter("ignore", UserWarning)
        return F.conv2d(x[None], weight[None], padding="same")[0, 0] + bias


def _moved(ours: Tensor, theirs: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """What both have, where theirs lies one pixel further back along each side on which the kernel is even."""
    down, right = (1 - side % 2 for side in weight.shape[1:])
    height, width = ours.shape
    return ours[down:, right:], theirs[: height - down, : width - right]


def _where(each: list[Tensor], even: list[bool], wanted: bool) -> list[Tensor]:
    return [one for one, is_even in zip(each, even, strict=True) if is_even == wanted]


def _apart(name: str, one: Sequence[Tensor], other: Sequence[Tensor], known: str, tolerance: str = "") -> Result:
    worst = max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True))
    return Result(name=name, value=worst, known=0.0, known_name=known, n=len(one), tolerance=tolerance)


def _table() -> Table:
    rows = []
    for height, width in (*_SHOWN, (3, 5), (1, 1), (2, 2)):
        right = counted((6, 6), (height, width))
        rows.append((f"{height} × {width}", *(str(each) for each in right),
                     ", ".join(f"{each:d}".replace("-", "−") for each in printed(height, width))))
    return Table(header=("kernel", "top", "bottom", "left", "right", "printed, in this order"), rows=tuple(rows),
                 caption="Rows and columns that are needed, counted, and what the printed answer has.")


def _figure(context: Context) -> Figure:
    figure, axes = canvas(9.6, 3.4, 1, len(_SHOWN))
    for axis, kernel in zip(axes, _SHOWN, strict=True):
        _draw(axis, kernel)
    return context.figure(
        figure, "padding",
        caption=f"A picture of {_PICTURE[0]} rows and {_PICTURE[1]} columns, blue, and the pixels of value 0 that "
                "three kernels need, orange. Framed: what the first and the last output pixel read; a dot marks that "
                "pixel. An even side needs one more before the picture than behind it.",
        alt="Three grids of squares, each with a blue picture inside an orange border that is as wide as the kernel "
            "needs, and two frames in opposite corners")


@styled()
def _draw(axes: "Axes", kernel: tuple[int, int]) -> None:
    from matplotlib.patches import Rectangle

    (top, bottom), (left, right) = needed(kernel[0]), needed(kernel[1])
    height, width = _PICTURE
    for m in range(1 - top, height + bottom + 1):
        for n in range(1 - left, width + right + 1):
            inside = 1 <= m <= height and 1 <= n <= width
            axes.add_patch(Rectangle((n - 0.5, m - 0.5), 1, 1, facecolor=COLORS[5] if inside else COLORS[4],
                                     alpha=0.8 if inside else 0.45, edgecolor="white", linewidth=1.2))
    for color, (h, w) in ((COLORS[0], (1, 1)), (COLORS[1], (height, width))):
        corner = (w - left - 0.5, h - top - 0.5)
        axes.add_patch(Rectangle(corner, kernel[1], kernel[0], fill=False, edgecolor=color, linewidth=2.2, zorder=3))
        axes.plot([w], [h], "o", color=color, zorder=4)
    axes.set(xlim=(-3.0, width + 3.0), ylim=(height + 3.0, -2.2), xlabel=f"left {left}, right {right}",
             title=f"{kernel[0]} × {kernel[1]}: top {top}, bottom {bottom}", xticks=range(1, width + 1),
             yticks=range(1, height + 1))
    axes.set_aspect("equal")
    axes.grid(visible=False)


COUNTS = Written(
    number="S3.1",
    title="How many rows and columns of padding a convolution needs",
    statement=r"A layer with a kernel of $K_h$ rows and $K_w$ columns makes an output as large as its input, $N_h "
              r"\times N_w$, by $y_{h,w} = \theta_0 + \sum_{c,i,j} \theta_{c,i,j} x_{c,m,n}$ with $m = h - \lfloor "
              r"K_h/2 \rfloor + i - 1$ and $n = w - \lfloor K_w/2 \rfloor + j - 1$. Some of these indices lie outside "
              r"the picture. How many rows of zeros are needed above ($p_t$) and below ($p_b$), and how many columns "
              r"to the left ($p_l$) and to the right ($p_r$)?",
    derivation=(
        r"Rows and columns do not mix: $m$ depends on $h$, $i$ and $K_h$ alone. While $h$ runs over $1 \dots N_h$ and "
        r"$i$ over $1 \dots K_h$, the sum $h + i$ takes every whole number from $2$ to $N_h + K_h$, and so $m$ takes "
        r"every whole number from its smallest to its largest value:",
        r"$$\begin{align*} m_{\min} &= 1 - \lfloor K_h/2 \rfloor + 1 - 1 = 1 - \lfloor K_h/2 \rfloor \\ m_{\max} &= "
        r"N_h - \lfloor K_h/2 \rfloor + K_h - 1 \end{align*}$$",
        r"The rows that exist are $1 \dots N_h$. Above them lie those from $m_{\min}$ to $0$, which are $0 - m_{\min} "
        r"+ 1$ rows; below them those from $N_h + 1$ to $m_{\max}$, which are $m_{\max} - N_h$:",
        r"$$p_t = \lfloor K_h/2 \rfloor, \qquad p_b = K_h - 1 - \lfloor K_h/2 \rfloor$$",
        r"The same with $n$, $w$, $j$ and $K_w$ gives the columns:",
        r"$$p_l = \lfloor K_w/2 \rfloor, \qquad p_r = K_w - 1 - \lfloor K_w/2 \rfloor$$",
        r"No count is negative, since $\lfloor K/2 \rfloor \le K - 1$ for every $K \ge 1$, and none depends on how "
        r"large the picture is, also where the kernel is larger. Together they are $K_h - 1$ rows and $K_w - 1$ "
        r"columns. For an odd $K$ both ends have $(K - 1)/2$; for an even one there is no middle, and this layer takes "
        r"$K/2$ before the picture and $K/2 - 1$ behind it.",
    ),
    erratum=r"It takes the columns from $K_h$ and the rows from $K_w$, which is the other way round, and has $\lfloor "
            r"K/2 \rfloor - (K - 1)$ for the far ends, which is the right count with the opposite sign: $-1$ rows for "
            r"a kernel of three. Both ends together then add $0$ rows for an odd $K$ and $1$ for an even one where $K "
            r"- 1$ are needed, so that along a side of three or more the output is smaller than the input. All four "
            r"counts are right for kernels of $1 \times 1$ and $2 \times 2$ alone.",
    source="problem 1.1.a; Dumoulin & Visin 2016, section 2.3 (half padding)",
    carried=(("studies.written.padding.needed", "studies/written/test_padding.py::test_the_formula_is_the_count"),
             ("studies.written.padding.counted", "studies/written/test_padding.py::test_the_formula_is_the_count")),
    check=check_counts,
)

LAYER = Written(
    number="S3.2",
    title="The convolution that reads a padded picture",
    statement=r"Put the $p_t$, $p_b$, $p_l$ and $p_r$ rows and columns of zeros of S3.1 around $x$ and call the result "
              r"$x'$, which has $N_h + p_t + p_b$ rows and $N_w + p_l + p_r$ columns. Write the layer anew so that it "
              r"reads $x'$, never leaves it, and gives the same $y$ of the same shape.",
    derivation=(
        r"Padding moves the picture: row $m$ of $x$ is row $m + p_t$ of $x'$ and column $n$ is column $n + p_l$. All "
        r"other entries of $x'$ are $0$. So, with the convention that a pixel that does not exist has the value $0$, "
        r"for all indices that occur",
        r"$$x_{c,m,n} = x'_{c,\,m + p_t,\,n + p_l}$$",
        r"Put in what $m$ and $p_t$ are. The floor cancels:",
        r"$$\begin{align*} m' &= m + p_t = h - \lfloor K_h/2 \rfloor + (i - 1) + \lfloor K_h/2 \rfloor = h + i - 1 \\ "
        r"n' &= n + p_l = w + j - 1 \end{align*}$$",
        r"and the layer on the padded picture is",
        r"$$y_{h,w} = \theta_0 + \sum_{c=1}^{C} \sum_{i=1}^{K_h} \sum_{j=1}^{K_w} \theta_{c,i,j}\, "
        r"x'_{c,\,h+i-1,\,w+j-1}, \qquad h \in \{1, \dots, N_h\}, \; w \in \{1, \dots, N_w\}$$",
        r"It never leaves $x'$: $h + i - 1$ is at least $1$ and at most $N_h + K_h - 1$, which is $N_h + p_t + p_b$, "
        r"the number of rows of $x'$. Both ends are reached, so not one row could be spared. The same holds for "
        r"columns. This is what libraries call a cross-correlation without padding, on $x'$.",
    ),
    source="problem 1.1.b, whose printed answer is right; torch.nn.functional.conv2d",
    carried=(("studies.written.padding.on_padded",
              "studies/written/test_padding.py::test_three_ways_to_the_same_layer"),
             ("studies.written.padding.padded",
              "studies/written/test_padding.py::test_the_padded_picture_is_as_large_as_is_said")),
    check=check_layer,
)
