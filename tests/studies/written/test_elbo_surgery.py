"""S3.9: its check, and the erratum."""

import pytest
import torch

from genloom.studies.written import whole_paths
from genloom.studies.written.bound_terms import POINT
from genloom.studies.written.elbo_surgery import SURGERY, printed_sum
from genloom.studies.written.gaussian_chain import example_data, point, wrong_chain

X0 = torch.tensor(POINT, dtype=torch.float64)


def test_the_check_holds(page):
    found = page(SURGERY)
    assert found.tables[0].rows[-2][1] == found.tables[0].rows[-1][1], "the terms sum to the bound"


def test_the_printed_last_line_is_another_number():
    chain = wrong_chain(example_data())
    for meant in (example_data(), None):
        assert abs(float(printed_sum(chain, X0, meant) - whole_paths.bound(chain, X0))) > 0.1


def test_with_the_noise_turned_around_for_one_x0_it_is_off_by_a_difference_of_entropies():
    chain = wrong_chain(example_data())
    laws = chain.laws(point(X0))
    known = 0.5 * float((laws[1].variance / laws[-1].variance).log().sum())
    off = float(printed_sum(chain, X0) - whole_paths.bound(chain, X0))
    assert off == pytest.approx(known, abs=1e-12)


def test_the_printed_line_before_it_has_the_right_sum():
    chain = wrong_chain(example_data())
    terms, entropies = chain.surgery(point(X0)), [kernel.entropy for kernel in chain.forward]
    logs = terms.steps - torch.stack(entropies[:-1])  # E log p(x_t|x_{t+1}), over q(x_{t+1}|x_t) there
    total = terms.first + (logs + torch.stack(entropies[1:])).sum() + terms.last - entropies[-1] + entropies[0]
    assert float(total) == pytest.approx(float(terms.total), abs=1e-12)
