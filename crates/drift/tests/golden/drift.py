"""Writes drift.json: values that the tests and distances of driftgate-drift have to reach.

Made with Python 3.11, numpy 2.4.6, scipy 1.17.1:

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1
    venv/bin/python drift.py [FOLDER]

FOLDER is where the file goes; without it, beside this script. Samples are written with the values, so that both sides see the
same numbers.
"""

import json
import pathlib
import sys

import numpy as np
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

rng = np.random.default_rng(20250117)


def samples():
    pairs = []
    for n, m in [(5, 7), (12, 12), (30, 45), (40, 100), (3, 200), (150, 150), (300, 77)]:
        for shift in [0.0, 0.5, 2.0]:
            a, b = rng.normal(size=n), rng.normal(shift, 1.0, size=m)
            pairs.append((np.round(a, 4), np.round(b, 4)))
    pairs.append((rng.integers(0, 5, 40).astype(float), rng.integers(0, 6, 60).astype(float)))
    return [(np.sort(a), np.sort(b)) for a, b in pairs]


def two_samples():
    out = []
    for a, b in samples():
        ks = stats.ks_2samp(a, b, method="exact")
        out.append({
            "a": a.tolist(), "b": b.tolist(), "d": ks.statistic, "p": ks.pvalue,
            "wasserstein": stats.wasserstein_distance(a, b),
        })
    return out


def exact():
    """p alone, for larger samples and far tails: k values of b lie below all of a, the others evenly among them."""
    out = []
    for n, m in [(50, 80), (100, 100), (300, 300), (1000, 37), (333, 444), (2000, 1500)]:
        for share in [0.03, 0.08, 0.2, 0.5]:
            k = int(np.ceil(share * m))
            a = np.arange(n, dtype=float)
            b = np.concatenate([np.full(k, -1.0), np.linspace(-0.4, n - 0.6, m - k)])
            found = stats.ks_2samp(a, b, method="exact")
            out.append({"n": n, "m": m, "scaled": int(round(found.statistic * n * m)), "p": found.pvalue})
    return out


def chi_square():
    out = []
    for k, n, m in [(2, 100, 100), (3, 500, 80), (6, 1000, 1000), (12, 20000, 700)]:
        for tilt in [0.0, 0.4, 2.0]:
            p = rng.dirichlet(np.full(k, 8.0))
            q = p * np.exp(tilt * np.linspace(0, 1, k))
            a, b = rng.multinomial(n, p) + 12, rng.multinomial(m, q / q.sum()) + 12
            found = stats.chi2_contingency(np.array([a, b]), correction=False)
            if found.expected_freq.min() < 5:
                continue
            fit = stats.chisquare(b, a / a.sum() * b.sum())
            out.append({
                "a": a.tolist(), "b": b.tolist(), "statistic": found.statistic, "p": found.pvalue,
                "fit": fit.statistic, "fit_p": fit.pvalue, "jensenshannon": float(jensenshannon(a, b)),
            })
    return out


def proportions():
    out = []
    for a, n, b, m in [
        (0, 30, 3, 30), (1, 20, 9, 25), (3, 1000, 4, 40), (0, 5000, 1, 30), (10, 10, 0, 12), (2, 9, 2, 9), (5, 12, 0, 300),
        (1, 100000, 6, 500), (0, 40, 8, 41),
    ]:
        table = [[a, n - a], [b, m - b]]
        two = stats.fisher_exact(table).pvalue
        greater = stats.fisher_exact([[b, m - b], [a, n - a]], alternative="greater").pvalue
        out.append({"a": a, "n": n, "b": b, "m": m, "method": "fisher", "p": two, "greater": greater})
    for a, n, b, m in [(50, 200, 70, 200), (300, 10000, 40, 700), (20, 100, 20, 90), (5000, 10000, 700, 1000)]:
        found = stats.chi2_contingency([[a, n - a], [b, m - b]], correction=False)
        root = np.sign(b / m - a / n) * np.sqrt(found.statistic)
        out.append({
            "a": a, "n": n, "b": b, "m": m, "method": "chisquare", "p": found.pvalue, "greater": stats.norm.sf(root),
        })
    return out


def functions():
    x = [0.05, 0.2, 0.3, 0.5, 0.7, 0.8199, 0.82, 0.9, 1.0, 1.36, 1.63, 2.0, 3.0, 5.0, 12.0]
    chi = [(v, df) for df in [1, 2, 5, 19, 300] for v in [0.1, 1.0, 4.0, 20.0, 90.0, 400.0]]
    ncx = [(v, df, l) for df in [1, 4, 20] for l in [0.5, 5.0, 60.0, 900.0] for v in [1.0, 8.0, 50.0, 800.0, 1000.0]]
    return {
        "kolmogorov": [{"x": v, "sf": float(special.kolmogorov(v))} for v in x],
        "chi2": [{"x": v, "df": df, "sf": float(stats.chi2.sf(v, df))} for v, df in chi],
        "ncx2": [{"x": v, "df": df, "lambda": l, "cdf": float(special.chndtr(v, df, l))} for v, df, l in ncx],
    }


def adjusted():
    out = []
    for k in [1, 4, 25]:
        p = np.round(rng.beta(0.4, 2.0, k), 6)
        out.append({"p": p.tolist(), "bh": stats.false_discovery_control(p).tolist()})
    return out


def welch():
    out = []
    for n, m in [(20, 30), (400, 35)]:
        a, b = rng.gamma(2.0, 1.0, n), rng.gamma(2.5, 1.2, m)
        found = stats.ttest_ind(b, a, equal_var=False)
        interval = found.confidence_interval(0.95)
        out.append({
            "n": n, "m": m, "mean_a": a.mean(), "mean_b": b.mean(), "sd_a": a.std(ddof=1), "sd_b": b.std(ddof=1),
            "t": found.statistic, "p": found.pvalue, "low": interval.low, "high": interval.high,
        })
    return out


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    data = {
        "two_samples": two_samples(), "exact": exact(), "chi_square": chi_square(), "proportions": proportions(),
        "functions": functions(), "adjusted": adjusted(), "welch": welch(),
    }
    text = json.dumps(data, default=float)
    (folder / "drift.json").write_text(text + "\n")


main()
