"""S4.1 as an item of the report."""

from genloom.studies.gan_theory.best import best_discriminator


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(best_discriminator, tiny)
    results = {result.name: result for result in answer.results}
    assert results["two normals: largest difference of D* from 1/(1 + e^{2x − 2})"].status == "pass"
    jump = results["steps: largest |D − D*| beside a jump of D*"]
    assert jump.value >= 0.25, "even of an untrained network"
    assert jump.status == "info", "which is why it is no verdict"
    trained = [result for name, result in results.items() if name.endswith("of the trained network")]
    assert len(trained) == 5
    assert all(result.interval[0] <= result.value <= result.interval[1] for result in trained)
    assert "fail" in {result.status for result in trained}, "eight steps are not enough"
    assert len(answer.figures) == 3
