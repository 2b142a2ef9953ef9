"""Triton's own client asks the prediction server about pictures.

Called as `python server_pictures.py DRIFTGATE WORKSPACE`; it makes a workspace of its own, since the demo's holds tables.
Exit code 0 means that all holds: files and pixels, in JSON and in binary, get what `driftgate predict` writes.
"""

import base64
import csv
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

import numpy as np
import tritonclient.http as triton

PROGRAM = os.path.abspath(sys.argv[1])
SIDE = 16
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/files/shapes.yaml"), encoding="utf-8") as file:
    PIPELINE = file.read()


def driftgate(folder, *arguments):
    done = subprocess.run([PROGRAM, *arguments], cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def bmp(pixels):
    """24-bit BMP: rows from the bottom, blue first."""
    words = [54 + pixels.size, 0, 54, 40, SIDE, SIDE, 1 | 24 << 16, 0, pixels.size, 2835, 2835, 0, 0]
    return b"BM" + np.array(words, "<u4").tobytes() + pixels[::-1, :, ::-1].tobytes()


def prepare(folder):
    """A network in Production, files to ask about, and what `predict` writes for them."""
    driftgate(folder, "init", "--quiet")
    driftgate(folder, "dataset", "synthesize", "images", "data/shapes", "--per-class", "30", "--size", "24", "--quiet")
    with open(os.path.join(folder, "p.yaml"), "w") as file:
        file.write(PIPELINE)
    run = json.loads(driftgate(folder, "run", "p.yaml", "--device", "cpu", "--json"))["run"]["subject"]["run"]
    model = json.loads(driftgate(folder, "approve", run, "--json"))["model"]
    os.makedirs(os.path.join(folder, "batch"))
    draws = np.random.default_rng(7)
    tiles = draws.integers(0, 256, (5, SIDE, SIDE, 3), dtype=np.uint8)
    for i, tile in enumerate(tiles):
        with open(os.path.join(folder, "batch", f"{i}.bmp"), "wb") as file:
            file.write(bmp(tile))
    driftgate(folder, "predict", model, "--input", "batch", "--output", "out.csv", "--quiet")
    with open(os.path.join(folder, "out.csv")) as file:
        answers = sorted(csv.DictReader(file), key=lambda a: os.path.basename(a["file"]))
    return model, tiles, answers


def ask(address, model, tiles, answers):
    client = triton.InferenceServerClient(address)
    metadata = client.get_model_metadata(model)
    assert [(t["name"], t["datatype"], t["shape"]) for t in metadata["inputs"]] == [("image", "BYTES", [-1])], metadata
    labels = [a["prediction"] for a in answers]
    columns = [f"probability_{label}" for label in metadata["labels"]]
    probabilities = np.array([[float(a[c]) for c in columns] for a in answers])

    def same(shape, datatype, values, binary):
        tensor = triton.InferInput("image", shape, datatype)
        tensor.set_data_from_numpy(values, binary_data=binary)
        result = client.infer(model, [tensor])
        found = [t.decode() if isinstance(t, bytes) else t for t in result.as_numpy("prediction")]
        assert found == labels, (datatype, binary, found, labels)
        assert (result.as_numpy("probabilities") == probabilities).all(), f"{datatype}, binary {binary}: a bit differs"

    n = len(tiles)
    files = [bmp(tile) for tile in tiles]
    same([n], "BYTES", np.array(files, dtype=np.object_), True)
    # In JSON the client writes texts alone, so that files are base64.
    same([n], "BYTES", np.array([base64.b64encode(file) for file in files], dtype=np.object_), False)
    for binary in (True, False):
        same(list(tiles.shape), "UINT8", tiles, binary)
        same(list(tiles.shape), "FP32", tiles.astype(np.float32) / np.float32(255), binary)
    for shape, values in [([n, 3, SIDE, SIDE], tiles.transpose(0, 3, 1, 2)), ([n, SIDE, SIDE, 1], tiles[..., :1])]:
        tensor = triton.InferInput("image", shape, "UINT8")
        tensor.set_data_from_numpy(np.ascontiguousarray(values))
        try:
            client.infer(model, [tensor])
        except triton.InferenceServerException as error:
            assert "is not [n, 16, 16, 3]" in str(error), error
        else:
            sys.exit(f"pixels of the shape {shape} were answered")
    print(f"tritonclient: {n} pictures as files and pixels, JSON and binary, bit for bit those of predict")


def main():
    with tempfile.TemporaryDirectory() as folder:
        model, tiles, answers = prepare(folder)
        command = [PROGRAM, "serve", "--json", "--quiet", "--port", "0"]
        server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            text = ""
            while not text.endswith("\n}\n"):
                line = server.stdout.readline()
                if not line:
                    sys.exit(f"the server ended: {text}")
                text += line
            url = json.loads(text)["url"]
            ask(url.removeprefix("http://"), model, tiles, answers)
            with urllib.request.urlopen(f"{url}/health") as health:
                assert json.load(health)["status"] == "ok"
        finally:
            server.terminate()
            server.wait(timeout=30)
        assert server.returncode == 0, server.returncode


main()
