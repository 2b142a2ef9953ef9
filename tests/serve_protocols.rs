//! `serve` in the words of others: the Open Inference Protocol v2 and MLflow's scoring protocol.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Reply, Sandbox, Server};
use serde_json::{Value, json};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "iris-classification";
const NAMES: [&str; 4] = ["sepal_length", "sepal_width", "petal_length", "petal_width"];
const ROWS: [[f64; 4]; 2] = [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]];

fn served() -> (Sandbox, Server) {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    let server = sandbox.serve(&[]);
    (sandbox, server)
}

fn record(row: &[f64; 4]) -> Value {
    NAMES.iter().zip(row).map(|(n, v)| ((*n).to_owned(), json!(v))).collect()
}

/// The probabilities of both rows as the native endpoint has them.
fn native(server: &Server) -> Vec<f64> {
    let rows: Vec<Value> = ROWS.iter().map(record).collect();
    let body = server.post(&format!("/predict/{MODEL}"), &json!(rows)).is(200).json();
    let rows = body["predictions"].as_array().unwrap();
    rows.iter().flat_map(|r| r["probabilities"].as_object().unwrap().values()).map(|p| p.as_f64().unwrap()).collect()
}

fn infer(server: &Server, body: &Value) -> Reply {
    server.post(&format!("/v2/models/{MODEL}/infer"), body)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn open_inference_says_what_there_is() {
    let (_sandbox, server) = served();
    let v2 = server.get("/v2").is(200).json();
    assert_eq!(v2["name"], "driftgate");
    assert!(v2["version"].is_string() && v2["extensions"].is_array());
    assert_eq!(server.get("/v2/health/live").is(200).json()["live"], true);
    assert_eq!(server.get("/v2/health/ready").is(200).json()["ready"], true);
    let model = server.get(&format!("/v2/models/{MODEL}")).is(200).json();
    assert_eq!(model["name"], MODEL);
    assert_eq!(model["versions"], json!(["1"]));
    assert_eq!(model["platform"], "driftgate_logistic_regression");
    assert_eq!(model["inputs"][0], json!({"name": "sepal_length", "datatype": "FP64", "shape": [-1]}));
    assert_eq!(model["outputs"][1], json!({"name": "probabilities", "datatype": "FP64", "shape": [-1, 3]}));
    assert_eq!(server.get(&format!("/v2/models/{MODEL}/versions/1")).is(200).json(), model);
    for path in [format!("/v2/models/{MODEL}/ready"), format!("/v2/models/{MODEL}/versions/1/ready")] {
        assert_eq!(server.get(&path).is(200).json(), json!({"name": MODEL, "ready": true}));
    }
    for path in [format!("/v2/models/{MODEL}/versions/2"), "/v2/models/none".into(), "/v2/models/none/ready".into()] {
        assert!(server.get(&path).is(404).json()["error"].is_string(), "{path}");
    }
}

#[test]
fn open_inference_answers_tensors_of_every_form_alike() {
    let (_sandbox, server) = served();
    let expected = native(&server);
    let flat: Vec<f64> = ROWS.concat();
    let column = |i: usize| ROWS.map(|row| row[i]);
    let whole = |data: Value| json!([{"name": "predict", "shape": [2, 4], "datatype": "FP64", "data": data}]);
    let each = |shape: Value, nest: bool| -> Value {
        let data = |i: usize| if nest { json!(column(i).map(|v| [v])) } else { json!(column(i)) };
        (0..4).map(|i| json!({"name": NAMES[i], "shape": shape, "datatype": "FP64", "data": data(i)})).collect()
    };
    for inputs in [whole(json!(flat)), whole(json!(ROWS)), each(json!([2]), false), each(json!([2, 1]), true)] {
        let body = infer(&server, &json!({"id": "a7", "inputs": inputs})).is(200).json();
        assert_eq!(
            (&body["id"], &body["model_name"], &body["model_version"]),
            (&json!("a7"), &json!(MODEL), &json!("1"))
        );
        assert_eq!(body["outputs"][0]["data"], json!(["setosa", "virginica"]));
        assert_eq!(body["outputs"][0]["datatype"], "BYTES");
        assert_eq!(body["outputs"][1]["shape"], json!([2, 3]));
        assert_eq!(numbers(&body["outputs"][1]["data"]), expected);
        assert_eq!(body["parameters"]["served_by"], "champion");
    }
    let wanted = json!({"inputs": whole(json!(flat)), "outputs": [{"name": "probabilities"}]});
    let body = server.post(&format!("/v2/models/{MODEL}/versions/1/infer"), &wanted).is(200).json();
    assert_eq!(body["outputs"].as_array().unwrap().len(), 1);
    assert!(body.get("id").is_none());
}

#[test]
fn open_inference_takes_and_gives_binary_tensors() {
    let (_sandbox, server) = served();
    let expected = native(&server);
    let tensor = json!({"name": "input", "shape": [2, 4], "datatype": "FP64", "parameters": {"binary_data_size": 64}});
    let head = json!({"inputs": [tensor], "parameters": {"binary_data_output": true}}).to_string();
    let mut body = head.clone().into_bytes();
    body.extend(ROWS.concat().iter().flat_map(|v| v.to_le_bytes()));
    let length = head.len().to_string();
    let headers = [("inference-header-content-length", length.as_str())];
    let path = format!("/v2/models/{MODEL}/infer");
    let reply = server.request("POST", &path, &headers, &body).is(200);
    let length: usize = reply.header("inference-header-content-length").unwrap().parse().unwrap();
    let (head, rest) = reply.body.split_at(length);
    let head: Value = serde_json::from_slice(head).unwrap();
    let sizes: Vec<u64> = head["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["parameters"]["binary_data_size"].as_u64().unwrap())
        .collect();
    let (texts, values) = rest.split_at(sizes[0] as usize);
    assert_eq!(texts, b"\x06\0\0\0setosa\x09\0\0\0virginica");
    let values: Vec<f64> = values.chunks(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect();
    assert_eq!(values, expected);
    // Cut, or longer than its tensors.
    server.request("POST", &path, &headers, &body[..body.len() - 1]).is(400);
    body.push(0);
    server.request("POST", &path, &headers, &body).is(400);
}

#[test]
fn open_inference_names_what_is_wrong() {
    let (_sandbox, server) = served();
    let good = |name: &str| json!({"name": name, "shape": [1], "datatype": "FP64", "data": [1.0]});
    let with = |change: &dyn Fn(&mut Value)| {
        let mut inputs: Value = NAMES.iter().map(|n| good(n)).collect();
        change(&mut inputs);
        infer(&server, &json!({"inputs": inputs}))
    };
    with(&|_| {}).is(200);
    for (field, change) in [
        ("petal_width", Box::new(|i: &mut Value| drop(i.as_array_mut().unwrap().pop())) as Box<dyn Fn(&mut Value)>),
        ("colour", Box::new(|i: &mut Value| i[0]["name"] = json!("colour"))),
        ("sepal_width", Box::new(|i: &mut Value| i[1]["shape"] = json!([2]))),
        ("sepal_width", Box::new(|i: &mut Value| i[1]["shape"] = json!([1, 2]))),
        ("sepal_width", Box::new(|i: &mut Value| i[1]["datatype"] = json!("FP16"))),
        ("sepal_width", Box::new(|i: &mut Value| i[1]["data"] = json!(["one"]))),
        ("sepal_width", Box::new(|i: &mut Value| i[1]["data"] = json!([null]))),
        ("sepal_length", Box::new(|i: &mut Value| i[1]["name"] = json!("sepal_length"))),
    ] {
        let reply = with(&*change).is(400).json();
        assert_eq!(reply["field"], field, "{reply}");
        assert!(reply["error"].as_str().unwrap().contains(field), "{reply}");
    }
    let wide = json!({"inputs": [{"name": "all", "shape": [1, 3], "datatype": "FP32", "data": [[1, 2, 3]]}]});
    assert_eq!(infer(&server, &wide).is(400).json()["field"], "all");
    infer(&server, &json!({"inputs": []})).is(400);
    infer(&server, &json!({})).is(400);
    let unknown = json!({"inputs": [], "outputs": [{"name": "score"}]});
    assert_eq!(infer(&server, &unknown).is(400).json()["code"], "unknown_output");
    server.post("/v2/models/none/infer", &json!({"inputs": []})).is(404);
    let path = format!("/v2/models/{MODEL}/infer");
    server.request("POST", &path, &[("content-type", "text/csv")], b"a,b\n").is(415);
    server.request("POST", &path, &[("content-type", "application/json")], b"{").is(400);
}

#[test]
fn mlflow_answers_every_form_alike() {
    let (_sandbox, server) = served();
    let records: Vec<Value> = ROWS.iter().map(record).collect();
    let columns: Value = (0..4).map(|i| (NAMES[i].to_owned(), json!(ROWS.map(|row| row[i])))).collect();
    let mut turned = records.clone();
    turned[0]["colour"] = json!("more columns are passed over");
    for body in [
        json!({"dataframe_split": {"columns": NAMES, "data": ROWS, "index": [0, 1]}}),
        json!({"dataframe_records": records}),
        json!({"dataframe_records": turned}),
        json!({"instances": records}),
        json!({"instances": ROWS}),
        json!({"inputs": ROWS}),
        json!({"inputs": columns, "params": {"any": 1}}),
    ] {
        for path in ["/invocations".to_owned(), format!("/invocations/{MODEL}")] {
            let reply = server.post(&path, &body).is(200).json();
            assert_eq!(reply["predictions"], json!(["setosa", "virginica"]), "{body}");
            assert_eq!(reply["version"], 1);
        }
    }
    let csv = "sepal_length,sepal_width,petal_length,petal_width,more\n5.1,3.5,1.4,0.2,x\n6.3,3.3,6.0,2.5,y\n";
    let reply = server.request("POST", "/invocations", &[("content-type", "text/csv; charset=utf-8")], csv.as_bytes());
    assert_eq!(reply.is(200).json()["predictions"], json!(["setosa", "virginica"]));
    assert_eq!(server.get("/ping").is(200).text(), "\n");
    assert_eq!(server.get("/version").is(200).text(), env!("CARGO_PKG_VERSION"));
}

#[test]
fn mlflow_names_what_is_wrong() {
    let (_sandbox, server) = served();
    for body in [
        json!([[5.1, 3.5, 1.4, 0.2]]),
        json!({}),
        json!({"instances": ROWS, "inputs": ROWS}),
        json!({"instances": ROWS, "prompt": "x"}),
        json!({"dataframe_split": {"columns": NAMES, "data": [[1.0]]}}),
        json!({"dataframe_split": {"columns": ["sepal_length", "sepal_length"], "data": [[1, 2]]}}),
        json!({"dataframe_split": ROWS}),
        json!({"dataframe_records": ROWS}),
        json!({"instances": []}),
        json!({"inputs": {"sepal_length": [1], "sepal_width": [1, 2], "petal_length": [1], "petal_width": [1]}}),
        json!({"inputs": 7}),
    ] {
        let reply = server.post("/invocations", &body).is(400).json();
        assert!(reply["error_code"].is_string() && reply["message"].is_string(), "{body}: {reply}");
    }
    let mut missing = record(&ROWS[0]);
    missing.as_object_mut().unwrap().remove("petal_length");
    let reply = server.post("/invocations", &json!({"dataframe_records": [missing]})).is(400).json();
    assert_eq!((&reply["field"], &reply["error_code"]), (&json!("petal_length"), &json!("BAD_REQUEST")), "{reply}");
    for (media, status) in [
        ("text/plain", 415),
        ("application/json; charset=latin-1", 415),
        ("application/json; format=pandas", 415),
        ("application/x-www-form-urlencoded", 415),
    ] {
        server.request("POST", "/invocations", &[("content-type", media)], b"{}").is(status);
    }
    for csv in ["", "sepal_length\n", "sepal_length\n1\n", "a,b\n1,2,3\n", "\0\0\0", "PAR1"] {
        let reply = server.request("POST", "/invocations", &[("content-type", "text/csv")], csv.as_bytes());
        assert!(matches!(reply.status, 400), "{csv:?}: {} {}", reply.status, reply.text());
        assert!(!reply.text().to_lowercase().contains("polars"), "{}", reply.text());
    }
    server.post("/invocations/none", &json!({"instances": ROWS})).is(404);
}

#[test]
fn several_models_must_be_named() {
    let (sandbox, server) = served();
    sandbox.data("diabetes");
    let run = sandbox.run("d", &Pipeline::diabetes());
    sandbox.driftgate(["approve", &run]).exits(0);
    for _ in 0..100 {
        if server.get("/health").json()["models_loaded"] == 2 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let reply = server.post("/invocations", &json!({"instances": ROWS})).is(400).json();
    assert!(reply["message"].as_str().unwrap().contains("diabetes-regression"), "{reply}");
    server.post(&format!("/invocations/{MODEL}"), &json!({"instances": ROWS})).is(200);
    let row = [59.0, 2.0, 32.1, 101.0, 157.0, 93.2, 38.0, 4.0, 4.8598, 87.0];
    let reply = server.post("/invocations/diabetes-regression", &json!({"inputs": [row]})).is(200).json();
    let value = reply["predictions"][0].as_f64().unwrap();
    let tensor = json!({"inputs": [{"name": "x", "shape": [1, 10], "datatype": "FP64", "data": row}]});
    let body = server.post("/v2/models/diabetes-regression/infer", &tensor).is(200).json();
    assert_eq!(body["outputs"], json!([{"name": "prediction", "shape": [1], "datatype": "FP64", "data": [value]}]));
}
