"""Writes transforms.json: what scikit-learn makes of small tables, for tests/transform_golden.rs.

Made with Python 3.11, numpy 2.4.6, pandas 2.3.3, scikit-learn 1.9.1:  python transforms.py [FOLDER]

FOLDER is where the file goes; without it, beside this script.
"""

import io
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

rng = np.random.default_rng(7)


def table(rows, gaps, extra):
    """Numbers of several scales, a constant, two text columns, a bool and whole numbers that can be categories."""
    frame = pd.DataFrame(
        {
            "small": rng.normal(0, 1e-3, rows),
            "large": 1e9 + rng.normal(0, 5, rows),
            "constant": np.full(rows, 0.1),
            "whole": rng.integers(-5, 90, rows).astype(float),
            "colour": rng.choice(["red", "green", "blue", "grey"] + extra, rows, p=None),
            "size": rng.choice(["s", "m", "l"], rows, p=[0.72, 0.2, 0.08]),
            "flag": rng.choice(["true", "false"], rows),
            "code": rng.choice([1, 2, 10, 33], rows),
        }
    )
    if gaps:
        for name in ["small", "whole", "colour", "size"]:
            frame.loc[rng.choice(rows, max(2, rows // 9), replace=False), name] = np.nan
    return frame


NUMERIC = ["small", "large", "constant", "whole"]
CATEGORICAL = ["colour", "size", "flag", "code"]


def config(**changes):
    base = {
        "fail_on_nulls": False,
        "min_rows": 1,
        "numeric_features": NUMERIC,
        "categorical_features": CATEGORICAL,
        "encoding": {"enabled": True, "strategy": "onehot", "handle_unknown": "ignore", "min_frequency": None},
        "scaling": {"enabled": False, "strategy": "standard"},
        "missing_values": {
            "policy": "passthrough",
            "numeric_strategy": "mean",
            "categorical_strategy": "most_frequent",
            "fill_number": None,
            "fill_text": None,
        },
    }
    for key, value in changes.items():
        if isinstance(value, dict):
            base[key].update(value)
        else:
            base[key] = value
    return base


def pipeline(cfg):
    """The reference's ColumnTransformer for `cfg`."""
    missing, scaling, encoding = cfg["missing_values"], cfg["scaling"], cfg["encoding"]
    numeric, categorical = [], []
    if missing["policy"] == "impute":
        fill = missing["fill_number"]
        numeric.append(("impute", SimpleImputer(strategy=missing["numeric_strategy"], fill_value=fill)))
        fill = missing["fill_text"]
        categorical.append(("impute", SimpleImputer(strategy=missing["categorical_strategy"], fill_value=fill)))
    if scaling["enabled"]:
        numeric.append(("scale", StandardScaler() if scaling["strategy"] == "standard" else MinMaxScaler()))
    if encoding["strategy"] == "onehot":
        # An unknown category goes to the infrequent column where there is one: Driftgate's rule.
        least = encoding["min_frequency"]
        encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=least, sparse_output=False)
    else:
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    categorical.append(("encode", encoder))
    parts = [
        ("numeric", Pipeline(numeric) if numeric else "passthrough", cfg["numeric_features"]),
        ("categorical", Pipeline(categorical), cfg["categorical_features"]),
    ]
    return ColumnTransformer([p for p in parts if p[2]], remainder="drop", verbose_feature_names_out=False)


def cells(matrix):
    return [[None if np.isnan(x) else float(x) for x in row] for row in np.asarray(matrix, dtype=float)]


def case(name, cfg, gaps):
    train, new = table(45, gaps, []), table(12, gaps, ["violet"])
    fitted = pipeline(cfg).fit(train)
    names = [n.replace("infrequent_sklearn", "infrequent") for n in fitted.get_feature_names_out()]

    def text(frame):
        out = io.StringIO()
        frame.to_csv(out, index=False, float_format=lambda x: repr(float(x)))
        return out.getvalue()

    return {
        "name": name,
        "config": cfg,
        "train_csv": text(train),
        "new_csv": text(new),
        "output_features": names,
        "train": cells(fitted.transform(train)),
        "new": cells(fitted.transform(new)),
    }


impute = {"policy": "impute"}
cases = [
    case("one-hot", config(), False),
    case("one-hot with missing values passed on", config(), True),
    case("standard, mean", config(scaling={"enabled": True}, missing_values=impute), True),
    case(
        "min-max, median",
        config(scaling={"enabled": True, "strategy": "minmax"}, missing_values=impute | {"numeric_strategy": "median"}),
        True,
    ),
    case(
        "constants",
        config(
            missing_values=impute
            | {
                "numeric_strategy": "constant",
                "categorical_strategy": "constant",
                "fill_number": -7.25,
                "fill_text": "none",
            },
            categorical_features=["colour", "size", "flag"],
            scaling={"enabled": True},
        ),
        True,
    ),
    case("rare categories", config(encoding={"min_frequency": 10}, missing_values=impute), True),
    case("rare missing category", config(encoding={"min_frequency": 8}), True),
    case("ordinal", config(encoding={"strategy": "ordinal"}, missing_values=impute), True),
    case("ordinal with missing values passed on", config(encoding={"strategy": "ordinal"}), True),
]
lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
(folder / "transforms.json").write_text(f'{{"scikit_learn":"{sklearn.__version__}","cases":[\n{lines}\n]}}\n')
