//! A load generator, and the bare JSON echo that the server is compared with.
//!
//! ```text
//! load echo                                   listen on a port of its own and print it
//! load ask ADDRESS PATH BODY [N] [SECONDS]    N connections (16), each asks again as soon as it was answered, for SECONDS (10)
//! load ask ADDRESS PATH BODY N SECONDS RATE   the same at a fixed offered rate of requests a second; latency counts from the
//!                                             moment a request was due, so that a stall is not hidden
//! ```
//!
//! `ask` prints one JSON object: requests a second, latencies in milliseconds, and what was not answered with 200.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a tool for benchmarks")]
#![allow(clippy::disallowed_methods, reason = "a tool for benchmarks reads clock and arguments")]

use driftgate_testsupport::Connection;
use std::time::{Duration, Instant};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["echo"] => echo(),
        ["ask", address, path, body, rest @ ..] => {
            let number = |i: usize, usual: f64| rest.get(i).map_or(usual, |t| t.parse().expect("a number"));
            let (connections, seconds) = (number(0, 16.0) as usize, number(1, 10.0));
            let rate = rest.get(2).map(|_| number(2, 0.0));
            ask(address, path, body, connections, seconds, rate);
        }
        _ => println!("load echo | load ask ADDRESS PATH BODY [CONNECTIONS] [SECONDS] [RATE]"),
    }
}

/// What one connection saw: latencies in microseconds, and answers that were none.
#[derive(Default)]
struct Seen {
    micros: Vec<u64>,
    refused: u64,
    lost: u64,
}

fn ask(address: &str, path: &str, body: &str, connections: usize, seconds: f64, rate: Option<f64>) {
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(seconds);
    let gap = rate.map(|r| Duration::from_secs_f64(connections as f64 / r));
    let one = |i: usize| {
        let mut connection = Connection::open(address).expect("the server listens");
        let mut seen = Seen::default();
        let mut due = start + gap.map_or(Duration::ZERO, |g| g.mul_f64(i as f64 / connections as f64));
        while Instant::now() < end {
            let from = match gap {
                None => Instant::now(),
                Some(gap) => {
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let this = due;
                    due += gap;
                    this
                }
            };
            match connection.request("POST", path, &[("content-type", "application/json")], body.as_bytes()) {
                Ok(reply) if reply.status == 200 => seen.micros.push(from.elapsed().as_micros() as u64),
                Ok(_) => seen.refused += 1,
                Err(_) => {
                    seen.lost += 1;
                    connection = Connection::open(address).expect("the server listens");
                }
            }
        }
        seen
    };
    let all: Vec<Seen> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|i| scope.spawn(move || one(i))).collect();
        threads.into_iter().map(|t| t.join().expect("a thread ends")).collect()
    });
    let took = start.elapsed().as_secs_f64();
    let mut micros: Vec<u64> = all.iter().flat_map(|s| s.micros.iter().copied()).collect();
    micros.sort_unstable();
    let at = |share: f64| micros.get(((micros.len() as f64 * share) as usize).min(micros.len().saturating_sub(1)));
    let ms = |share: f64| at(share).map_or(f64::NAN, |m| *m as f64 / 1000.0);
    println!(
        "{}",
        serde_json::json!({
            "per_second": micros.len() as f64 / took,
            "answered": micros.len(),
            "p50_ms": ms(0.5),
            "p99_ms": ms(0.99),
            "max_ms": ms(1.0),
            "refused": all.iter().map(|s| s.refused).sum::<u64>(),
            "lost": all.iter().map(|s| s.lost).sum::<u64>(),
        })
    );
}

/// Reads JSON and writes it again: what any JSON endpoint over axum costs.
fn echo() {
    use axum::body::{Body, Bytes};
    use axum::routing::post;
    let handler = post(|body: Bytes| async move {
        let value: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        ([("content-type", "application/json")], serde_json::to_vec(&value).expect("JSON"))
    });
    let router = axum::Router::new().route("/echo", handler);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("an address"));
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            stream.set_nodelay(true).expect("an option of sockets");
            let router = router.clone();
            tokio::spawn(async move {
                let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    tower_service::Service::call(&mut router.clone(), request.map(Body::new))
                });
                let io = hyper_util::rt::TokioIo::new(stream);
                hyper::server::conn::http1::Builder::new().serve_connection(io, service).await
            });
        }
    });
}
