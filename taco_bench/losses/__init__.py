"""The three losses of TACo, one file an equation. All are means over texts (anchors)."""

from taco_bench.losses.fusion import fusion_nce
from taco_bench.losses.sentence import sentence_nce
from taco_bench.losses.token import token_nce, token_similarity, word_similarity

__all__ = ["fusion_nce", "sentence_nce", "token_nce", "token_similarity", "word_similarity"]
