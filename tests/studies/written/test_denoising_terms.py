"""S3.15: its check, and the least of its terms over the data."""

import pytest
import torch

from genloom.rng import generator
from genloom.studies.written.denoising_terms import DENOISING, least_terms, variation
from genloom.studies.written.gaussian_chain import exact_chain, example_data, point, standard, wrong_chain

DATA = example_data()


def test_the_check_holds(page):
    page(DENOISING)


def test_over_the_data_the_terms_sum_to_a_difference_of_informations():
    chain = exact_chain(DATA, end=standard(2))
    least = least_terms(chain)
    conditional = []  # I(x_0; x_{t−1} | x_t) of normals: half the log-ratio of the two variances of x_{t−1}
    for told, untold in zip(chain.turned(point(DATA.mean))[1:], chain.backward[1:], strict=True):
        conditional.append(float(0.5 * (untold.variance / told.variance).log().sum()))
    assert least.tolist() == pytest.approx(conditional, abs=1e-12)


def test_any_other_kernels_have_larger_terms_over_the_data():
    assert (least_terms(wrong_chain(DATA)) > least_terms(exact_chain(DATA))).all()


def test_each_term_varies_less_in_closed_form():
    chain = wrong_chain(DATA)
    parts, _ = variation(chain, chain.walk(point(torch.zeros(2, dtype=torch.float64)), 5000, generator(0, 1)))
    assert (parts < 1).all()
