//! `serve`: what is in Production answers over HTTP, and follows approvals and rollbacks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "iris-classification";

fn approved() -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    sandbox
}

fn flower(sepal_length: f64) -> Value {
    json!({"sepal_length": sepal_length, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2})
}

fn version_of(server: &Server) -> u64 {
    server.post(&format!("/predict/{MODEL}"), &flower(5.1)).is(200).json()["version"].as_u64().unwrap()
}

/// Waits until the server answers with this version, and says how long it took.
fn until_version(server: &Server, version: u64) -> Duration {
    let start = Instant::now();
    while version_of(server) != version {
        assert!(start.elapsed() < Duration::from_secs(10), "the server does not follow");
        std::thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

#[test]
fn a_sample_and_a_batch_are_answered_with_what_gave_the_answer() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    assert_eq!(server.started()["models"], json!([{"name": MODEL, "version": 1}]));
    assert_eq!(server.get("/health").is(200).json(), json!({"status": "ok", "models_loaded": 1}));
    let one = server.post(&format!("/predict/{MODEL}"), &flower(5.1)).is(200);
    assert_eq!(one.header("x-model-version"), Some("1"));
    let body = one.json();
    assert_eq!(body["prediction"], "setosa");
    assert_eq!(body["out_of_range"], json!([]));
    let sum: f64 = body["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-12, "{body}");
    assert_eq!(one.header("x-request-id"), body["request_id"].as_str());
    let models = sandbox.driftgate(["models", "show", MODEL, "--json"]).exits(0).json();
    let version = &models["versions"][0];
    for (key, there) in [("run_id", "run"), ("model_version_id", "dataset_version")] {
        assert_eq!(body[key], version[there], "{key}");
    }
    let listed = server.get("/models").is(200).json();
    assert_eq!(listed[0]["artifact"], version["artifact"]);
    assert_eq!(listed[0]["feature_names"], json!(["sepal_length", "sepal_width", "petal_length", "petal_width"]));
    let batch = server.post(&format!("/predict/{MODEL}"), &json!([flower(5.1), flower(99.0)])).is(200).json();
    assert_eq!(batch["predictions"][0]["prediction"], body["prediction"]);
    assert_eq!(batch["predictions"][0]["probabilities"], body["probabilities"]);
    // Outside the range of training: answered, and said.
    assert_eq!(batch["predictions"][1]["out_of_range"], json!(["sepal_length"]));
    // The caller's id is kept.
    let path = format!("/predict/{MODEL}");
    let headers = [("content-type", "application/json"), ("x-request-id", "mine-7")];
    let named = server.request("POST", &path, &headers, flower(5.1).to_string().as_bytes()).is(200);
    assert_eq!(named.json()["request_id"], "mine-7");
}

#[test]
fn http_answers_are_bit_for_bit_those_of_predict() {
    for (data, pipeline) in [
        ("iris", Pipeline::iris()),
        ("iris", Pipeline::iris().algorithm("random_forest").with("n_estimators", 20)),
        ("diabetes", Pipeline::diabetes()),
    ] {
        let sandbox = Sandbox::workspace(DRIFTGATE);
        sandbox.data(data);
        let run = sandbox.run("p", &pipeline);
        let model =
            sandbox.driftgate(["approve", &run, "--json"]).exits(0).json()["model"].as_str().unwrap().to_owned();
        let text = sandbox.read(&format!("data/{data}/data.csv"));
        sandbox
            .driftgate(["predict", &model, "--input", &format!("data/{data}/data.csv"), "--output", "out.csv"])
            .exits(0);
        let out = sandbox.read("out.csv");
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        let rows: Vec<Value> = lines
            .map(|line| {
                let cells = names.iter().zip(line.split(',')).filter(|(n, _)| **n != "target");
                cells.map(|(n, cell)| ((*n).to_owned(), json!(cell.parse::<f64>().unwrap()))).collect::<Value>()
            })
            .collect();
        let server = sandbox.serve(&[]);
        let answers = server.post(&format!("/predict/{model}"), &json!(rows)).is(200).json();
        let answers = answers["predictions"].as_array().unwrap();
        assert_eq!(answers.len(), out.lines().count() - 1);
        for (line, answer) in out.lines().skip(1).zip(answers) {
            let cells: Vec<&str> = line.split(',').collect();
            match answer["prediction"].as_str() {
                Some(label) => {
                    assert_eq!(label, cells[1]);
                    let probabilities: Vec<u64> =
                        cells[2..].iter().map(|c| c.parse::<f64>().unwrap().to_bits()).collect();
                    let labels = answer["probabilities"].as_object().unwrap();
                    let served: Vec<u64> = labels.values().map(|p| p.as_f64().unwrap().to_bits()).collect();
                    assert_eq!(served, probabilities, "{line}");
                }
                None => {
                    let value = answer["prediction"].as_f64().unwrap();
                    assert_eq!(value.to_bits(), cells[1].parse::<f64>().unwrap().to_bits(), "{line}");
                }
            }
        }
    }
}

#[test]
fn an_approval_and_a_rollback_are_followed_and_confirmed() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    let before = server.post(&format!("/predict/{MODEL}"), &flower(5.9)).is(200).json();
    // A candidate that the gate blocks changes no answer.
    sandbox.run_ending("worse", &Pipeline::iris().hopeless(), 2);
    let after = server.post(&format!("/predict/{MODEL}"), &flower(5.9)).is(200).json();
    assert_eq!(after["probabilities"], before["probabilities"]);
    assert_eq!(after["version"], 1);
    let run = sandbox.run("q", &Pipeline::iris().algorithm("random_forest").with("n_estimators", 20));
    sandbox.driftgate(["approve", &run]).exits(0);
    let took = until_version(&server, 2);
    assert!(took < Duration::from_millis(1500), "{took:?}");
    assert_ne!(
        server.post(&format!("/predict/{MODEL}"), &flower(5.9)).is(200).json()["probabilities"],
        before["probabilities"]
    );
    sandbox.driftgate(["rollback", MODEL, "--reason", "It was better"]).exits(0);
    until_version(&server, 1);
    let back = server.post(&format!("/predict/{MODEL}"), &flower(5.9)).is(200).json();
    assert_eq!(back["probabilities"], before["probabilities"]);
    // Each exchange is confirmed in the ledger with the artifact that answers.
    let shown = serving_until_confirmed(&sandbox);
    assert_eq!((&shown["version"], &shown["address"]), (&json!(1), &json!(server.address())));
    let log = sandbox.driftgate(["audit", "log", "--kind", "server.confirmed", "--json"]).exits(0).json();
    let versions: Vec<&Value> =
        log["lines"].as_array().unwrap().iter().map(|l| &l["event"]["body"]["models"][0]["version"]).collect();
    assert_eq!(versions, [&json!(1), &json!(2), &json!(1)]);
    assert_eq!(log["lines"][0]["event"]["via"], "server");
    let doctor = sandbox.driftgate(["doctor", "--json"]).exits(0).json();
    let servers = doctor["checks"].as_array().unwrap().iter().find(|c| c["name"] == "servers").unwrap();
    assert_eq!(servers["status"], "ok", "{servers}");
    // The projection of living servers is what the events say.
    sandbox.verifies();
    let (code, said) = server.stop();
    assert_eq!(code, 0, "{said}");
    let shown = sandbox.driftgate(["models", "show", MODEL, "--json"]).exits(0).json();
    assert_eq!(shown["serving"], json!([]));
    let log = sandbox.driftgate(["audit", "log", "--kind", "server.stopped", "--json"]).exits(0).json();
    assert_eq!(log["lines"].as_array().unwrap().len(), 1);
    sandbox.verifies();
}

fn serving_until_confirmed(sandbox: &Sandbox) -> Value {
    for _ in 0..100 {
        let shown = sandbox.driftgate(["models", "show", MODEL, "--json"]).exits(0).json();
        if shown["serving"][0]["confirmed"] == true {
            return shown["serving"][0].clone();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the server does not confirm");
}

#[test]
fn a_swap_that_a_server_has_not_confirmed_is_visible() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    serving_until_confirmed(&sandbox);
    // A server that stands still confirms nothing.
    let signal = |name: &str| {
        let told = std::process::Command::new("kill").args([name, &server.pid().to_string()]).status().unwrap();
        assert!(told.success());
    };
    signal("-STOP");
    let run = sandbox.run("q", &Pipeline::iris().seed(7).with("C", 0.5));
    sandbox.driftgate(["approve", &run]).exits(0);
    let shown = sandbox.driftgate(["models", "show", MODEL, "--json"]).exits(0).json();
    assert_eq!(shown["serving"][0]["confirmed"], false);
    assert_eq!(shown["serving"][0]["version"], 1);
    let text = sandbox.driftgate(["models", "show", MODEL]).exits(0).stdout;
    assert!(text.contains("not confirmed") && text.contains("answers with v1, not with v2"), "{text}");
    let doctor = sandbox.driftgate(["doctor"]).exits(0).stdout;
    assert!(doctor.contains("not confirmed yet") && doctor.contains(MODEL), "{doctor}");
    signal("-CONT");
    assert_eq!(serving_until_confirmed(&sandbox)["version"], 2);
}

#[test]
fn a_server_that_was_killed_is_settled() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    serving_until_confirmed(&sandbox);
    server.kill();
    let answer = sandbox.driftgate(["models", "show", MODEL]).exits(0);
    assert!(answer.stderr.contains("is gone"), "{}", answer.transcript());
    let shown = sandbox.driftgate(["models", "show", MODEL, "--json"]).exits(0).json();
    assert_eq!(shown["serving"], json!([]));
    sandbox.verifies();
}

#[test]
fn reloads_under_load_lose_nothing() {
    let sandbox = approved();
    let run = sandbox.run("q", &Pipeline::iris().seed(7).with("C", 0.5));
    sandbox.driftgate(["approve", &run]).exits(0);
    let server = sandbox.serve(&[]);
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let path = format!("/predict/{MODEL}");
    let body = flower(5.1).to_string();
    let headers = [("content-type", "application/json")];
    let seen: BTreeSet<u64> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = server.connect();
                    let mut versions = BTreeSet::new();
                    while !stop.load(Ordering::Relaxed) {
                        let reply = connection.request("POST", &path, &headers, body.as_bytes()).unwrap().is(200);
                        versions.insert(reply.json()["version"].as_u64().unwrap());
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                    versions
                })
            })
            .collect();
        // A hundred in the long form.
        let rounds = if std::env::var_os("DRIFTGATE_DEEP").is_some() { 100 } else { 6 };
        for round in 0..rounds {
            let to = if round % 2 == 0 { "1" } else { "2" };
            sandbox.driftgate(["rollback", MODEL, "--to", to, "--reason", "to and fro"]).exits(0);
            until_version(&server, to.parse().unwrap());
        }
        stop.store(true, Ordering::Relaxed);
        callers.into_iter().flat_map(|c| c.join().unwrap()).collect()
    });
    assert_eq!(seen, [1, 2].into());
    assert!(sent.load(Ordering::Relaxed) > 100);
    let text = server.get("/metrics").is(200).text();
    let counted = |version: u32| -> u64 {
        let name = format!(
            "driftgate_inference_requests_total{{model=\"{MODEL}\",version=\"{version}\",role=\"champion\",code=\"200\"}} "
        );
        text.lines().find_map(|l| l.strip_prefix(&name)).unwrap().parse().unwrap()
    };
    assert!(counted(1) + counted(2) >= sent.load(Ordering::Relaxed), "{text}");
    assert!(!text.contains("code=\"5"), "{text}");
}

#[test]
fn stopping_answers_what_is_at_work() {
    let sandbox = approved();
    let server = sandbox.serve(&["--max-rows", "200000", "--max-body", "100000000", "--timeout", "60s"]);
    let rows: Vec<Value> = (0..60_000).map(|i| flower(4.0 + f64::from(i % 40) / 10.0)).collect();
    let body = json!(rows).to_string();
    let path = format!("/predict/{MODEL}");
    let (connection, pid) = (server.connect(), server.pid().to_string());
    let reply = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut connection = connection;
            connection.request("POST", &path, &[("content-type", "application/json")], body.as_bytes())
        });
        // Once it is at work.
        for _ in 0..400 {
            if server.get("/metrics").text().contains("driftgate_inference_in_progress 1") {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        asking.join().unwrap()
    });
    let answers = reply.unwrap().is(200).json();
    assert_eq!(answers["predictions"].as_array().unwrap().len(), 60_000);
}

#[test]
fn a_workspace_without_a_model_is_not_ready_until_one_is_approved() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let server = sandbox.serve(&[]);
    let health = server.get("/health").is(503);
    assert_eq!(health.json(), json!({"status": "unavailable", "models_loaded": 0}));
    assert_eq!(server.get("/v2/health/live").is(200).json()["live"], true);
    server.get("/v2/health/ready").is(503);
    server.get("/ping").is(404);
    server.post(&format!("/predict/{MODEL}"), &flower(5.1)).is(404);
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    for _ in 0..100 {
        if server.get("/health").status == 200 {
            server.post(&format!("/predict/{MODEL}"), &flower(5.1)).is(200);
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the approval is not followed");
}

#[test]
fn an_altered_artifact_answers_nothing() {
    let sandbox = approved();
    let weights = sandbox.driftgate(["models", "show", &format!("{MODEL}@1"), "--json"]).exits(0).json();
    let artifact = weights["artifact"].as_str().unwrap();
    let path = format!(".driftgate/objects/{}/{}", &artifact[..2], &artifact[2..]);
    let manifest: Value = serde_json::from_str(&sandbox.read(&path)).unwrap();
    let part = manifest["parts"]["weights"].as_str().unwrap();
    let file = sandbox.at(&format!(".driftgate/objects/{}/{}", &part[..2], &part[2..]));
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, bytes).unwrap();
    let server = sandbox.serve(&[]);
    assert_eq!(server.started()["failed"], json!([MODEL]));
    let refused = server.post(&format!("/predict/{MODEL}"), &flower(5.1)).is(503);
    assert_eq!(refused.json()["code"], "not_ready");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(!refused.text().contains(".driftgate"), "{}", refused.text());
    server.get("/v2/health/ready").is(503);
}

#[test]
fn the_pages_need_nothing_but_the_server() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    let page = server.get("/").is(200);
    let text = page.text();
    for name in ["sepal_length", "petal_width", MODEL] {
        assert!(text.contains(name), "{name}");
    }
    assert!(!text.contains("://"), "{text}");
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(!server.get("/docs").is(200).text().contains("://"));
    let api = server.get("/openapi.json").is(200).json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"), "{}", api["openapi"]);
    let operation = &api["paths"]["/predict/{model}"]["post"];
    assert_eq!(operation["parameters"][0]["schema"]["enum"], json!([MODEL]));
    let body = operation["requestBody"]["content"]["application/json"]["schema"].to_string();
    assert!(body.contains("petal_width") && body.contains("additionalProperties"), "{body}");
}

#[test]
fn a_port_that_is_taken_is_said() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    let port = server.address().rsplit_once(':').unwrap().1;
    let answer = sandbox.driftgate(["serve", "--port", port]).exits(1);
    assert!(answer.stderr.contains("--port"), "{}", answer.transcript());
    sandbox.driftgate(["serve", "--port", "99999"]).exits(64);
    sandbox.driftgate(["serve", "--bind", "here"]).exits(64);
    sandbox.driftgate(["serve", "--log-sample", "2"]).exits(64);
}
