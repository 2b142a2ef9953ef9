#!/usr/bin/env python3
"""Rebuilds the CSV files of this folder from the copies that the scikit-learn 1.9.1 wheel carries.

    pip download scikit-learn==1.9.1 --no-deps
    python3 data/derive.py scikit_learn-1.9.1-*.whl

Values are kept as their source writes them; only the header, the label names and, for diabetes, the number format of
the target are changed. The digests of the results are printed; they are those in each SOURCE.md.
"""

import csv
import gzip
import hashlib
import io
import pathlib
import sys
import zipfile

CELL = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
        "symmetry", "fractal_dimension"]
COLUMNS = {
    "breast_cancer": [f"mean_{c}" for c in CELL] + [f"{c}_error" for c in CELL] + [f"worst_{c}" for c in CELL],
    "wine": ["alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
             "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280_od315_of_diluted_wines",
             "proline"],
    "iris": ["sepal_length", "sepal_width", "petal_length", "petal_width"],
    "diabetes": ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"],
}


def labelled(text):
    """scikit-learn's layout: a first line with rows, columns and class names, then rows that end in a class number."""
    rows = list(csv.reader(io.StringIO(text)))
    labels = rows[0][2:]
    return [row[:-1] + [labels[int(row[-1])]] for row in rows[1:]]


def main(wheel):
    here = pathlib.Path(__file__).resolve().parent
    with zipfile.ZipFile(wheel) as archive:
        def read(name):
            data = archive.read(f"sklearn/datasets/data/{name}")
            return (gzip.decompress(data) if name.endswith(".gz") else data).decode("ascii")

        tables = {
            "breast_cancer": labelled(read("breast_cancer.csv")),
            "wine": labelled(read("wine_data.csv")),
            "iris": labelled(read("iris.csv")),
            "diabetes": [row.split() + [f"{float(target):g}"] for row, target in
                         zip(read("diabetes_data_raw.csv.gz").splitlines(), read("diabetes_target.csv.gz").split())],
        }
    for name, rows in tables.items():
        text = "\n".join(",".join(row) for row in [COLUMNS[name] + ["target"], *rows]) + "\n"
        (here / name).mkdir(exist_ok=True)
        (here / name / "data.csv").write_text(text, newline="")
        print(hashlib.sha256(text.encode()).hexdigest(), f"{name}/data.csv", len(rows), "rows")


if __name__ == "__main__":
    main(sys.argv[1])
