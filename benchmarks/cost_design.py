"""Configurations that the cost model is fitted on, and others, of other sizes, that it is tried on."""

from __future__ import annotations

from cost_steps import Point

WIDE = {"width": 128, "heads": 4, "feedforward": 512, "text_width": 128}
WIDER = {"width": 256, "heads": 8, "feedforward": 1024, "text_width": 256}
WIDEST = {"width": 768, "heads": 12, "feedforward": 3072, "text_width": 768, "features": 1024}

FITTED = (
    Point(),
    Point(sampler="", share=0.0),
    Point(sampler="", share=0.6, batch=128),
    Point(sampler="random", share=0.0),
    Point(sampler="all", batch=16),
    Point(sampler="all", batch=48, share=0.5),
    Point(batch=128, negatives=1),
    Point(batch=64, negatives=8, text=(6, 10), video=(8, 8)),
    Point(batch=32, negatives=4, text=(20, 30), video=(32, 48)),
    Point(video_layers=0, text_layers=1, text=(4, 8)),
    Point(video_layers=3, text_layers=4),
    Point(fusion_layers=1),
    Point(fusion_layers=4, negatives=1),
    Point(frozen=True, text_width=256, text_layers=4, features=512),
    Point(dropout=0.1),
    Point(dropout=0.1, batch=64, text=(12, 24), video=(24, 32)),
    Point(width=32, heads=2, feedforward=128, text_width=32, batch=64),
    Point(**WIDE),
    Point(**WIDE, batch=64, sampler="", share=0.4, text_layers=4),
    Point(**WIDE, batch=32, negatives=6, text=(6, 12), video=(8, 12)),
    Point(**WIDE, sampler="all", batch=24, dropout=0.1),
    Point(**WIDER, batch=16),
    Point(**WIDER, batch=32, negatives=1, video_layers=2, dropout=0.1),
    Point(**WIDER, sampler="", batch=64, share=0.3),
    Point(**WIDER, sampler="random", batch=16, negatives=4, text=(6, 12), video=(8, 16), frozen=True),
    Point(**WIDEST, batch=8, negatives=1),
    Point(**WIDEST, batch=16, sampler="", share=0.3, text_layers=4),
    Point(**WIDEST, batch=8, negatives=2, text=(6, 10), video=(6, 10), video_layers=0, frozen=True),
    Point(**WIDE, fusion_layers=1, negatives=6),
    Point(**WIDER, fusion_layers=1, batch=24),
    Point(batch=256, sampler="", share=0.5),
)
"""One thing at a time, then several."""

HELD_OUT = (
    Point(batch=96, negatives=3, text=(8, 16), video=(12, 20)),
    Point(batch=24, negatives=5, text=(10, 28), video=(20, 28), share=0.45),
    Point(sampler="all", batch=32, text=(6, 14), video=(10, 14)),
    Point(sampler="random", batch=48, negatives=6, share=0.2, fusion_layers=3),
    Point(sampler="", batch=96, share=0.25, text_layers=3, video_layers=2),
    Point(width=96, heads=3, feedforward=384, text_width=96, batch=40, negatives=4, text=(6, 18), video=(18, 24)),
    Point(width=96, heads=3, feedforward=384, text_width=96, batch=32, dropout=0.1, fusion_layers=3, video_layers=0),
    Point(width=192, heads=6, feedforward=768, text_width=192, batch=24, negatives=3, text=(8, 16), video=(10, 20)),
    Point(width=192, heads=6, feedforward=768, text_width=128, text_layers=6, frozen=True, batch=48, negatives=1, features=512),
    Point(width=384, heads=6, feedforward=1536, text_width=384, batch=12, negatives=2, text=(8, 14), video=(12, 16)),
    Point(width=384, heads=6, feedforward=1536, text_width=192, text_layers=3, batch=16, negatives=1, dropout=0.1, video_layers=2),
    Point(width=512, heads=8, feedforward=2048, text_width=512, batch=24, sampler="", share=0.35, features=2048),
    Point(width=128, heads=4, feedforward=256, text_width=64, batch=56, negatives=2, text=(12, 20), video=(20, 30)),
    Point(batch=64, negatives=4, recompute=True),
    Point(batch=96, chunk=24, recompute=True),
    Point(**WIDE, batch=48, negatives=1, chunk=16, dropout=0.1),
    Point(sampler="all", batch=32, recompute=True, dropout=0.1),
)
"""Other values of K, K', n, m, d, feed-forward and layers than those fitted on."""

LATER = (
    Point(batch=80, negatives=2, text=(10, 18), video=(6, 18), share=0.5),
    Point(sampler="all", batch=40, text=(8, 12), video=(14, 22), width=48, heads=3, feedforward=192, text_width=48),
    Point(sampler="", batch=48, share=0.5, text=(16, 28), video=(24, 40), text_layers=4, video_layers=3),
    Point(sampler="random", batch=20, negatives=7, fusion_layers=1, width=160, heads=5, feedforward=320, text_width=96, text_layers=1),
    Point(
        batch=36, negatives=3, width=128, heads=8, feedforward=512, text_width=256, text_layers=3, frozen=True, dropout=0.1, features=300
    ),
    Point(batch=20, negatives=1, width=320, heads=5, feedforward=1280, text_width=320, text=(5, 11), video=(4, 12)),
    Point(batch=6, negatives=2, width=640, heads=10, feedforward=2560, text_width=640, text_layers=1, features=2048),
    Point(batch=28, negatives=9, width=64, heads=2, feedforward=128, text_width=32, fusion_layers=3, text=(4, 10), video=(30, 44)),
)
"""Drawn up, and measured, after the first kinds of work that the model counts were settled on the others."""

NEWEST = (
    Point(batch=24, sampler="random", negatives=5, fusion_layers=1, width=96, heads=3, feedforward=384, text_width=96),
    Point(batch=16, negatives=3, fusion_layers=1, width=256, heads=8, feedforward=512, text_width=64, text_layers=1),
    Point(batch=384, sampler="", share=0.4),
    Point(batch=256, negatives=2, share=0.6, text=(6, 16), video=(10, 14)),
    Point(batch=44, negatives=6, width=112, heads=7, feedforward=448, text_width=96, text=(10, 22), video=(14, 26), dropout=0.1),
    Point(sampler="all", batch=28, width=80, heads=5, feedforward=320, text_width=64, recompute=True),
    Point(batch=72, negatives=2, chunk=18, text_layers=4, video_layers=2),
    Point(batch=10, negatives=1, width=448, heads=7, feedforward=1792, text_width=448, features=512),
)
"""Drawn up, and measured, after all others had been looked at, and for their errors rows and entries were added to the kinds of work."""
