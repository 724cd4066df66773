"""How far two samples are apart, whether that could be chance, and how sure a number is."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "ClassifierTest": "c2st",
    "Floor": "floor",
    "Interval": "interval",
    "RegionAccuracy": "region",
    "TwoSample": "twosample",
    "bootstrap_interval": "interval",
    "disjoint_floor": "floor",
    "energy_distance": "energy",
    "energy_test": "energy",
    "fresh_floor": "floor",
    "mean_interval": "interval",
    "neighbour_test": "c2st",
    "network_test": "c2st",
    "region_accuracy": "region",
    "share_inside": "region",
    "sliced_wasserstein": "sliced",
    "wasserstein": "sliced",
    "wilson_interval": "interval",
})
