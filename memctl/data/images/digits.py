"""scikit-learn's 1,797 handwritten digits of 8 x 8 pixels: real images that come with a required
package.

The test set of the UCI "Optical recognition of handwritten digits" (Alpaydin and Kaynak 1998),
values 0 to 16.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memctl.data.base import DataSource, Examples


@dataclass
class Digits(DataSource):
    """The digits, values in [-1, 1]."""

    name = "digits"
    n_train: int | None = 500  # as ECG5000; 797 stay unused
    n_heldout: int | None = 500
    base_epochs: int = 100

    def files(self) -> list[Path]:
        import sklearn.datasets

        return [Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz"]

    def read(self) -> Examples:
        from sklearn.datasets import load_digits  # here alone: it takes half a second

        images, labels = load_digits(return_X_y=True)
        return Examples(
            (images.reshape(-1, 1, 8, 8) / 8 - 1).astype(np.float32),
            labels,
            value_range=(-1.0, 1.0),
        )
