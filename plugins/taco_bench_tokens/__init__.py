"""First-party token selectors and token weightings."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_tokens.selectors import PARTS_OF_SPEECH, AllWords, TopIdf, part_of_speech
from taco_bench_tokens.weightings import IdfMax, IdfWeights, UniformWeights


@hookimpl
def taco_bench_token_selectors(register: Register) -> None:
    """Add one selector a universal part of speech, so that a list of them is their union, and the two others."""
    for tag, meaning in PARTS_OF_SPEECH.items():
        register(tag.lower(), part_of_speech(tag), summary=f"words tagged {tag}: {meaning}")
    register("all", AllWords, summary="all content and function words")
    register("top-idf", TopIdf, summary="the rarest words of each caption, such as top-idf:0.25")


@hookimpl
def taco_bench_token_weightings(register: Register) -> None:
    """Add the weightings."""
    register("idf", IdfWeights, summary="idf of Eq. 7, normalised to sum 1 over the tokens of interest")
    register("idf-max", IdfMax, summary="idf of Eq. 7, divided by the largest of the caption")
    register("uniform", UniformWeights, summary="the same weight for every token of interest, sum 1")
