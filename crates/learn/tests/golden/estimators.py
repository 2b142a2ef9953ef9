"""Values of scikit-learn that tests/sklearn.rs compares the estimators with.

    OMP_NUM_THREADS=1 python estimators.py [FOLDER [california.csv]]

(Python 3.12, scikit-learn 1.9.1, numpy 2.5.5, scipy 1.18.1) writes estimators.json into FOLDER; without one, beside this script. The data are the repository's own (`data/`) and, where its
path is given, California housing (SHA-256
94ef369b909f5c725340b512b7c9a05c1550a554b6592d29303990e3ba521a1f). Folds are fixed: row i is in fold i mod 5.
Features are column vectors as the files have them, not scaled, unless a case says so.
"""
import csv
import json
import pathlib
import sys

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

FOLDS = 5
SEEDS = range(8)


def load(path):
    rows = list(csv.reader(open(path)))[1:]
    x = np.array([[float(v) for v in r[:-1]] for r in rows])
    raw = [r[-1] for r in rows]
    try:
        return x, np.array([float(v) for v in raw])
    except ValueError:
        labels = sorted(set(raw))
        return x, np.array([labels.index(v) for v in raw])


def standardised(x):
    return (x - x.mean(0)) / x.std(0)


def linear(x, y):
    out = {"ols": LinearRegression().fit(x, y)}
    for alpha in (0.1, 100.0):
        out[f"ridge_{alpha}"] = Ridge(alpha=alpha).fit(x, y)
    # A table whose columns depend on each other: the last is the sum of the first two, and one is constant.
    dependent = np.column_stack([x, x[:, 0] + x[:, 1], np.full(len(x), 3.0)])
    out["ols_dependent"] = LinearRegression().fit(dependent, y)
    return {k: {"coefficients": m.coef_.tolist(), "intercept": float(m.intercept_)} for k, m in out.items()}


def logistic(x, y):
    out = {}
    for name, data in (("raw", x), ("standardised", standardised(x))):
        for weight in (None, "balanced"):
            for c in (1.0, 0.01):
                # Newton steps with exact second derivatives, converged far below the tolerance of the comparison.
                model = LogisticRegression(C=c, class_weight=weight, solver="newton-cholesky", tol=1e-10, max_iter=10_000)
                model.fit(data, y)
                out[f"{name}_{weight or 'plain'}_{c}"] = {
                    "coefficients": model.coef_.tolist(),
                    "intercepts": model.intercept_.tolist(),
                    "probabilities": model.predict_proba(data[::17]).tolist(),
                }
    return out


def folds(n):
    for k in range(FOLDS):
        test = np.arange(n) % FOLDS == k
        yield ~test, test


def cross_validated(make, x, y, score, seeds=SEEDS):
    """Mean score over the folds for each seed, then mean and standard deviation over the seeds."""
    by_seed = []
    for seed in seeds:
        scores = []
        for train, test in folds(len(y)):
            model = make(seed).fit(x[train], y[train])
            scores.append(score(model, x[test], y[test]))
        by_seed.append(float(np.mean(scores)))
    return {"mean": float(np.mean(by_seed)), "sd_over_seeds": float(np.std(by_seed, ddof=1)) if len(by_seed) > 1 else 0.0}


def accuracy(model, x, y):
    return float(np.mean(model.predict(x) == y))


def log_loss(model, x, y):
    return float(-np.mean(np.log(model.predict_proba(x)[np.arange(len(y)), y])))


def rmse(model, x, y):
    return float(np.sqrt(np.mean((model.predict(x) - y) ** 2)))


def forest_case(x, y):
    out = {}
    for weight in (None, "balanced"):
        make = lambda seed, w=weight: RandomForestClassifier(100, class_weight=w, random_state=seed)  # noqa: E731
        out[f"accuracy_{weight or 'plain'}"] = cross_validated(make, x, y, accuracy)
    oob = [RandomForestClassifier(100, oob_score=True, random_state=s).fit(x, y) for s in SEEDS]
    out["oob"] = {"mean": float(np.mean([m.oob_score_ for m in oob])), "sd_over_seeds": float(np.std([m.oob_score_ for m in oob], ddof=1))}
    out["importances"] = np.mean([m.feature_importances_ for m in oob], axis=0).tolist()
    return out


def boosting_classes(x, y):
    out = {}
    for weight in (None, "balanced"):
        make = lambda seed, w=weight: HistGradientBoostingClassifier(  # noqa: E731
            class_weight=w, max_iter=60, early_stopping=False, random_state=seed
        )
        out[f"accuracy_{weight or 'plain'}"] = cross_validated(make, x, y, accuracy, [0])
        out[f"log_loss_{weight or 'plain'}"] = cross_validated(make, x, y, log_loss, [0])
    for n in (1, 10):
        model = HistGradientBoostingClassifier(max_iter=n, early_stopping=False, random_state=0).fit(x, y)
        out[f"train_log_loss_after_{n}"] = log_loss(model, x, y)
    return out


def boosting_rare(x, y):
    """Balanced weights where they matter: of the first label every tenth row stays. The loss is the one that is trained on."""
    kept = (y == 1) | (np.arange(len(y)) % 10 == 0)
    x, y = x[kept], y[kept]
    weights = (len(y) / (2 * np.bincount(y)))[y]
    out = {"rows": np.bincount(y).tolist()}
    for n in (1, 10):
        for weight in (None, "balanced"):
            model = HistGradientBoostingClassifier(class_weight=weight, max_iter=n, early_stopping=False, random_state=0)
            p = model.fit(x, y).predict_proba(x)[np.arange(len(y)), y]
            out[f"balanced_log_loss_of_{weight or 'plain'}_after_{n}"] = float(np.average(-np.log(p), weights=weights))
    return out


def boosting_values(x, y, **more):
    make = lambda seed: HistGradientBoostingRegressor(early_stopping=False, random_state=seed, **more)  # noqa: E731
    model = make(0).fit(x, y)
    return {"rmse": cross_validated(make, x, y, rmse, [0]), "fitted": model.predict(x[::97]).tolist()}


def holes(x):
    """Missing values where (7·row + 3·column) mod 11 is below 2."""
    i, j = np.indices(x.shape)
    return np.where((7 * i + 3 * j) % 11 < 2, np.nan, x)


def main():
    here = pathlib.Path(__file__).resolve().parent
    root = here.parents[3]
    read = lambda name: load(f"{root}/data/{name}/data.csv")  # noqa: E731
    cancer, wine, iris, diabetes = read("breast_cancer"), read("wine"), read("iris"), read("diabetes")
    out = {}
    out["linear"] = {"diabetes": linear(*diabetes)}
    out["logistic"] = {"breast_cancer": logistic(*cancer), "wine": logistic(*wine), "iris": logistic(*iris)}
    out["forest"] = {"breast_cancer": forest_case(*cancer), "wine": forest_case(*wine)}
    regressor = lambda seed: RandomForestRegressor(100, random_state=seed)  # noqa: E731
    out["forest"]["diabetes"] = {"rmse": cross_validated(regressor, *diabetes, rmse)}
    out["boosting"] = {
        "breast_cancer": boosting_classes(*cancer),
        "breast_cancer_rare": boosting_rare(*cancer),
        "wine": boosting_classes(*wine),
        "diabetes": boosting_values(*diabetes, max_iter=40, l2_regularization=0.1),
        "diabetes_with_holes": boosting_values(holes(diabetes[0]), diabetes[1], max_iter=40, max_depth=4),
    }
    if len(sys.argv) > 2:
        california = load(sys.argv[2])
        out["boosting"]["california"] = boosting_values(*california, max_iter=100)
        small = lambda seed: RandomForestRegressor(20, random_state=seed)  # noqa: E731
        out["forest"]["california"] = {"rmse": cross_validated(small, *california, rmse, [0])}
    else:
        print("SKIPPED: the values of california housing: its file was not given")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
    (folder / "estimators.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
