"""The scores of pairs that losses, samplers and evaluation share."""

import pytest
import torch
from builders import ragged, random_rows

from taco_bench.config import Losses
from taco_bench.model.language import TextFeatures
from taco_bench.model.taco import Words, sentence_scores, token_scores, word_scores
from taco_bench.model.video import VideoFeatures

pytestmark = pytest.mark.compat


def features():
    """Three texts and two videos, d = 4."""
    texts, videos = random_rows([3, 2, 4], 4, 0), random_rows([1, 3], 4, 1)
    sentence = torch.stack([text[0] for text in texts])
    mean = torch.stack([video.mean(dim=0) for video in videos])
    return texts, videos, TextFeatures(ragged(texts), sentence), VideoFeatures(ragged(videos), mean)


WORDS = Words(torch.tensor([1, 6, 7, 7]), torch.tensor([0, 2, 2, 2]), torch.tensor([0.5, 0.3, 0.3, 0.4]).double())


def dot(a, b, cosine=False):
    found = sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))
    return found / (dot(a, a) * dot(b, b)) ** 0.5 if cosine else found


@pytest.mark.parametrize(("normalize", "temperature"), [(False, 1.0), (False, 0.5), (True, 0.07)])
def test_sentence_scores(normalize, temperature):
    texts, videos, text, video = features()
    found = sentence_scores(text, video, Losses(normalize=normalize, sentence_temperature=temperature, token_temperature=9.0))
    expected = [[dot(t[0], v.mean(dim=0), normalize) / temperature for v in videos] for t in texts]
    assert found.tolist() == [pytest.approx(row) for row in expected]


@pytest.mark.parametrize(("normalize", "temperature"), [(False, 1.0), (False, 0.5), (True, 0.07)])
def test_word_scores(normalize, temperature):
    texts, videos, text, video = features()
    found = word_scores(text, WORDS, video, Losses(normalize=normalize, token_temperature=temperature, sentence_temperature=9.0))
    words = [texts[0][1], texts[2][1], texts[2][2], texts[2][2]]  # tokens 1, 6 and 7 of rows of 3, 2 and 4
    expected = [[max(dot(word, x, normalize) for x in v) / temperature for v in videos] for word in words]
    assert found.tolist() == [pytest.approx(row) for row in expected]


def test_token_scores_are_plain_sums_over_the_words_of_a_text():
    similarity = torch.tensor([[1.0, 2.0], [10.0, 20.0], [0.5, 0.25], [4.0, 4.0]])
    assert token_scores(similarity, WORDS, 3).tolist() == [[1.0, 2.0], [0.0, 0.0], [14.5, 24.25]]


def test_autocast_does_not_round_the_scores():
    """They choose the hard negatives and are ranked; 8 bits of mantissa would make ties."""
    _, _, text, video = features()
    text = TextFeatures(text.tokens.with_values(text.tokens.values.float()), text.sentence.float())
    video = VideoFeatures(video.tokens.with_values(video.tokens.values.float()), video.mean.float())
    plain = sentence_scores(text, video, Losses()), word_scores(text, WORDS, video, Losses())
    with torch.autocast("cpu", torch.bfloat16):
        found = sentence_scores(text, video, Losses()), word_scores(text, WORDS, video, Losses())
    torch.testing.assert_close(found, plain, rtol=1e-5, atol=1e-5)
