//! `serve` against those who ask wrongly: bad input, limits, tokens, foreign names.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, Server};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "iris-classification";
const JSON: (&str, &str) = ("content-type", "application/json");

fn approved() -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    sandbox
}

fn flower() -> Value {
    json!({"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2})
}

fn predict(server: &Server, body: &Value) -> driftgate_testsupport::Reply {
    server.post(&format!("/predict/{MODEL}"), body)
}

#[test]
fn bad_input_is_refused_by_name() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    let with = |key: &str, value: Value| {
        let mut sample = flower();
        sample[key] = value;
        sample
    };
    let mut without = flower();
    without.as_object_mut().unwrap().remove("petal_length");
    for (body, code, field) in [
        (without.clone(), "missing_field", "petal_length"),
        (with("colour", json!("red")), "unknown_field", "colour"),
        (with("sepal_width", json!("3.5")), "wrong_type", "sepal_width"),
        (with("sepal_width", json!(true)), "wrong_type", "sepal_width"),
        (with("sepal_width", json!([3.5])), "wrong_type", "sepal_width"),
        (with("sepal_width", json!(null)), "missing_value", "sepal_width"),
        (json!([flower(), with("sepal_width", json!({}))]), "wrong_type", "sepal_width"),
    ] {
        let reply = predict(&server, &body).is(422);
        let error = reply.json();
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!(field)), "{body}");
        assert_eq!(reply.header("x-request-id"), error["request_id"].as_str());
    }
    assert!(predict(&server, &json!([flower(), without])).is(422).text().contains("row 2"));
    for body in [json!([]), json!([1]), json!("x"), json!(null), json!(7)] {
        predict(&server, &body).is(422);
    }
    let path = format!("/predict/{MODEL}");
    for text in ["", "{", "NaN", "{\"sepal_length\": NaN}", "{\"a\": 1e999}", "\u{1}"] {
        let error = server.request("POST", &path, &[JSON], text.as_bytes()).is(400).json();
        assert_eq!(error["code"], "malformed_json", "{text:?}");
    }
    let deep = "[".repeat(100_000);
    server.request("POST", &path, &[JSON], deep.as_bytes()).is(400);
    for headers in [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/json; charset=utf-16")]]
    {
        let error = server.request("POST", &path, headers, flower().to_string().as_bytes()).is(415).json();
        assert_eq!(error["code"], "unsupported_media_type");
    }
    server.post("/predict/none", &flower()).is(404);
    server.post("/predict/%00%ff", &flower()).is(404).text();
    server.get("/predict/none").is(405);
    assert_eq!(server.get(&path).is(405).header("allow"), Some("POST"));
    server.get("/nowhere").is(404);
    // A number that no model has seen is answered.
    predict(&server, &with("sepal_width", json!(1e300))).is(200);
}

#[test]
fn limits_hold() {
    let sandbox = approved();
    let server = sandbox.serve(&["--max-body", "20000", "--max-rows", "10", "--max-in-flight", "2", "--timeout", "1s"]);
    let path = format!("/predict/{MODEL}");
    predict(&server, &json!(vec![flower(); 10])).is(200);
    assert_eq!(predict(&server, &json!(vec![flower(); 11])).is(413).json()["code"], "too_many_rows");
    let large = format!("[{}]", " ".repeat(20_000));
    assert_eq!(server.request("POST", &path, &[JSON], large.as_bytes()).is(413).json()["code"], "body_too_large");
    // Without a length, too.
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = "host: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked";
    let chunk = format!("2710\r\n{}\r\n", " ".repeat(10_000));
    // In one piece: a server that has seen enough answers and closes while the rest is still being sent.
    let request = format!("POST {path} HTTP/1.1\r\n{head}\r\n\r\n{chunk}{chunk}{chunk}0\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    assert!(answer(&mut stream).starts_with("HTTP/1.1 413"));
    // Headers beyond their limit.
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let sent = write!(stream, "GET /health HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    if sent.is_ok() {
        assert!(answer(&mut stream).starts_with("HTTP/1.1 431"));
    }
    // A body that does not come, and more than may be at work.
    let begin = || {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{{"
        )
        .unwrap();
        stream
    };
    let mut waiting = [begin(), begin()];
    std::thread::sleep(Duration::from_millis(200));
    let refused = predict(&server, &flower()).is(429);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.json()["code"], "too_many_requests");
    // What watches the server is answered all the same.
    server.get("/health").is(200);
    server.get("/metrics").is(200);
    for stream in &mut waiting {
        assert!(answer(stream).starts_with("HTTP/1.1 408"));
    }
    predict(&server, &flower()).is(200);
}

fn answer(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut bytes = [0; 4096];
    let n = stream.read(&mut bytes).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

#[test]
fn guarded_endpoints_ask_for_the_token() {
    let sandbox = Sandbox::new(DRIFTGATE);
    let made = sandbox.driftgate(["init", "--json"]).exits(0).json();
    let token = made["server_token"].as_str().unwrap().to_owned();
    assert_eq!(token.len(), 64);
    // Kept nowhere but as a digest.
    for entry in std::fs::read_dir(sandbox.at(".driftgate/keys")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&token));
    }
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    let server = sandbox.serve(&[]);
    let reload = |server: &Server, headers: &[(&str, &str)]| server.request("POST", "/admin/reload", headers, b"");
    let refused = reload(&server, &[]).is(401);
    assert_eq!(
        (refused.json()["code"].clone(), refused.header("www-authenticate")),
        (json!("no_token"), Some("Bearer"))
    );
    let bearer = format!("Bearer {token}");
    let body = reload(&server, &[("authorization", &bearer)]).is(200).json();
    assert_eq!((&body["status"], &body["models"]), (&json!("reloaded"), &json!([{"name": MODEL, "version": 1}])));
    reload(&server, &[("x-admin-token", &token)]).is(200);
    let mut other = token.clone();
    other.replace_range(..1, if token.starts_with('0') { "1" } else { "0" });
    for wrong in [other.as_str(), "", &token[..63], "x"] {
        reload(&server, &[("x-admin-token", wrong)]).is(403);
    }
    reload(&server, &[("authorization", &token)]).is(401);
    server.request("POST", "/feedback", &[JSON], b"[]").is(401);
    server.get("/admin/anything").is(401);
    server.get(&format!("/models/{MODEL}/performance")).is(401);
    // The rest is open on this machine.
    predict(&server, &flower()).is(200);
    // Another token makes the first void.
    drop(server);
    let server = sandbox.serve(&["--new-token"]);
    let new = server.started()["token"].as_str().unwrap().to_owned();
    reload(&server, &[("x-admin-token", &token)]).is(403);
    reload(&server, &[("x-admin-token", &new)]).is(200);
    drop(server);
    // The environment's takes the place of both.
    for key in ["DRIFTGATE_TOKEN", "API_ADMIN_TOKEN"] {
        let server = sandbox.serve_with(&[], |command| {
            command.env(key, "from outside");
        });
        reload(&server, &[("authorization", "Bearer from outside")]).is(200);
        reload(&server, &[("x-admin-token", &new)]).is(403);
    }
}

#[test]
fn beyond_this_machine_everything_asks_for_the_token() {
    let sandbox = approved();
    let server = sandbox.serve_with(&["--bind", "0.0.0.0"], |command| {
        command.env("DRIFTGATE_TOKEN", "t0");
    });
    let local = server.address().replace("0.0.0.0", "127.0.0.1");
    let mut connection = driftgate_testsupport::Connection::open(&local).unwrap();
    let mut ask = |method: &str, path: &str, token: Option<&str>| {
        let bearer = token.map(|t| format!("Bearer {t}"));
        let mut headers = vec![JSON];
        headers.extend(bearer.as_deref().map(|b| ("authorization", b)));
        connection.request(method, path, &headers, flower().to_string().as_bytes()).unwrap()
    };
    let path = format!("/predict/{MODEL}");
    for path in ["/", "/models", "/metrics", "/docs", "/openapi.json", "/v2", "/nowhere"] {
        ask("GET", path, None).is(401);
    }
    ask("POST", &path, None).is(401);
    ask("POST", &path, Some("t1")).is(403);
    ask("POST", &path, Some("t0")).is(200);
    ask("GET", "/models", Some("t0")).is(200);
    for path in ["/health", "/ping", "/v2/health/live", "/v2/health/ready"] {
        ask("GET", path, None).is(200);
    }
}

#[test]
fn foreign_names_and_pages_are_refused() {
    let sandbox = approved();
    let server = sandbox.serve(&["--allow-host", "lab.example"]);
    let path = format!("/predict/{MODEL}");
    let body = flower().to_string();
    let ask = |headers: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = headers.iter().copied().chain([JSON]).collect();
        server.request("POST", &path, &all, body.as_bytes())
    };
    let port = server.address().rsplit_once(':').unwrap().1;
    let own = format!("localhost:{port}");
    for host in [own.as_str(), "LOCALHOST", "127.0.0.1:1", "[::1]:8000", "lab.example:8000"] {
        ask(&[("host", host)]).is(200);
    }
    for host in ["evil.example", "evil.example:8000", "localhost.evil.example", "", "127.0.0.1.evil.example"] {
        assert_eq!(ask(&[("host", host)]).is(421).json()["code"], "foreign_host", "{host}");
    }
    ask(&[("host", &own), ("origin", &format!("http://{own}"))]).is(200);
    for origin in ["http://evil.example", "null", "http://localhost:1", "file://"] {
        assert_eq!(ask(&[("host", &own), ("origin", origin)]).is(403).json()["code"], "foreign_origin", "{origin}");
    }
}

#[test]
fn a_slow_caller_holds_nobody_up() {
    let sandbox = approved();
    let server = sandbox.serve(&[]);
    let slow: Vec<TcpStream> = (0..64)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            write!(stream, "POST /predict/{MODEL} HTTP/1.1\r\nhost: loc").unwrap();
            stream
        })
        .collect();
    predict(&server, &flower()).is(200);
    drop(slow);
}
