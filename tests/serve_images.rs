//! `serve` answers pictures in every form that callers send them in, with the very bits of `predict`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_model::Digest;
use driftgate_testsupport::{Pipeline, Reply, Sandbox, Server};
use serde_json::{Value, json};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "shapes-image_classification_cnn";
/// Rows and columns of the network's pictures.
const SIDE: usize = 16;
const VALUES: usize = SIDE * SIDE * 3;

/// A small network, trained just enough to answer.
const PIPELINE: &str = include_str!("files/shapes.yaml");

/// A picture's file, and what `predict` says of it: the label, and the bits of each probability.
struct Picture {
    bytes: Vec<u8>,
    label: String,
    bits: Vec<u64>,
}

/// A workspace with a network in Production.
fn approved() -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.driftgate(["dataset", "synthesize", "images", "data/shapes", "--per-class", "40", "--size", "24"]).exits(0);
    sandbox.write("p.yaml", PIPELINE);
    let run = sandbox.driftgate(["run", "p.yaml", "--device", "cpu", "--json"]).exits(0).json();
    sandbox.driftgate(["approve", run["run"]["subject"]["run"].as_str().unwrap()]).exits(0);
    sandbox
}

/// Pixels of the network's own size, whose values differ everywhere.
fn pixels() -> Vec<u8> {
    (0..VALUES).map(|i| (i * 89 % 251) as u8).collect()
}

/// Those pixels as a file of 24-bit BMP: rows from the bottom, blue first.
fn bmp(pixels: &[u8]) -> Vec<u8> {
    let mut out = bmp_header(SIDE as u32, SIDE as u32);
    for row in pixels.chunks(SIDE * 3).rev() {
        out.extend(row.chunks(3).flat_map(|rgb| [rgb[2], rgb[1], rgb[0]]));
    }
    out
}

fn bmp_header(width: u32, height: u32) -> Vec<u8> {
    let mut out = b"BM".to_vec();
    for word in [54 + VALUES as u32, 0, 54, 40, width, height, 1 | 24 << 16, 0, VALUES as u32, 2835, 2835, 0, 0] {
        out.extend(word.to_le_bytes());
    }
    out
}

/// Two pictures of each class and one of the network's own size, in the order of `predict`.
fn pictures(sandbox: &Sandbox) -> Vec<Picture> {
    for class in std::fs::read_dir(sandbox.at("data/shapes/images")).unwrap() {
        let class = class.unwrap().path();
        let mut files: Vec<_> = std::fs::read_dir(&class).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        for file in &files[..2] {
            let name = file.file_name().unwrap().to_str().unwrap();
            sandbox.write(&format!("batch/{name}"), std::fs::read(file).unwrap());
        }
    }
    sandbox.write("batch/pixels.bmp", bmp(&pixels()));
    sandbox.driftgate(["predict", MODEL, "--input", "batch", "--output", "out.csv"]).exits(0);
    let out = sandbox.read("out.csv");
    let found: Vec<Picture> = out
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let name = cells[1].rsplit('/').next().unwrap();
            Picture {
                bytes: std::fs::read(sandbox.at(&format!("batch/{name}"))).unwrap(),
                label: cells[2].to_owned(),
                bits: cells[3..].iter().map(|c| c.parse::<f64>().unwrap().to_bits()).collect(),
            }
        })
        .collect();
    assert_eq!(found.len(), 7, "{out}");
    found
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().chain([&0, &0]).take(3).fold(0_usize, |word, b| word << 8 | usize::from(*b));
        for i in 0..4 {
            let letter = LETTERS[word >> (18 - 6 * i) & 63];
            out.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// A form with these files.
fn form(field: &str, files: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, file) in files.iter().enumerate() {
        out.extend(
            format!(
                "--BoUnD\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"a;{i}.png\"\r\nContent-Type: image/png\r\n\r\n"
            )
            .bytes(),
        );
        out.extend(*file);
        out.extend(b"\r\n");
    }
    out.extend(b"--BoUnD--\r\n");
    out
}

fn post(server: &Server, path: &str, media: &str, body: &[u8]) -> Reply {
    server.request("POST", path, &[("content-type", media)], body)
}

fn predict(server: &Server, media: &str, body: &[u8]) -> Reply {
    post(server, &format!("/predict/{MODEL}"), media, body)
}

const FORM: &str = "multipart/form-data; boundary=BoUnD";

fn bits(values: &Value) -> Vec<u64> {
    values.as_array().unwrap().iter().map(|p| p.as_f64().unwrap().to_bits()).collect()
}

/// Fails unless an answer of `/predict` is that of `predict`. Labels are in the order of the file.
#[track_caller]
fn is_that_of(picture: &Picture, answer: &Value) {
    assert_eq!(answer["prediction"], picture.label, "{answer}");
    let served: Vec<u64> =
        answer["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap().to_bits()).collect();
    assert_eq!(served, picture.bits, "{answer}");
    assert_eq!(answer["out_of_range"], json!([]));
}

#[test]
fn pictures_are_answered_in_every_form_and_nothing_else_is() {
    let sandbox = approved();
    let pictures = pictures(&sandbox);
    let server = sandbox.serve(&[]);
    the_reference_way(&server, &pictures);
    the_open_inference_way(&server, &pictures);
    mlflows_way(&server, &pictures);
    what_the_model_takes_is_said(&server);
    what_is_no_picture_is_refused(&server, &pictures[0].bytes);
    assert_eq!(server.get("/health").is(200).json()["status"], "ok");
    server.stop();
    sandbox.verifies();
}

fn the_reference_way(server: &Server, pictures: &[Picture]) {
    for picture in pictures {
        for media in ["image/png", "image/bmp; x=y", "application/octet-stream"] {
            let reply = predict(server, media, &picture.bytes).is(200);
            assert_eq!(reply.header("x-model-version"), Some("1"));
            let body = reply.json();
            is_that_of(picture, &body);
            assert_eq!(
                (&body["model"], &body["version"], &body["role"]),
                (&json!(MODEL), &json!(1), &json!("champion"))
            );
            assert_eq!(reply.header("x-request-id"), body["request_id"].as_str());
        }
        let text = base64(&picture.bytes);
        for image in [text.clone(), format!("data:image/png;base64,{text}"), text.trim_end_matches('=').into()] {
            let body = json!({"image": image}).to_string();
            is_that_of(picture, &predict(server, "application/json", body.as_bytes()).is(200).json());
        }
        for field in ["file", "image"] {
            is_that_of(picture, &predict(server, FORM, &form(field, &[&picture.bytes])).is(200).json());
        }
    }
    let files: Vec<&[u8]> = pictures.iter().map(|p| p.bytes.as_slice()).collect();
    let texts: Vec<String> = files.iter().map(|f| base64(f)).collect();
    let objects: Vec<Value> = texts.iter().map(|t| json!({"image": t})).collect();
    let several = [
        predict(server, FORM, &form("files", &files)),
        predict(server, "application/json", json!({"images": texts}).to_string().as_bytes()),
        predict(server, "application/json", json!(objects).to_string().as_bytes()),
    ];
    for reply in several {
        let body = reply.is(200).json();
        let answers = body["predictions"].as_array().unwrap();
        assert_eq!(answers.len(), pictures.len());
        pictures.iter().zip(answers).for_each(|(picture, answer)| is_that_of(picture, answer));
    }
}

/// Asks with one tensor and gives the labels and the bits of the probabilities.
fn infer(server: &Server, tensor: &Value) -> (Vec<String>, Vec<u64>) {
    let body = json!({"id": "a7", "inputs": [tensor]}).to_string();
    let body = post(server, &format!("/v2/models/{MODEL}/infer"), "application/json", body.as_bytes()).is(200).json();
    assert_eq!((&body["id"], &body["model_version"]), (&json!("a7"), &json!("1")));
    labels_and_bits(&body)
}

fn labels_and_bits(body: &Value) -> (Vec<String>, Vec<u64>) {
    let labels = body["outputs"][0]["data"].as_array().unwrap();
    (labels.iter().map(|l| l.as_str().unwrap().to_owned()).collect(), bits(&body["outputs"][1]["data"]))
}

fn infer_binary(server: &Server, mut tensor: Value, bytes: &[u8]) -> (Vec<String>, Vec<u64>) {
    tensor["parameters"] = json!({"binary_data_size": bytes.len()});
    let head = json!({"inputs": [tensor]}).to_string();
    let length = head.len().to_string();
    let body = [head.as_bytes(), bytes].concat();
    let headers = [("inference-header-content-length", length.as_str())];
    labels_and_bits(
        &server.request("POST", &format!("/v2/models/{MODEL}/versions/1/infer"), &headers, &body).is(200).json(),
    )
}

fn the_open_inference_way(server: &Server, pictures: &[Picture]) {
    let n = pictures.len();
    let wanted: (Vec<String>, Vec<u64>) =
        (pictures.iter().map(|p| p.label.clone()).collect(), pictures.iter().flat_map(|p| p.bits.clone()).collect());
    let texts: Vec<String> = pictures.iter().map(|p| base64(&p.bytes)).collect();
    let mut tensor = json!({"name": "image", "shape": [n], "datatype": "BYTES", "data": texts});
    assert_eq!(infer(server, &tensor), wanted);
    tensor["parameters"] = json!({"content_type": "base64"});
    tensor["shape"] = json!([n, 1]);
    assert_eq!(infer(server, &tensor), wanted);
    let mut bytes = Vec::new();
    for picture in pictures {
        bytes.extend(u32::try_from(picture.bytes.len()).unwrap().to_le_bytes());
        bytes.extend(&picture.bytes);
    }
    assert_eq!(infer_binary(server, json!({"name": "image", "shape": [n], "datatype": "BYTES"}), &bytes), wanted);

    // Pixels of the network's own size are what its file holds.
    let own = pictures.iter().find(|p| p.bytes.starts_with(b"BM")).unwrap();
    let wanted = (vec![own.label.clone()], own.bits.clone());
    let pixels = pixels();
    let shares: Vec<f32> = pixels.iter().map(|v| f32::from(*v) / 255.0).collect();
    let tensor = |datatype: &str| json!({"name": "image", "shape": [1, SIDE, SIDE, 3], "datatype": datatype});
    let with = |datatype: &str, data: Value| {
        let mut tensor = tensor(datatype);
        tensor["data"] = data;
        tensor
    };
    let rows: Vec<Vec<&[u8]>> = pixels.chunks(SIDE * 3).map(|row| row.chunks(3).collect()).collect();
    assert_eq!(infer(server, &with("UINT8", json!(pixels))), wanted);
    assert_eq!(infer(server, &with("UINT8", json!([rows]))), wanted);
    assert_eq!(infer(server, &with("FP32", json!(shares))), wanted);
    assert_eq!(infer_binary(server, tensor("UINT8"), &pixels), wanted);
    let floats: Vec<u8> = shares.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(infer_binary(server, tensor("FP32"), &floats), wanted);
}

fn mlflows_way(server: &Server, pictures: &[Picture]) {
    let texts: Vec<String> = pictures.iter().map(|p| base64(&p.bytes)).collect();
    let labels: Vec<&String> = pictures.iter().map(|p| &p.label).collect();
    let column: Vec<[&String; 1]> = texts.iter().map(|t| [t]).collect();
    let records: Vec<Value> = texts.iter().map(|t| json!({"image": t})).collect();
    let of_tensorflow: Vec<Value> = texts.iter().map(|t| json!({"image": {"b64": t}})).collect();
    for body in [
        json!({"inputs": texts}),
        json!({"inputs": {"image": texts}}),
        json!({"inputs": column}),
        json!({"instances": texts}),
        json!({"instances": of_tensorflow}),
        json!({"dataframe_records": records}),
        json!({"dataframe_split": {"columns": ["image"], "data": column}}),
        json!({"dataframe_split": {"columns": ["picture"], "data": column}}),
    ] {
        let reply = post(server, "/invocations", "application/json", body.to_string().as_bytes()).is(200).json();
        assert_eq!(reply["predictions"], json!(labels), "{reply}");
    }
    let named = json!({"inputs": texts[0]}).to_string();
    let reply = post(server, &format!("/invocations/{MODEL}"), "application/json", named.as_bytes()).is(200).json();
    assert_eq!(reply["predictions"], json!([labels[0]]));
}

fn what_the_model_takes_is_said(server: &Server) {
    let size = json!({"height": SIDE, "width": SIDE, "channels": 3});
    let models = server.get("/models").is(200).json();
    assert_eq!((&models[0]["input_type"], &models[0]["image"]), (&json!("image"), &size));
    assert_eq!((&models[0]["feature_names"], &models[0]["features"]), (&json!([]), &json!([])));
    let model = server.get(&format!("/v2/models/{MODEL}")).is(200).json();
    assert_eq!(model["image"], size);
    assert_eq!(model["inputs"].as_array().unwrap().len(), 1);
    let input = &model["inputs"][0];
    assert_eq!((&input["name"], &input["datatype"], &input["shape"]), (&json!("image"), &json!("BYTES"), &json!([-1])));
    let also = input["parameters"]["also"].as_str().unwrap();
    assert!(also.contains("UINT8 [-1, 16, 16, 3]") && also.contains("FP32"), "{also}");
    let api = server.get("/openapi.json").is(200).json();
    let content = &api["paths"]["/predict/{model}"]["post"]["requestBody"]["content"];
    for media in ["application/json", "multipart/form-data", "application/octet-stream"] {
        assert!(content[media].is_object(), "{content}");
    }
    assert!(content["application/json"].to_string().contains("\"contentEncoding\":\"base64\""), "{content}");
    let page = server.get("/").is(200).text();
    assert!(page.contains("type=\"file\"") && page.contains("16 × 16 pixels in colour"), "{page}");
    assert!(!page.contains("://") && !page.contains("brightness"), "{page}");
}

/// The CRC of a chunk of PNG (ISO 3309).
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// The beginning of a PNG that says to be this large, and no pixel.
fn png_bomb(side: u32) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let whole = [kind, data].concat();
        [&(data.len() as u32).to_be_bytes()[..], &whole, &crc(&whole).to_be_bytes()].concat()
    };
    let header = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let chunks =
        [chunk(b"IHDR", &header), chunk(b"IDAT", &[0x78, 0x9c, 3, 0, 0, 0, 0, 1]), chunk(b"IEND", b"")].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunks].concat()
}

/// A refusal that says why, in words of this program.
#[track_caller]
fn refused(reply: Reply, status: u16) -> Value {
    let reply = reply.is(status);
    let body = reply.json();
    assert!(body["code"].is_string(), "{body}");
    let said = body["message"].as_str().or_else(|| body["error"].as_str()).unwrap();
    for word in [".driftgate", ".rs", "serde", "panicked"] {
        assert!(!said.contains(word), "{said}");
    }
    body
}

fn what_is_no_picture_is_refused(server: &Server, good: &[u8]) {
    let infer = format!("/v2/models/{MODEL}/infer");
    let mut bytes: Vec<Vec<u8>> =
        [8, 30, good.len() / 2, good.len() * 3 / 4].iter().map(|n| good[..*n].to_vec()).collect();
    bytes.extend([
        b"sepal_length,sepal_width\n1,2\n".to_vec(),
        vec![0; 100],
        png_bomb(60_000),
        png_bomb(15_000),
        bmp_header(100_000, 100_000),
        bmp_header(0, 0),
        b"%PDF-1.7".to_vec(),
    ]);
    for bad in &bytes {
        let text = base64(bad);
        let code = |body: Value| assert_eq!(body["code"], "bad_picture", "{body}");
        code(refused(predict(server, "image/png", bad), 422));
        code(refused(predict(server, FORM, &form("file", &[good, bad])), 422));
        code(refused(server.post(&format!("/predict/{MODEL}"), &json!({"images": [text]})), 422));
        let tensor = json!({"name": "image", "shape": [1], "datatype": "BYTES", "data": [text]});
        code(refused(server.post(&infer, &json!({"inputs": [tensor]})), 400));
        code(refused(server.post("/invocations", &json!({"inputs": [text]})), 400));
    }
    for (media, body, status) in [
        ("image/png", &b""[..], 422),
        ("text/csv", b"a,b\n1,2\n", 415),
        ("application/x-www-form-urlencoded", b"file=x", 415),
        ("application/json", b"{", 400),
        ("application/json", b"{}", 422),
        ("application/json", b"{\"sepal_length\": 5.1}", 422),
        ("application/json", b"{\"image\": \"https://example.org/cat.png\"}", 422),
        ("application/json", b"[]", 422),
        ("application/json", b"{\"images\": []}", 422),
        ("multipart/form-data", b"--x--", 400),
        (FORM, b"", 400),
        (FORM, b"--BoUnD--", 422),
        (FORM, b"--BoUnD\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx", 400),
        (FORM, b"--BoUnD\r\nContent-Disposition: form-data; name=\"label\"\r\n\r\nx\r\n--BoUnD--", 422),
    ] {
        refused(predict(server, media, body), status);
    }
    refused(server.post(&format!("/predict/{MODEL}"), &json!({"images": vec![""; 257]})), 413);
    refused(predict(server, FORM, &form("file", &[&b""[..]; 257])), 413);
    let tensors = [
        (json!([1, 3, SIDE, SIDE]), "UINT8", json!([0]), 400),
        (json!([1, SIDE, SIDE, 1]), "UINT8", json!([0]), 400),
        (json!([1, SIDE, SIDE, 3]), "UINT8", json!([0]), 400),
        (json!([1, SIDE, SIDE, 3]), "FP32", json!(vec![255.0; VALUES]), 400),
        (json!([1, SIDE, SIDE, 3]), "FP64", json!(vec![0.5; VALUES]), 400),
        (json!([0, SIDE, SIDE, 3]), "UINT8", json!([]), 400),
        (json!([0]), "BYTES", json!([]), 400),
        (json!([u64::MAX, SIDE, SIDE, 3]), "UINT8", json!([]), 413),
        (json!([1000]), "BYTES", json!([]), 413),
    ];
    for (shape, datatype, data, status) in tensors {
        let tensor = json!({"name": "image", "shape": shape, "datatype": datatype, "data": data});
        refused(server.post(&infer, &json!({"inputs": [tensor]})), status);
    }
    refused(server.post(&infer, &json!({"inputs": []})), 400);
    refused(post(server, "/invocations", "text/csv", b"image\nabc\n"), 415);
    for body in [
        json!({"inputs": [[1, 2, 3]]}),
        json!({"inputs": 7}),
        json!({"inputs": {"picture": ["x"]}}),
        json!({"inputs": []}),
        json!({"dataframe_split": {"columns": ["a", "b"], "data": [["x", "y"]]}}),
        json!({"dataframe_split": {"columns": ["a", "image"], "data": [["x"]]}}),
        json!({"dataframe_records": [{"a": 1}]}),
    ] {
        refused(server.post("/invocations", &body), 400);
    }
}

/// Every line of the prediction log, oldest first.
fn log(sandbox: &Sandbox) -> Vec<Value> {
    let files = std::fs::read_dir(sandbox.at(".driftgate/segments")).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("predictions-")).collect();
    files.sort();
    let text: String = files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
    text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
}

#[test]
fn the_log_keeps_digests_and_takes_labels() {
    let sandbox = approved();
    let token = |command: &mut std::process::Command| {
        command.env("DRIFTGATE_TOKEN", "t0");
    };
    let server = sandbox.serve_with(&[], token);
    let file = bmp(&pixels());
    let first = predict(&server, FORM, &form("files", &[&file, &file])).is(200).json();
    let tensor = json!({"name": "image", "shape": [1, SIDE, SIDE, 3], "datatype": "UINT8", "data": pixels()});
    server.post(&format!("/v2/models/{MODEL}/infer"), &json!({"inputs": [tensor]})).is(200);
    let labels = server.get("/models").is(200).json()[0]["labels"].clone();
    let given = json!({"request_id": first["request_id"], "labels": [labels[0], labels[1]]});
    let headers = [("content-type", "application/json"), ("authorization", "Bearer t0")];
    let taken = server.request("POST", "/feedback", &headers, given.to_string().as_bytes()).is(200).json();
    assert_eq!(taken["accepted"], 1, "{taken}");
    assert_eq!(taken["performance"][0]["rows"], 2, "{taken}");
    server.stop();
    let lines = log(&sandbox);
    assert_eq!((&lines[0]["kind"], &lines[0]["columns"]), (&json!("version"), &json!(["picture"])));
    let answers: Vec<&Value> = lines.iter().filter(|l| l["kind"] == "answer").collect();
    let digest = Digest::of(&file).to_string();
    assert_eq!(answers[0]["rows"], json!([[digest], [digest]]));
    assert_eq!(answers[1]["rows"], json!([[Digest::of(&pixels()).to_string()]]));
    for (how, kept) in [("hashed", 1), ("none", 0)] {
        let server = sandbox.serve(&["--log-values", how]);
        predict(&server, "image/bmp", &file).is(200);
        server.stop();
        let line = log(&sandbox).into_iter().find(|l| l["values"] == how).unwrap();
        assert_eq!(line["rows"].as_array().unwrap().len(), kept, "{line}");
        assert!(!line.to_string().contains(&digest), "{line}");
    }
    sandbox.verifies();
}

#[test]
fn a_model_of_table_rows_takes_no_picture() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    let server = sandbox.serve(&[]);
    let path = "/predict/iris-classification";
    let file = bmp(&pixels());
    for (media, body) in
        [("image/png", file.clone()), ("application/octet-stream", file.clone()), (FORM, form("file", &[&file]))]
    {
        let body = refused(post(&server, path, media, &body), 415);
        assert!(body["message"].as_str().unwrap().contains("not pictures"), "{body}");
    }
    let text = base64(&file);
    refused(server.post(path, &json!({"image": text})), 422);
    let tensor = json!({"name": "image", "shape": [1], "datatype": "BYTES", "data": [text]});
    refused(server.post("/v2/models/iris-classification/infer", &json!({"inputs": [tensor]})), 400);
    refused(server.post("/invocations", &json!({"inputs": [text]})), 400);
    let content =
        server.get("/openapi.json").is(200).json()["paths"]["/predict/{model}"]["post"]["requestBody"]["content"]
            .clone();
    assert_eq!(content.as_object().unwrap().len(), 1, "{content}");
    assert_eq!(server.get("/models").is(200).json()[0]["input_type"], "tabular");
}
