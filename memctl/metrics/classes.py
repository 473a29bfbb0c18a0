"""Whether generated records hold the classes that real ones hold, and are of use to tell them apart; for data with labels.

A network without classes gives no labels, so a classifier fitted on training records gives them: the nearest record's label, or
logistic regression.

    class_tv   1/2 sum_c |share of c in G, as classified - share of c in the held-out labels|            (total variation)
    tstr       accuracy on held-out records of a classifier fitted on G so labelled   (Esteban et al. 2017, arXiv 1706.02633)
    trtr       the same of one fitted on training records: what tstr can be

Range [0, 1]. class_tv: lower is better; class_tv_heldout, that of the held-out records as classified, is the classifier's own part in
it. tstr: higher is better, to be read beside trtr. Rare classes count little in an accuracy, so both come as the mean over classes too
(balanced accuracy).

Blind spots: none sees copying; copies of train have tstr = trtr, at least under the nearest neighbour. The labels of G are only as
good as the classifier: what is no record of any class gets a label all the same. By chance m generated and n held-out records of one
distribution have a class_tv of about sum_c sqrt(p_c (1 - p_c) (1/m + 1/n) / (2 pi)). Cost: a pass over the distances, or a
regression, of each side.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier

from memctl.metrics.measure import Floats

Labels = NDArray[Any]


def fitted(records: Floats, labels: Labels, how: str = "nearest") -> Any:
    """A classifier of flattened records, shape (n, D), fitted on them; of one class alone, that which always says it.

    Args:
        how: nearest or logistic.
    """
    if how not in ("nearest", "logistic"):
        raise ValueError(f"how={how!r} must be nearest or logistic")
    if len(np.unique(labels)) == 1:
        return DummyClassifier().fit(records, labels)
    return (KNeighborsClassifier(1) if how == "nearest" else LogisticRegression(max_iter=1000)).fit(records, labels)


def total_variation(a: Labels, b: Labels) -> float:
    """Between the shares of classes in two lists of labels: the share of one that would have to change class to match the other."""
    classes = np.union1d(a, b)
    share = lambda labels: (labels[:, None] == classes).mean(axis=0)
    return float(np.abs(share(a) - share(b)).sum() / 2)


def class_distances(
    samples: Floats, train: Floats, train_labels: Labels, heldout: Floats, heldout_labels: Labels, how: str = "nearest"
) -> dict[str, float]:
    """class_tv, class_tv_heldout, and tstr and trtr each plain and balanced over classes.

    Args:
        samples, train, heldout: Records of any dimensions, shapes (m, channels, *dims), (n, ...), (k, ...).
        train_labels, heldout_labels: Shapes (n,) and (k,).
        how: nearest or logistic.
    """
    g, x, y = (records.reshape(len(records), -1).astype(np.float64) for records in (samples, train, heldout))
    # One scale for all values: by its own, a value that hardly varies in train would carry any noise of G into the regression.
    middle, scale = x.mean(axis=0), float(x.std()) or 1.0
    g, x, y = ((records - middle) / scale for records in (g, x, y))
    real = fitted(x, train_labels, how)
    labels, said = real.predict(g), real.predict(y)
    synthetic = fitted(g, labels, how).predict(y)
    return {
        "class_tv": total_variation(labels, heldout_labels),
        "class_tv_heldout": total_variation(said, heldout_labels),
        "tstr": float(accuracy_score(heldout_labels, synthetic)),
        "tstr_balanced": float(balanced_accuracy_score(heldout_labels, synthetic)),
        "trtr": float(accuracy_score(heldout_labels, said)),
        "trtr_balanced": float(balanced_accuracy_score(heldout_labels, said)),
    }
