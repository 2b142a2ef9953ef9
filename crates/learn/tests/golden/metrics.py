"""Writes metrics.json: values that the metrics of driftgate-learn have to reach.

Made with Python 3.11, numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1:

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    venv/bin/python metrics.py [FOLDER]

FOLDER is where the file goes; without it, beside this script.

Values come from scikit-learn, except where it has no such metric (ece, the calibration curve) or answers a number where
there is nothing to say: ranking metrics with an absent label (average precision is 1 where every row is positive) and r2
of a constant truth are null here.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics as sk
from sklearn.dummy import DummyClassifier, DummyRegressor

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20240607)
LABELS = {1: ["only"], 2: ["no", "yes"], 3: ["a", "b", "c"], 5: ["a", "b", "c", "d", "e"]}


def ranking(truth, proba, labels, averaging, positive):
    k = len(labels)
    if k < 2 or len(np.unique(truth)) < k:
        return None, None
    if k == 2:
        hit = truth == positive
        return sk.roc_auc_score(hit, proba[:, positive]), sk.average_precision_score(hit, proba[:, positive])
    average = "macro" if averaging == "macro" else "weighted"
    one_hot = np.eye(k)[truth]
    # Every class against the rest: roc_auc_score's own multi-class form refuses rows that miss 1 by rounding.
    return (
        sk.roc_auc_score(one_hot, proba, average=average),
        sk.average_precision_score(one_hot, proba, average=average),
    )


def calibration(truth, predicted, proba, bins):
    confidence = proba[np.arange(len(truth)), predicted]
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    curve, ece = [], 0.0
    for b in range(bins):
        inside = place == b
        if not inside.any():
            continue
        conf, acc = confidence[inside].mean(), (truth[inside] == predicted[inside]).mean()
        curve.append({"rows": int(inside.sum()), "confidence": conf, "accuracy": acc})
        ece += inside.sum() / len(truth) * abs(conf - acc)
    return curve, ece


def classify(truth, proba, labels, averaging, positive, bins, predicted=None):
    predicted = proba.argmax(axis=1) if predicted is None else predicted
    k = len(labels)
    every = list(range(k))
    if averaging == "binary":
        p, r, f, _ = sk.precision_recall_fscore_support(
            truth, predicted, labels=[positive], average="macro", zero_division=0
        )
    else:
        p, r, f, _ = sk.precision_recall_fscore_support(truth, predicted, average=averaging, zero_division=0)
    roc, pr = ranking(truth, proba, labels, averaging, positive)
    curve, ece = calibration(truth, predicted, proba, bins)
    if k == 2:
        brier = sk.brier_score_loss(truth == positive, proba[:, positive], pos_label=True)
    elif k > 2:
        brier = sk.brier_score_loss(truth, proba, labels=every)
    else:
        brier = 0.0
    values = {
        "accuracy": sk.accuracy_score(truth, predicted),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, predicted),
        "precision": p,
        "recall": r,
        "f1_score": f,
        "mcc": sk.matthews_corrcoef(truth, predicted),
        "roc_auc": roc,
        "pr_auc": pr,
        "log_loss": sk.log_loss(truth, proba, labels=every) if k > 1 else 2.220446049250313e-16,
        "brier": brier,
        "ece": ece,
    }
    cp, cr, cf, cs = sk.precision_recall_fscore_support(truth, predicted, labels=every, zero_division=0)
    table = [
        {"support": int(s), "precision": float(a), "recall": float(b), "f1_score": float(c)}
        for a, b, c, s in zip(cp, cr, cf, cs)
    ]
    confusion = sk.confusion_matrix(truth, predicted, labels=every).tolist()
    return values, table, confusion, curve


def number(value):
    return None if value is None else float(value)


def classes(name, truth, proba, averaging="weighted", positive=None, bins=10, train=None):
    truth, proba = np.asarray(truth), np.asarray(proba, dtype=float)
    k = proba.shape[1]
    labels = LABELS[k]
    positive_code = k - 1 if positive is None else labels.index(positive)
    values, table, confusion, curve = classify(truth, proba, labels, averaging, positive_code, bins)
    train = np.asarray(truth if train is None else train)
    dummy = DummyClassifier(strategy="prior").fit(np.zeros((len(train), 1)), train)
    base = np.zeros_like(proba)
    base[:, dummy.classes_] = dummy.predict_proba(np.zeros((len(truth), 1)))
    majority = dummy.predict(np.zeros((len(truth), 1)))
    baseline, _, _, _ = classify(truth, base, labels, averaging, positive_code, bins, majority)
    return {
        "name": name,
        "labels": labels,
        "averaging": averaging,
        "positive_label": positive,
        "bins": bins,
        "train": train.tolist(),
        "truth": truth.tolist(),
        "probabilities": proba.tolist(),
        "metrics": {key: number(v) for key, v in values.items()},
        "baseline": {key: number(v) for key, v in baseline.items()},
        "per_class": table,
        "confusion": confusion,
        "calibration": curve,
    }


def values(name, truth, predicted, train=None):
    truth, predicted = np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)
    train = truth if train is None else np.asarray(train, dtype=float)
    mean = DummyRegressor().fit(np.zeros((len(train), 1)), train).predict(np.zeros((len(truth), 1)))

    def score(guess):
        return {
            "mae": sk.mean_absolute_error(truth, guess),
            "mse": sk.mean_squared_error(truth, guess),
            "rmse": sk.root_mean_squared_error(truth, guess),
            "r2": sk.r2_score(truth, guess) if len(np.unique(truth)) > 1 else None,
            "mape": sk.mean_absolute_percentage_error(truth, guess),
        }

    return {
        "name": name,
        "train": train.tolist(),
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "metrics": {key: number(v) for key, v in score(predicted).items()},
        "baseline": {key: number(v) for key, v in score(mean).items()},
    }


def softmax(n, k, truth, signal=1.5):
    logits = rng.normal(size=(n, k)) + signal * np.eye(k)[truth]
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def tied(n, k):
    """Probabilities in tenths, so that scores tie often and rows still sum to 1."""
    parts = rng.multinomial(10, np.ones(k) / k, size=n)
    return parts / 10.0


def skewed(n, k):
    truth = rng.choice(k, size=n, p=np.arange(1, k + 1) / np.arange(1, k + 1).sum())
    truth[:k] = np.arange(k)
    return truth


def classification_cases():
    cases = []
    t2, t5 = skewed(61, 2), skewed(90, 5)
    p2, p5 = softmax(61, 2, t2), softmax(90, 5, t5)
    train2, train5 = skewed(83, 2), skewed(120, 5)
    for averaging in ["weighted", "macro", "binary"]:
        cases.append(classes(f"two labels, {averaging}", t2, p2, averaging, train=train2))
        cases.append(classes(f"two labels, {averaging}, first positive", t2, p2, averaging, "no", train=train2))
    for averaging in ["weighted", "macro"]:
        cases.append(classes(f"five labels, {averaging}", t5, p5, averaging, bins=15, train=train5))
        cases.append(classes(f"five labels, ties, {averaging}", t5, tied(90, 5), averaging, bins=7))
    cases.append(classes("two labels, ties", t2, tied(61, 2), "binary"))
    cases.append(classes("two labels, two distinct scores", t2, np.where(p2 > 0.5, 0.75, 0.25), "macro", bins=4))
    for averaging in ["weighted", "macro"]:
        absent = np.where(t5 == 3, 1, t5)
        cases.append(classes(f"a label in answers only, {averaging}", absent, p5, averaging))
        never = p5.copy()
        never[:, 2] += never[:, 3]
        never[:, 3] = 0.0
        cases.append(classes(f"a label nowhere, {averaging}", absent, never, averaging))
    for k, truth in [(2, t2), (5, t5)]:
        sure = np.eye(k)[truth]
        cases.append(classes(f"perfect and sure, {k} labels", truth, sure))
        cases.append(classes(f"wrong and sure, {k} labels", truth, np.roll(sure, 1, axis=1), "macro"))
        cases.append(classes(f"constant, {k} labels", truth, np.full((len(truth), k), 1.0 / k), "macro"))
    cases.append(classes("three labels, constant answer", skewed(40, 3), np.tile([0.2, 0.5, 0.3], (40, 1))))
    eps = np.finfo(float).eps
    for name, tiny in [("eps", eps), ("half eps", eps / 2), ("1e-300", 1e-300), ("0", 0.0)]:
        right = np.where(rng.random(61) < 0.8, t2, 1 - t2)
        proba = np.where(np.eye(2)[right] == 1, 1.0 - tiny, tiny)
        cases.append(classes(f"extreme probabilities, {name}", t2, proba, "binary"))
    for code in [0, 1]:
        cases.append(classes(f"one of two labels, code {code}", np.full(12, code), softmax(12, 2, np.full(12, code))))
    cases.append(classes("one row", [1], [[0.25, 0.75]], "macro"))
    cases.append(classes("one label", [0, 0, 0], [[1.0], [1.0], [1.0]]))
    return cases


def regression_cases():
    y = rng.normal(50, 12, size=73)
    noisy = y + rng.normal(0, 5, size=73)
    return [
        values("random", y, noisy, train=rng.normal(48, 12, size=100)),
        values("worse than the mean", y, noisy[::-1]),
        values("perfect", y, y),
        values("constant answer", y, np.full(73, 47.0)),
        values("whole numbers with ties", np.round(y / 10), np.round(noisy / 10)),
        values("zero among the truth", [0.0, 1.0, -2.0, 4.0], [0.5, 1.0, -1.0, 5.0]),
        values("constant truth", [3.0, 3.0, 3.0], [3.0, 2.5, 4.0]),
        values("constant truth, perfect", [0.1, 0.1, 0.1], [0.1, 0.1, 0.1]),
        values("one row", [2.0], [2.5]),
        values("far from zero", 1e6 + y, 1e6 + noisy),
        values("tiny", 1e-9 * y, 1e-9 * noisy),
    ]


def wilson_cases():
    out = []
    for hits, rows in [(0, 1), (1, 1), (86, 86), (0, 40), (83, 85), (10, 20), (999, 1000)]:
        for level in [0.9, 0.95, 0.99]:
            low, high = binomtest(hits, rows).proportion_ci(level, method="wilson")
            out.append({"hits": hits, "rows": rows, "level": level, "low": float(low), "high": float(high)})
    return out


def quantile_cases():
    sample = np.sort(np.round(rng.normal(size=37), 3))
    shares = [0.0, 0.025, 0.05, 0.31, 0.5, 0.95, 0.975, 1.0]
    return {"sorted": sample.tolist(), "shares": shares, "values": [float(np.quantile(sample, s)) for s in shares]}


if __name__ == "__main__":
    golden = {
        "classification": classification_cases(),
        "regression": regression_cases(),
        "wilson": wilson_cases(),
        "quantile": quantile_cases(),
    }
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent) / "metrics.json"
    text = ",\n".join(
        f'"{key}": [\n' + ",\n".join(json.dumps(case) for case in part) + "\n]"
        if isinstance(part, list)
        else f'"{key}": {json.dumps(part)}'
        for key, part in golden.items()
    )
    target.write_text("{\n" + text + "\n}\n")
