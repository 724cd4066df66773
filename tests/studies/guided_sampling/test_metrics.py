"""Every metric answers real pictures that were made worse in the direction that is known."""

from genloom.studies.guided_sampling.metrics import coded, metrics


def test_the_known_directions_hold(tiny, check) -> None:
    answer = check(metrics, tiny)
    judged = [result for result in answer.results if result.name != "bits per dimension of test digits"]
    assert all(result.status in ("pass", "info") for result in judged), [r for r in judged if r.status == "fail"]


def test_uniform_noise_needs_8_bits_of_any_model(tiny) -> None:
    assert coded(tiny)["uniform noise"].value > 8
