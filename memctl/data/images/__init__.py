"""Image data sets: decoded once into uint8, cached by content, without duplicates, near duplicates or mirror images."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # shape (n, channels, height, width), or one image without n
