"""How the encoder scales."""


def scaled(frames):
    return frames * 1.0
