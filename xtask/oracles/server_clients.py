"""Foreign clients ask the prediction server: Triton's own client, and a fuzzer that reads the OpenAPI description.

Called as `python server_clients.py DRIFTGATE WORKSPACE`, over the workspace of `driftgate demo`. Exit code 0 means that
all holds: the client library of another server works unchanged and gets what `driftgate predict` writes, and no request
that the description admits, or nearly admits, is a fault of the server.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

import numpy as np
import tritonclient.http as triton

PROGRAM, WORKSPACE = sys.argv[1], sys.argv[2]
TOKEN = "for-the-fuzzer-alone"


def start():
    command = [PROGRAM, "serve", "--json", "--quiet", "--port", "0", "--workspace", WORKSPACE]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "DRIFTGATE_TOKEN": TOKEN})
    text = ""
    while not text.endswith("\n}\n"):
        line = server.stdout.readline()
        if not line:
            sys.exit(f"the server ended: {text}")
        text += line
    return server, json.loads(text)


def expected(model, names):
    """Rows of the demo's data, and what `predict` writes for them."""
    data = next(
        os.path.join(folder, "data.csv")
        for folder, _, files in os.walk(os.path.join(WORKSPACE, "data"))
        if "data.csv" in files and set(names) <= set(open(os.path.join(folder, "data.csv")).readline().strip().split(","))
    )
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.csv")
        subprocess.run(
            [PROGRAM, "predict", model, "--input", data, "--output", out, "--workspace", WORKSPACE, "--quiet"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        answers = list(csv.DictReader(open(out)))
    rows = [[float(row[n]) for n in names] for row in csv.DictReader(open(data))]
    return np.array(rows), answers


def ask_with_triton(address, model):
    client = triton.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
    assert client.get_server_metadata()["name"] == "driftgate"
    metadata = client.get_model_metadata(model)
    names = [t["name"] for t in metadata["inputs"]]
    rows, answers = expected(model, names)
    labels = np.array([a["prediction"] for a in answers])
    columns = [f"probability_{label}" for label in metadata["labels"]]
    probabilities = np.array([[float(a[c]) for c in columns] for a in answers])
    for binary_in in (True, False):
        for binary_out in (True, False):
            inputs = []
            for i, name in enumerate(names):
                tensor = triton.InferInput(name, [len(rows), 1], "FP64")
                tensor.set_data_from_numpy(np.ascontiguousarray(rows[:, i : i + 1]), binary_data=binary_in)
                inputs.append(tensor)
            outputs = [
                triton.InferRequestedOutput(name, binary_data=binary_out) for name in ("prediction", "probabilities")
            ]
            result = client.infer(model, inputs, outputs=outputs, request_id="triton-1")
            found = np.array([t.decode() if isinstance(t, bytes) else t for t in result.as_numpy("prediction")])
            assert (found == labels).all(), "labels differ"
            assert (result.as_numpy("probabilities") == probabilities).all(), "probabilities differ in a bit"
            assert result.get_response()["id"] == "triton-1"
    # As the library does by itself, and one tensor for all.
    whole = triton.InferInput("input", list(rows.shape), "FP64")
    whole.set_data_from_numpy(rows)
    result = client.infer(model, [whole])
    assert (result.as_numpy("probabilities") == probabilities).all()
    try:
        wrong = triton.InferInput(names[0], [1], "FP64")
        wrong.set_data_from_numpy(np.array([1.0]))
        client.infer(model, [wrong])
        sys.exit("a request without its other inputs was answered")
    except triton.InferenceServerException as error:
        assert names[1] in str(error), error
    print(f"tritonclient: {len(rows)} rows, JSON and binary, bit for bit those of predict")


def fuzz(url):
    runner = [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", f"{url}/openapi.json"]
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    options = ["--checks", checks, "--max-examples", "50", "--seed", "7", "--workers", "1", "--no-color"]
    subprocess.run([*runner, *options, "--header", f"Authorization: Bearer {TOKEN}"], check=True)


def main():
    server, started = start()
    try:
        model = next(m["name"] for m in started["models"])
        ask_with_triton(started["url"].removeprefix("http://"), model)
        fuzz(started["url"])
        with urllib.request.urlopen(f"{started['url']}/health") as health:
            assert json.load(health)["status"] == "ok"
    finally:
        server.terminate()
        server.wait(timeout=30)
    assert server.returncode == 0, server.returncode


main()
