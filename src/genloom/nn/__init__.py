"""Networks and their parts."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(
    __name__, {"MLP": "mlp", "ScoreNet": "scorenet", "FourierFeatures": "embeddings"}
)
