"""Networks and their parts."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(
    __name__,
    {
        "MLP": "mlp",
        "ScoreNet": "scorenet",
        "FourierFeatures": "embeddings",
        "Sinusoidal": "embeddings",
        "TimeEmbedding": "embeddings",
        "ClassEmbedding": "conditioning",
        "LabelSetEmbedding": "conditioning",
        "SelfAttention": "attention",
        "CrossAttention": "attention",
        "GroupNorm": "norm",
        "ResidualBlock": "residual",
        "UNet": "unet",
        "UNetShape": "unet_shape",
    },
)
