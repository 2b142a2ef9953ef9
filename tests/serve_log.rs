//! What `serve` leaves behind: the prediction log, drift checks of it, labels that come later, metrics.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, Server};
use serde_json::{Value, json};
use std::time::Duration;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "iris-classification";

fn approved() -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    sandbox
}

/// The flowers of the data set with their species, in an order that mixes them.
fn flowers(sandbox: &Sandbox) -> Vec<(Value, String)> {
    let text = sandbox.read("data/iris/data.csv");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<&str> = lines.collect();
    (0..rows.len())
        .map(|i| {
            let cells: Vec<&str> = rows[i * 7 % rows.len()].split(',').collect();
            let sample =
                names.iter().zip(&cells).take(4).map(|(n, c)| ((*n).to_owned(), json!(c.parse::<f64>().unwrap())));
            (sample.collect(), cells[4].to_owned())
        })
        .collect()
}

fn ask(server: &Server, body: &Value) -> String {
    let reply = server.post(&format!("/predict/{MODEL}"), body).is(200);
    reply.json()["request_id"].as_str().unwrap().to_owned()
}

/// Every line of the log, oldest first.
fn log(sandbox: &Sandbox) -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(sandbox.at(".driftgate/segments"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("predictions-"))
        .collect();
    files.sort();
    let text: String = files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
    text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
}

fn token(command: &mut std::process::Command) {
    command.env("DRIFTGATE_TOKEN", "t0");
}

fn feedback(server: &Server, body: &Value) -> driftgate_testsupport::Reply {
    let headers = [("content-type", "application/json"), ("authorization", "Bearer t0")];
    server.request("POST", "/feedback", &headers, body.to_string().as_bytes())
}

#[test]
fn answers_are_kept_with_what_gave_them() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    let flowers = flowers(&sandbox);
    let id = ask(&server, &json!([flowers[0].0, flowers[1].0]));
    // A refused request is no answer.
    server.post(&format!("/predict/{MODEL}"), &json!({})).is(422);
    let (code, said) = server.stop();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 answers in the prediction log"), "{said}");
    let lines = log(&sandbox);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["kind"], "version");
    assert_eq!(lines[0]["columns"][0], "sepal_length");
    let answer = &lines[1];
    assert_eq!((&answer["id"], &answer["role"], &answer["version"]), (&json!(id), &json!("champion"), &json!(1)));
    assert_eq!(answer["rows"][0][0], flowers[0].0["sepal_length"]);
    assert_eq!(answer["answers"].as_array().unwrap().len(), 2);
    assert!(answer["us"].as_u64().unwrap() > 0 && answer["at"].is_string());
    sandbox.verifies();
}

#[test]
fn the_log_survives_a_kill() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    let flowers = flowers(&sandbox);
    let ids: Vec<String> = flowers.iter().take(20).map(|(f, _)| ask(&server, f)).collect();
    std::thread::sleep(Duration::from_millis(600));
    server.kill();
    let kept: Vec<Value> =
        log(&sandbox).into_iter().filter(|l| l["kind"] == "answer").map(|l| l["id"].clone()).collect();
    assert_eq!(kept, ids);
    // The next server goes on beside it.
    let server = sandbox.serve_with(&[], token);
    ask(&server, &flowers[0].0);
    let body = feedback(&server, &json!({"request_id": ids[3], "label": flowers[3].1})).is(200).json();
    assert_eq!(body["accepted"], 1, "{body}");
    server.stop();
    assert_eq!(log(&sandbox).iter().filter(|l| l["kind"] == "answer").count(), 21);
}

#[test]
fn values_can_be_hashed_left_out_or_sampled() {
    let sandbox = approved();
    let sample = json!({"sepal_length": 5.125, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2});
    for (how, args) in [("hashed", &["--log-values", "hashed"][..]), ("none", &["--log-values", "none"])] {
        let server = sandbox.serve(args);
        ask(&server, &sample);
        ask(&server, &sample);
        server.stop();
        let lines = log(&sandbox);
        let answers: Vec<&Value> = lines.iter().filter(|l| l["values"] == how).collect();
        assert_eq!(answers.len(), 2);
        assert!(!answers[0].to_string().contains("5.125"), "{}", answers[0]);
        assert_eq!(answers[0]["rows"], answers[1]["rows"]);
    }
    let refused = sandbox.driftgate(["drift", "check", MODEL, "--served"]).exits(1);
    assert!(refused.stderr.contains("keeps no plain values"), "{}", refused.transcript());
    let before = log(&sandbox).len();
    let server = sandbox.serve(&["--log-sample", "0"]);
    ask(&server, &sample);
    server.stop();
    let server = sandbox.serve(&["--no-log"]);
    ask(&server, &sample);
    server.stop();
    assert_eq!(log(&sandbox).len(), before);
}

#[test]
fn what_was_served_is_checked_for_drift() {
    let sandbox = approved();
    let nothing = sandbox.driftgate(["drift", "check", MODEL, "--served"]).exits(1);
    assert!(nothing.stderr.contains("no row"), "{}", nothing.transcript());
    let server = sandbox.serve_with(&[], token);
    let flowers = flowers(&sandbox);
    let rows: Vec<&Value> = flowers.iter().map(|(f, _)| f).collect();
    ask(&server, &json!(rows));
    std::thread::sleep(Duration::from_millis(600));
    let same = sandbox.driftgate(["drift", "check", MODEL, "--served", "--last", "150", "--json"]).exits(0).json();
    assert_eq!(same["report"]["batch_rows"], 150);
    assert_ne!(same["report"]["overall"]["verdict"], "drifted", "{}", same["report"]["overall"]);
    // The same check as of the file that holds these rows.
    let file = sandbox.driftgate(["drift", "check", MODEL, "--batch", "data/iris/data.csv", "--json"]).exits(0).json();
    let effects = |view: &Value| -> Vec<Value> {
        view["report"]["columns"].as_array().unwrap().iter().map(|c| c["tests"][0]["effect"].clone()).collect()
    };
    assert_eq!(effects(&same), effects(&file));
    let moved: Vec<Value> = flowers
        .iter()
        .map(|(f, _)| {
            let mut f = f.clone();
            f["petal_length"] = json!(f["petal_length"].as_f64().unwrap() + 3.0);
            f
        })
        .collect();
    let id = ask(&server, &json!(moved));
    std::thread::sleep(Duration::from_millis(600));
    let drifted = sandbox.driftgate(["drift", "check", MODEL, "--served", "--last", "150", "--json"]);
    let drifted = drifted.json();
    assert_eq!(drifted["report"]["overall"]["verdict"], "drifted", "{}", drifted["report"]["overall"]);
    assert_eq!(drifted["report"]["labels"], Value::Null);
    // With labels by now, they are looked at too.
    let labels: Vec<&String> = flowers.iter().map(|(_, l)| l).collect();
    feedback(&server, &json!({"request_id": id, "labels": labels})).is(200);
    let labelled = sandbox.driftgate(["drift", "check", MODEL, "--served", "--last", "150", "--json"]).json();
    assert!(labelled["report"]["performance"].is_object(), "{}", labelled["report"]);
    sandbox.driftgate(["drift", "check", MODEL]).exits(64);
    sandbox.driftgate(["drift", "check", MODEL, "--last", "5", "--batch", "x.csv"]).exits(64);
    server.stop();
    sandbox.verifies();
}

#[test]
fn labels_that_come_later_give_live_performance() {
    let sandbox = approved();
    let server = sandbox.serve_with(&[], token);
    let flowers = flowers(&sandbox);
    let answered: Vec<(String, Value)> =
        flowers.iter().take(60).map(|(f, label)| (ask(&server, f), json!(label))).collect();
    let list: Vec<Value> = answered.iter().map(|(id, label)| json!({"request_id": id, "label": label})).collect();
    let body = feedback(&server, &json!(list)).is(200).json();
    assert_eq!((&body["accepted"], &body["rejected"]), (&json!(60), &json!([])));
    let live = &body["performance"][0];
    assert_eq!((&live["metric"], &live["rows"], &live["version"]), (&json!("accuracy"), &json!(60), &json!(1)));
    let (low, value, high) =
        (live["low"].as_f64().unwrap(), live["value"].as_f64().unwrap(), live["high"].as_f64().unwrap());
    assert!(low < value && value <= high && value > 0.85, "{live}");
    let shown = sandbox.driftgate(["models", "show", &format!("{MODEL}@1"), "--json"]).exits(0).json();
    assert_eq!(live["test"], shown["metrics"]["test.accuracy"]);
    // A label given again takes the place of the first.
    let again = feedback(&server, &json!({"request_id": answered[0].0, "label": "virginica"})).is(200).json();
    assert_eq!(again["performance"][0]["rows"], 60);
    let headers = [("authorization", "Bearer t0")];
    let asked = server.request("GET", &format!("/models/{MODEL}/performance"), &headers, b"").is(200).json();
    assert_eq!(asked["value"], again["performance"][0]["value"]);
    for (body, reason) in [
        (json!({"request_id": "nobody", "label": "setosa"}), "no answer of that id"),
        (json!({"request_id": answered[0].0, "label": "tulip"}), "`tulip`"),
        (json!({"request_id": answered[0].0, "labels": ["setosa", "setosa"]}), "1 rows"),
    ] {
        let body = feedback(&server, &body).is(200).json();
        assert_eq!(body["accepted"], 0);
        assert!(body["rejected"][0]["reason"].as_str().unwrap().contains(reason), "{body}");
    }
    for body in [
        json!(7),
        json!({"label": "x"}),
        json!({"request_id": "x"}),
        json!({"request_id": "x", "label": "a", "labels": []}),
    ] {
        feedback(&server, &body).is(422);
    }
    drop(server);
    let server = sandbox.serve_with(&["--no-log"], token);
    assert_eq!(feedback(&server, &json!({"request_id": "x", "label": "a"})).is(409).json()["code"], "no_log");
}

#[test]
fn metrics_count_what_happened() {
    let sandbox = approved();
    let server = sandbox.serve(&["--access-log"]);
    let flowers = flowers(&sandbox);
    for (flower, _) in flowers.iter().take(3) {
        ask(&server, flower);
    }
    server.post(&format!("/predict/{MODEL}"), &json!({})).is(422);
    std::thread::sleep(Duration::from_millis(100));
    let reply = server.get("/metrics").is(200);
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = reply.text();
    let labels = format!("model=\"{MODEL}\",version=\"1\",role=\"champion\"");
    for expected in [
        format!("driftgate_inference_requests_total{{{labels},code=\"200\"}} 3"),
        format!("driftgate_inference_requests_total{{{labels},code=\"422\"}} 1"),
        format!("driftgate_inference_duration_seconds_count{{{labels}}} 4"),
        "driftgate_inference_stage_seconds_count{stage=\"infer\"} 3".into(),
        "driftgate_prediction_log_records_total 3".into(),
        "driftgate_http_requests_total{route=\"/predict/{model}\",code=\"422\"} 1".into(),
        "driftgate_models_loaded 1".into(),
    ] {
        assert!(text.lines().any(|l| l == expected), "{expected}\n{text}");
    }
    assert!(text.lines().any(|l| l.starts_with("driftgate_model_info{")), "{text}");
    let (_, said) = server.stop();
    let lines: Vec<Value> = said.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let request = lines.iter().find(|l| l["message"] == "request" && l["status"] == 422).unwrap();
    assert_eq!((&request["method"], &request["level"]), (&json!("POST"), &json!("info")), "{request}");
    assert!(request["micros"].is_u64() && request["request"].is_string(), "{request}");
}
