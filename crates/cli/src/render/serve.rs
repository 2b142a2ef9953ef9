//! A server that listens, and one that stopped.

use super::format::{Tone, count, paint, strong};
use super::table::facts;
use driftgate_serve::{Served, Started};
use serde::Serialize;

/// A server that listens. Schema `driftgate/serving/1`.
#[derive(Serialize)]
pub struct Listening {
    schema: &'static str,
    /// `http://` and where.
    url: String,
    address: String,
    port: u16,
    models: Vec<Answering>,
    /// Models whose version in Production does not load.
    failed: Vec<String>,
    /// A token that was made now: kept nowhere.
    token: Option<String>,
}

/// A model that is answered with.
#[derive(Serialize)]
struct Answering {
    name: String,
    version: u32,
}

impl Listening {
    /// From what the server says, and the token that was made, if one was.
    pub fn new(started: &Started, token: Option<String>) -> Listening {
        let answering = |(name, version): &(String, u32)| Answering { name: name.clone(), version: *version };
        Listening {
            schema: "driftgate/serving/1",
            url: format!("http://{}", started.address),
            address: started.address.ip().to_string(),
            port: started.address.port(),
            models: started.models.iter().map(answering).collect(),
            failed: started.failed.clone(),
            token,
        }
    }
}

/// The answer of `serve`, as soon as it listens.
pub fn listening(l: &Listening, begin: &str, width: usize) -> String {
    let mut out = format!("{} {}\n", paint(Tone::Good, "✓ Listening at"), strong(&l.url));
    let models: Vec<String> = l.models.iter().map(|m| format!("{} v{}", m.name, m.version)).collect();
    if models.is_empty() {
        out +=
            &format!("  No model is in Production yet: {begin} approve RUN puts one there, and it is served at once\n");
    } else {
        out += &facts([("models", models.join(", "))], width);
    }
    for name in &l.failed {
        out += &format!("{} {name}: its version in Production does not load\n", paint(Tone::Bad, "✗"));
    }
    if let Some(token) = &l.token {
        out += &facts([("token", token.clone())], width);
        out += "  Keep it: it is shown this once, and /admin and /feedback ask for it\n";
    }
    out += "  Ctrl-C stops it\n";
    out
}

/// What a server did.
pub fn ended(served: &Served) -> String {
    let kept = format!("{} answers in the prediction log", count(served.logged));
    let dropped = if served.dropped > 0 { format!(", {} left out", count(served.dropped)) } else { String::new() };
    let drained = if served.drained { "every request was answered" } else { "some requests were cut off" };
    format!("Stopped: {drained}; {kept}{dropped}")
}
