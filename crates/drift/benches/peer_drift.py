"""A drift check of 1,000,000 x 20 against 1,000,000 x 20, Kolmogorov-Smirnov on every column: Driftgate, scipy and Evidently.

    python peer_drift.py make FOLDER            write train.parquet, batch.parquet and batch.csv
    python peer_drift.py driftgate FOLDER BIN   train a model on them with the program BIN, then check both batches
    python peer_drift.py scipy FOLDER           scipy.stats.ks_2samp, column by column, data in memory
    python peer_drift.py evidently FOLDER       an Evidently report with KS on all columns, data in memory

Prints processor seconds and the peak resident memory of the process. `make`, `scipy` and `evidently` need numpy, pandas, pyarrow
and the packages of those names. Set OMP_NUM_THREADS=1 and POLARS_MAX_THREADS=1 for one thread.
"""
import json
import os
import resource
import subprocess
import sys
import time

ROWS, COLUMNS = 1_000_000, 20
# Seven tenths of the rows are the train split, which is the reference.
TRAIN = ROWS * 10 // 7


def table(rows, seed, shift):
    import numpy as np

    rng = np.random.default_rng(seed)
    columns = {}
    for j in range(COLUMNS):
        x = rng.normal(size=rows) if j % 2 == 0 else rng.exponential(size=rows)
        columns[f"x{j:02}"] = x + (shift if j == 3 else 0.0)
    columns["y"] = sum((j + 1) * 0.1 * columns[f"x{j:02}"] for j in range(COLUMNS)) + rng.normal(size=rows)
    return columns


def make(folder):
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    train, batch = table(TRAIN, 1, 0.0), table(ROWS, 2, 0.3)
    del batch["y"]
    pa.parquet.write_table(pa.table(train), f"{folder}/train.parquet")
    pa.parquet.write_table(pa.table(batch), f"{folder}/batch.parquet")
    pa.csv.write_csv(pa.table(batch), f"{folder}/batch.csv")


def timed(command, **kwargs):
    """Processor seconds, wall seconds and peak memory of a command."""
    begin = time.perf_counter()
    child = subprocess.Popen(command, **kwargs)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begin
    return child.returncode, used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024


FILES = {
    "pipeline.yaml": """\
project: {name: benchmark, version: "1"}
data: {raw: data}
task_type: regression
dataset: train
random_seed: 42
pipeline_stages: [preprocessing, training, evaluation, promotion]
configs:
  preprocessing: preprocessing.yaml
  training: training.yaml
  evaluation: evaluation.yaml
  promotion: promotion.yaml
""",
    "preprocessing.yaml": "fail_on_nulls: true\n",
    "training.yaml": "model: {algorithm: linear_regression}\n",
    "evaluation.yaml": "bootstrap: {resamples: 0}\n",
    "promotion.yaml": """\
promotion_evaluation_split: test
regression:
  rules:
    - {id: least, metric: r2, operator: ">=", threshold: 0.1}
""",
    "columns.yaml": "drift:\n  stattest: {numerical: ks}\n  global: {enabled: false}\n",
    "together.yaml": "drift:\n  stattest: {numerical: ks}\n  global: {enabled: true}\n",
}


def driftgate(folder, binary):
    binary = os.path.abspath(binary)
    workspace = os.path.join(os.path.abspath(folder), "workspace")

    def run(*words):
        answer = subprocess.run([binary, *words, "--json"], cwd=workspace, capture_output=True, text=True)
        if answer.returncode not in (0, 2):
            sys.exit(f"{words}: {answer.stdout}{answer.stderr}")
        return json.loads(answer.stdout)

    if not os.path.isdir(workspace):
        os.makedirs(workspace)
        run("init")
        for name, text in FILES.items():
            with open(os.path.join(workspace, name), "w") as file:
                file.write(text)
        add = ["dataset", "add", "../train.parquet", "--name", "train", "--target", "y", "--task", "regression"]
        run(*add, "--no-spec")
        run("approve", run("run", "pipeline.yaml")["run"]["subject"]["run"], "--reason", "benchmark")
    quiet = dict(cwd=workspace, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    check = [binary, "drift", "check", "train-regression"]
    for config in ("columns.yaml", "together.yaml"):
        for batch in ("batch.parquet", "batch.csv"):
            command = [*check, "--batch", f"../{batch}", "--config", config]
            found = [timed(command, **quiet) for _ in range(3)]
            if any(code not in (0, 2) for code, *_ in found):
                sys.exit(f"{command}: {found}")
            _, cpu, wall, peak = min(found, key=lambda f: f[1])
            print(f"driftgate, {batch}, {config}: {cpu:.2f} processor seconds, {wall:.2f} s, {peak:.0f} MiB")


def read(folder):
    import pandas as pd

    reference = pd.read_parquet(f"{folder}/train.parquet").iloc[:ROWS].drop(columns="y")
    return reference, pd.read_parquet(f"{folder}/batch.parquet")


def report(name, begin):
    cpu = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {cpu:.2f} processor seconds without imports and reading, {peak:.0f} MiB")


def scipy(folder):
    import numpy
    import scipy
    from scipy import stats

    reference, batch = read(folder)
    begin = time.process_time()
    for column in batch.columns:
        stats.ks_2samp(reference[column].to_numpy(), batch[column].to_numpy())
    report(f"scipy {scipy.__version__}, numpy {numpy.__version__}", begin)


def evidently(folder):
    import evidently as package
    from evidently import Report
    from evidently.presets import DataDriftPreset

    reference, batch = read(folder)
    begin = time.process_time()
    Report([DataDriftPreset(num_method="ks")]).run(batch, reference)
    report(f"evidently {package.__version__}", begin)


if __name__ == "__main__":
    {"make": make, "driftgate": driftgate, "scipy": scipy, "evidently": evidently}[sys.argv[1]](*sys.argv[2:])
