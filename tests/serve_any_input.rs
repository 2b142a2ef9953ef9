//! `serve` answers anything at all that it is sent with an answer or a refusal, never with a fault of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Connection, Pipeline, Sandbox};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use std::cell::RefCell;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "iris-classification";
const NAMES: [&str; 4] = ["sepal_length", "sepal_width", "petal_length", "petal_width"];

/// Any JSON value, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        let key = prop_oneof![".{0,5}", proptest::sample::select(&NAMES[..]).prop_map(String::from)];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A sound request of one of the protocols, with one of its parts replaced by anything.
fn nearly_sound() -> impl Strategy<Value = (String, Value)> {
    let tensor = |name: &str| json!({"name": name, "shape": [1], "datatype": "FP64", "data": [1.5]});
    let tensors: Vec<Value> = NAMES.iter().map(|n| tensor(n)).collect();
    let sample: Value = NAMES.iter().map(|n| ((*n).to_owned(), json!(1.5))).collect();
    let sound = vec![
        (format!("/predict/{MODEL}"), sample.clone()),
        (format!("/predict/{MODEL}"), json!([sample, sample])),
        (
            format!("/v2/models/{MODEL}/infer"),
            json!({"id": "x", "parameters": {}, "inputs": tensors, "outputs": [{"name": "prediction"}]}),
        ),
        (
            format!("/v2/models/{MODEL}/infer"),
            json!({"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [[1, 2, 3, 4]]}]}),
        ),
        ("/invocations".into(), json!({"dataframe_split": {"columns": NAMES, "data": [[1, 2, 3, 4]]}})),
        ("/invocations".into(), json!({"dataframe_records": [sample]})),
        (
            "/invocations".into(),
            json!({"inputs": {"sepal_length": [1], "sepal_width": [1], "petal_length": [1], "petal_width": [1]}}),
        ),
        ("/invocations".into(), json!({"instances": [[1, 2, 3, 4]]})),
    ];
    (proptest::sample::select(sound), any::<prop::sample::Index>(), any_json()).prop_map(
        |((path, mut body), at, part)| {
            let places = places(&body);
            if let Some(value) = body.pointer_mut(&places[at.index(places.len())]) {
                *value = part;
            }
            (path, body)
        },
    )
}

/// JSON pointers to every part.
fn places(value: &Value) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut add = |key: String, inner: &Value| out.extend(places(inner).into_iter().map(|p| format!("/{key}{p}")));
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| add(k.replace('~', "~0").replace('/', "~1"), v)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| add(i.to_string(), v)),
        _ => {}
    }
    out
}

#[test]
fn nothing_that_is_sent_is_a_fault_of_the_server() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    let server = sandbox.serve_with(&[], |command| {
        command.env("DRIFTGATE_TOKEN", "t0");
    });
    let connection = RefCell::new(server.connect());
    let ask = |method: &str, path: &str, media: &str, body: &[u8]| -> Result<u16, TestCaseError> {
        let headers = [("content-type", media), ("authorization", "Bearer t0")];
        let mut open = connection.borrow_mut();
        let reply = open.request(method, path, &headers, body);
        // A connection may be closed after a refusal; the server must still be there.
        let reply = reply.or_else(|_| {
            *open = Connection::open(server.address())?;
            open.request(method, path, &headers, body)
        });
        let reply = reply.map_err(|e| TestCaseError::fail(format!("{method} {path}: {e}")))?;
        prop_assert!(reply.status < 500, "{} {}: {} {}", method, path, reply.status, reply.text());
        if reply.status >= 400 && method == "POST" {
            let error: Value = serde_json::from_slice(&reply.body).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert!(error["code"].is_string(), "{error}");
            for word in [".driftgate", ".rs", "serde", "polars", "panicked"] {
                prop_assert!(!reply.text().contains(word), "{}", reply.text());
            }
        }
        Ok(reply.status)
    };
    let mut runner = TestRunner::default();
    let posts =
        [format!("/predict/{MODEL}"), format!("/v2/models/{MODEL}/infer"), "/invocations".into(), "/feedback".into()];
    let paths = proptest::sample::select(posts.to_vec());
    runner
        .run(&(paths.clone(), any_json()), |(path, body)| {
            ask("POST", &path, "application/json", body.to_string().as_bytes()).map(drop)
        })
        .unwrap();
    runner
        .run(&nearly_sound(), |(path, body)| {
            ask("POST", &path, "application/json", body.to_string().as_bytes()).map(drop)
        })
        .unwrap();
    let media = proptest::sample::select(vec![
        "application/json",
        "text/csv",
        "text/csv; charset=utf-8",
        "application/octet-stream",
        "image/png",
        "multipart/form-data; boundary=x",
    ]);
    runner
        .run(&(paths, media, prop::collection::vec(any::<u8>(), 0..200)), |(path, media, body)| {
            ask("POST", &path, media, &body).map(drop)
        })
        .unwrap();
    // Tables that are nearly sound.
    runner
        .run(&"(sepal_length,sepal_width,petal_length,petal_width\n)?([0-9.,;\"x\n ]{0,40})", |table| {
            ask("POST", "/invocations", "text/csv", table.as_bytes()).map(drop)
        })
        .unwrap();
    // Any path.
    runner.run(&"(/[a-z0-9.%{}~-]{0,9}){1,5}", |path| ask("GET", &path, "text/plain", b"").map(drop)).unwrap();
    assert_eq!(server.get("/health").is(200).json()["status"], "ok");
}
