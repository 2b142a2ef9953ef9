//! One request to the window's own server, as any program would send it.

use crate::session::Session;
use crate::{Result, SessionError};
use driftgate_model::views::TriedRequest;
use driftgate_model::{Code, ModelName};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use std::time::Duration;

/// The longest that a request may take.
const MOST: Duration = Duration::from_secs(60);
/// Most bytes of an answer that are shown.
const SHOWN: usize = 1 << 20;

impl Session {
    /// Sends a row to the window's server and gives back what came, whatever its status.
    ///
    /// Errors: the server does not run; nothing comes back.
    pub fn try_request(&self, model: &str, row: &Map<String, Value>) -> Result<TriedRequest> {
        let address = self.server_address()?;
        let request = Asked::of(&address, model, row)?;
        let from = self.0.world.clock.elapsed_ms();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| no_answer(&address, &e.to_string()))?;
        let (status, body, ms) = runtime
            .block_on(async { tokio::time::timeout(MOST, send(&address, &request)).await })
            .map_err(|_| no_answer(&address, &format!("nothing came back in {} s", MOST.as_secs())))?
            .map_err(|e| no_answer(&address, &e.to_string()))?;
        tracing::debug!(status, ms = self.0.world.clock.elapsed_ms() - from, "a request was tried");
        Ok(TriedRequest { status, body: shown(&body), ms, curl: request.curl() })
    }

    /// The request of the tester for a terminal; at the usual port where the server does not run.
    pub fn curl(&self, model: &str, row: &Map<String, Value>) -> Result<String> {
        let address = self.server_address().unwrap_or_else(|_| "127.0.0.1:8000".into());
        Ok(Asked::of(&address, model, row)?.curl())
    }
}

/// A request.
struct Asked {
    address: String,
    path: String,
    body: String,
}

impl Asked {
    fn of(address: &str, model: &str, row: &Map<String, Value>) -> Result<Asked> {
        let model = ModelName::new(model)
            .map_err(|e| SessionError::bad_input(e.to_string(), "Choose a model that is in Production"))?;
        let body = serde_json::to_string(row)
            .map_err(|e| SessionError::bad_input(format!("The row is no JSON: {e}"), "Mend the row"))?;
        Ok(Asked { address: address.into(), path: format!("/predict/{model}"), body })
    }

    fn curl(&self) -> String {
        format!(
            "curl -X POST {} -H 'Content-Type: application/json' -d {}",
            quoted(&format!("http://{}{}", self.address, self.path)),
            quoted(&self.body)
        )
    }
}

async fn send(
    address: &str,
    asked: &Asked,
) -> std::result::Result<(u16, Vec<u8>, f64), Box<dyn std::error::Error + Send + Sync>> {
    #[allow(clippy::disallowed_methods, reason = "a time that is shown, finer than the host's clock counts")]
    let from = std::time::Instant::now();
    let stream = tokio::net::TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let drive = tokio::spawn(connection);
    let request = hyper::Request::post(asked.path.as_str())
        .header(hyper::header::HOST, address)
        .header(hyper::header::CONTENT_TYPE, "application/json")
        .header(hyper::header::CONNECTION, "close")
        .body(Full::new(Bytes::from(asked.body.clone())))?;
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    let ms = from.elapsed().as_secs_f64() * 1e3;
    drop(sender);
    drive.abort();
    Ok((status, body.to_vec(), ms))
}

fn no_answer(address: &str, why: &str) -> SessionError {
    let message = format!("The server at {address} did not answer: {why}");
    SessionError::told(Code::Io, message, "Look whether it still runs, and send the request again")
}

/// JSON indented, anything else as text, and no more than a person reads.
fn shown(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => format!("{value:#}"),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A word for a POSIX shell, whatever it holds.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// What a shell makes of a word.
    fn heard(word: &str) -> String {
        let out = std::process::Command::new("sh").args(["-c", &format!("printf %s {word}")]).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    }

    #[test]
    fn a_shell_hears_what_was_meant() {
        for text in ["", "plain", "two words", "it's", "$(rm -rf /) `x` \"q\" \\ !", "'", "a\nb", "{\"x\": 1}"] {
            assert_eq!(heard(&quoted(text)), text);
        }
    }

    #[test]
    fn a_request_is_a_line_of_curl() {
        let row = serde_json::json!({"name": "it's", "age": 3});
        let curl = Asked::of("127.0.0.1:8000", "iris", row.as_object().unwrap()).unwrap().curl();
        let expected = r#"curl -X POST http://127.0.0.1:8000/predict/iris -H 'Content-Type: application/json' -d '{"age":3,"name":"it'\''s"}'"#;
        assert_eq!(curl, expected);
        assert!(Asked::of("a", "../x", row.as_object().unwrap()).is_err());
    }
}
