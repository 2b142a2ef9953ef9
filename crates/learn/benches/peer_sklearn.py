"""The cases of examples/side_by_side.rs in scikit-learn: same rows, one thread, processor seconds and a metric.

Run: OMP_NUM_THREADS=1 python peer_sklearn.py [case prefix …]   (needs numpy and scikit-learn)
"""
import json
import sys
import time

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression


def uniform(seed, index):
    """SplitMix64 as a hash of a counter, as in tests/common/mod.rs."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def friedman(rows, columns, seed):
    x = uniform(seed, np.arange(rows * columns)).reshape(columns, rows)
    noise = np.zeros(rows)
    for k in range(12):
        noise += uniform(seed ^ 0xABCD, 12 * np.arange(rows) + k)
    y = 10 * np.sin(np.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4] + (noise - 6)
    return np.ascontiguousarray(x.T), y


def above_middle(y):
    return (y > 14.4).astype(int)


def thirds(y):
    return (y > 12).astype(int) + (y > 17).astype(int)


def main():
    only = sys.argv[1:]
    x, y = friedman(100_000, 20, 1)
    test_x, test_y = friedman(20_000, 20, 2)
    fixed = dict(max_iter=300, learning_rate=0.1, early_stopping=False, random_state=42)
    reference = dict(fixed, learning_rate=0.05, max_depth=7, l2_regularization=0.1)
    same = lambda v: v  # noqa: E731
    cases = [
        ("forest_classes_100", RandomForestClassifier(100, oob_score=True, n_jobs=1, random_state=42), above_middle),
        ("forest_values_20", RandomForestRegressor(20, oob_score=True, n_jobs=1, random_state=42), same),
        ("boosting_values_300", HistGradientBoostingRegressor(**fixed), same),
        ("boosting_reference_300", HistGradientBoostingRegressor(**reference), same),
        ("boosting_two_classes_300", HistGradientBoostingClassifier(**fixed), above_middle),
        ("boosting_three_classes_100", HistGradientBoostingClassifier(**dict(fixed, max_iter=100)), thirds),
        ("logistic_two_classes", LogisticRegression(max_iter=200), above_middle),
        ("logistic_three_classes", LogisticRegression(max_iter=200), thirds),
        ("least_squares", LinearRegression(), same),
    ]
    for name, model, target in cases:
        if only and not any(name.startswith(o) for o in only):
            continue
        train, test = target(y), target(test_y)
        before = time.process_time()
        model.fit(x, train)
        fit = time.process_time() - before
        before = time.process_time()
        predicted = model.predict(test_x)
        predict = time.process_time() - before
        row = {"case": name, "fit_cpu_s": round(fit, 3), "predict_cpu_s": round(predict, 3)}
        if target is same:
            row["rmse"] = round(float(np.sqrt(np.mean((predicted - test) ** 2))), 5)
        else:
            row["accuracy"] = round(float(np.mean(predicted == test)), 5)
        if hasattr(model, "oob_score_"):
            row["oob"] = round(float(model.oob_score_), 5)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
