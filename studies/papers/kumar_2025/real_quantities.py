"""What the claims on scikit-learn's bundled sets are measured by."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from bounds.check import Array
from bounds.claim import Measured
from studies.quantities import mean
from studies.summary import groups, ratio_of_means
from studies.tables import Table

Cells = Iterator[tuple[dict[str, Any], dict[str, Array]]]
NOISY = ("dsm", "bsm")


def real_risks(table: Table, law: str) -> Cells:
    """Each cell of a law: what a formula needs to know, and m · excess risk of each estimator,
    paired by replicate.
    """
    frame = table.frame[table.frame["law"] == law]
    for cell, group in groups(frame.sort_values("replicate", kind="stable"), "cell"):
        by = {
            name: one["risk"].to_numpy(dtype=np.float64) for name, one in groups(group, "estimator")
        }
        yield json.loads(cell), by


def measure_split(table: Table) -> list[Measured]:
    """m · risk on rows as a law, of each estimator that is noisy."""
    return [
        mean({**cell, "estimator": name}, by[name])
        for cell, by in real_risks(table, "rows")
        for name in (*NOISY, "path")
    ]


def measure_excess(table: Table) -> list[Measured]:
    """The same at one draw, beyond the plug-in on the same rows: what noise costs."""
    return [
        mean({**cell, "estimator": name}, by[name] - by["plug-in"])
        for cell, by in real_risks(table, "rows")
        for name in NOISY
        if cell["redraws"] == 1
    ]


def measure_plug_in(law: str) -> Callable[[Table], list[Measured]]:
    """m · risk of the plug-in; K does not enter it, so that all K are one sample."""

    def measured(table: Table) -> list[Measured]:
        found: dict[tuple[str, float], tuple[dict[str, Any], list[Array]]] = {}
        for cell, by in real_risks(table, law):
            where = cell["data"], cell["t"]
            found.setdefault(where, (cell, []))[1].append(by["plug-in"])
        return [
            mean({k: v for k, v in cell.items() if k != "redraws"}, np.concatenate(values))
            for cell, values in found.values()
        ]

    return measured


def measure_ratio(law: str, over: str, *estimators: str) -> Callable[[Table], list[Measured]]:
    """Paired ratio of mean excess risks at one draw, of estimators over another."""

    def measured(table: Table) -> list[Measured]:
        return [
            Measured(
                {**cell, "estimator": name}, *ratio_of_means(by[name], by[over]), by[over].size
            )
            for cell, by in real_risks(table, law)
            for name in estimators
            if cell["redraws"] == 1
        ]

    return measured


def measure_few(table: Table) -> list[Measured]:
    """m · K · (loss − the plug-in's on the same rows) of DSM on rows held out."""
    return [
        mean({**cell, "estimator": "dsm"}, cell["redraws"] * (by["dsm"] - by["plug-in"]))
        for cell, by in real_risks(table, "held-out")
    ]


def measure_same(table: Table) -> list[Measured]:
    """What noise costs on rows held out over what it costs for a Gaussian of their covariance, at
    the same m and one draw; the two are independent.
    """
    found = []
    held_out = {
        (cell["data"], cell["t"]): (cell, by)
        for cell, by in real_risks(table, "held-out")
        if cell["redraws"] == 1
    }
    for gaussian, plain in real_risks(table, "gaussian"):
        if gaussian["redraws"] != 1:
            continue
        cell, by = held_out[gaussian["data"], gaussian["t"]]
        for name in NOISY:
            a = mean(cell, by[name] - by["plug-in"])
            b = mean(cell, plain[name] - plain["plug-in"])
            ratio = a.value / b.value
            error = abs(ratio) * float(np.hypot(a.error / a.value, b.error / b.value))
            found.append(Measured({**cell, "estimator": name}, ratio, error, a.replicates))
    return found


REAL: Mapping[str, Callable[[Table], list[Measured]]] = {
    "split": measure_split,
    "excess": measure_excess,
    "limit": measure_plug_in("rows"),
    "covariance": measure_ratio("gaussian", "dsm", "bsm"),
    "gain": measure_ratio("held-out", "dsm", "bsm", "path"),
    "near": measure_ratio("held-out", "plug-in", "path"),
    "few": measure_few,
    "mean": measure_plug_in("held-out"),
    "same": measure_same,
}
"""Measurement name, without "real-" → how."""
