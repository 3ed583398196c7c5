"""How far a flow is from what flows were: one number for many features, with the features that made it. On columns.

Source: distance of Mahalanobis over principal components, streaming by batches (Shyu et al., "A Novel Anomaly
Detection Scheme
Based on Principal Component Classifier", 2003): on NSL-KDD it ranks attacks as well as trees and small neural networks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FORGET = 0.02
"""Weight of a new batch once enough is known (chosen: a day of batches of five minutes counts most)."""
FLOOR = 1e-3
"""Least variance of a component, as a share of the mean one: directions in which nothing ever varied."""
CLIP = 1e6
"""Largest value of a feature (features are logarithms and shares)."""


class FlowScore:
    """Learns mean and covariance of batches of flows (rows) with `features` columns, and scores flows against them."""

    def __init__(self, features: int) -> None:
        """Know nothing yet."""
        self.count = 0.0
        self.mean: NDArray[np.float64] = np.zeros(features)
        self.covariance: NDArray[np.float64] = np.eye(features)
        self._axes: NDArray[np.float64] | None = None

    def learn(self, flows: NDArray[np.float64]) -> None:
        """Take a batch into what is usual."""
        rows = _clean(flows)
        if not len(rows):
            return
        weight = max(len(rows) / (self.count + len(rows)), FORGET)
        step = rows.mean(axis=0) - self.mean
        centred = rows - rows.mean(axis=0)
        spread = centred.T @ centred / len(rows)
        self.covariance = (
            (1 - weight) * self.covariance + weight * spread + weight * (1 - weight) * np.outer(step, step)
        )
        self.mean = self.mean + weight * step
        self.count += len(rows)
        self._axes = None

    def score(self, flows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the squared distance of each flow, divided by the number of features: about 1 is usual."""
        projected = (_clean(flows) - self.mean) @ self._whitening()
        result: NDArray[np.float64] = np.einsum("ij,ij->i", projected, projected) / len(self.mean)
        return result

    def reasons(self, flow: NDArray[np.float64], most: int = 2) -> list[int]:
        """Return the numbers of the features in which a flow is farthest from usual."""
        spread = np.sqrt(np.maximum(np.diag(self.covariance), 1e-12))
        distance = np.abs(_clean(flow[None, :])[0] - self.mean) / spread
        return [int(one) for one in np.argsort(-distance)[:most]]

    def _whitening(self) -> NDArray[np.float64]:
        if self._axes is None:
            values, vectors = np.linalg.eigh(self.covariance)
            floor = FLOOR * max(float(values.mean()), 1e-12)
            self._axes = vectors / np.sqrt(np.maximum(values, floor))
        return self._axes


def _clean(flows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.nan_to_num(flows), -CLIP, CLIP)
