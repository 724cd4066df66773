"""S4.1 as an item of the report."""

from genloom.studies.gan_theory.best import best_discriminator


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(best_discriminator, tiny)
    results = {result.name: result for result in answer.results}
    assert results["two normals: largest difference of D* from 1/(1 + e^{2x − 2})"].status == "pass"
    assert results["steps: largest |D − D*| beside a jump of D*"].status == "pass", "even of an untrained network"
    assert len(answer.figures) == 3
