"""The contract of token weightings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from taco_bench.testing.contract import Contract

IDF = tuple(np.array(values) for values in ([2.0], [0.3, 1.7, 1.7, 4.2], [0.0, 3.1], [1e-9, 9.0], np.linspace(0.1, 8, 30)))
ZERO = tuple(np.zeros(count) for count in (1, 5))


class TokenWeightingContract(Contract):
    """For token weightings: from the idf of a caption's tokens of interest to the weights of their terms in Eq. 4."""

    kind: ClassVar[str] = "token-weights"
    members: ClassVar[tuple[str, ...]] = ("weigh",)

    def weights(self, weighting: Any, idf: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """As the core takes them."""
        return np.asarray(weighting.weigh(idf.copy()), np.float64)

    def test_one_weight_a_piece(self, component: Any) -> None:
        """The token loss multiplies the term of each word piece of interest by its weight."""
        for idf in (*IDF, *ZERO):
            shape = self.weights(component, idf).shape
            assert shape == idf.shape, f"weigh() gave {list(shape)} for {len(idf)} pieces; one weight a piece, in their order"

    def test_weights_are_finite(self, component: Any) -> None:
        """One NaN weight makes the loss of the whole batch NaN."""
        for idf in IDF:
            assert np.isfinite(self.weights(component, idf)).all(), f"weigh() gave a weight that is not finite for the idf {idf}"

    def test_weights_are_not_negative(self, component: Any) -> None:
        """A negative weight would push the right video away from a word."""
        for idf in (*IDF, *ZERO):
            assert (self.weights(component, idf) >= 0).all(), f"weigh() gave a weight below 0 for the idf {idf}; the least is 0"

    def test_words_of_every_caption(self, component: Any) -> None:
        """A word that is in all captions has the idf 0: a caption of such words alone is weighted too, without a division by 0."""
        for idf in ZERO:
            with np.errstate(all="ignore"):
                finite = np.isfinite(self.weights(component, idf)).all()
            assert finite, "weigh() gave no finite weights where every idf is 0: give that case a rule, such as equal weights"

    def test_the_same_idf_gets_the_same_weights(self, component: Any, tmp_path: Path) -> None:
        """Captions are weighted in an order of the core's choosing, and anew in each process."""
        fresh = self.new(tmp_path)
        first = [self.weights(component, idf) for idf in IDF]
        again = [self.weights(fresh, idf) for idf in reversed(IDF)][::-1]
        same = all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
        assert same, "asked again in another order, a new weighting gave other weights; they may depend on the caption's idf alone"
