//! One request to the window's own server, with a row or with a picture, as any program would send it.

use crate::session::Session;
use crate::{Result, SessionError};
use driftgate_model::views::{PathKind, TriedRequest};
use driftgate_model::{Code, ModelName};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use std::path::Path;
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
        self.try_asked(&Asked::of(&self.server_address()?, model, row)?)
    }

    /// Sends a picture file to the window's server and gives back what came, whatever its status.
    ///
    /// Errors: the path was not chosen; more than 64 MiB; the server does not run; nothing comes back.
    pub fn try_picture(&self, model: &str, path: &str) -> Result<TriedRequest> {
        let file = self.allowed(path, PathKind::File)?;
        let asked = Asked::picture(&self.server_address()?, model, &file)?;
        self.try_asked(&Asked { body: Bytes::from(crate::pictures::read(&file)?), ..asked })
    }

    /// The request of the tester for a terminal; at the usual port where the server does not run.
    pub fn curl(&self, model: &str, row: &Map<String, Value>) -> Result<String> {
        Ok(Asked::of(&self.usual_address(), model, row)?.curl)
    }

    /// The same for a picture file, which the request of a terminal reads itself.
    pub fn curl_picture(&self, model: &str, path: &str) -> Result<String> {
        Ok(Asked::picture(&self.usual_address(), model, Path::new(path))?.curl)
    }

    fn usual_address(&self) -> String {
        self.server_address().unwrap_or_else(|_| "127.0.0.1:8000".into())
    }

    fn try_asked(&self, request: &Asked) -> Result<TriedRequest> {
        let address = &request.address;
        let from = self.0.world.clock.elapsed_ms();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| no_answer(address, &e.to_string()))?;
        let (status, body, ms) = runtime
            .block_on(async { tokio::time::timeout(MOST, send(request)).await })
            .map_err(|_| no_answer(address, &format!("nothing came back in {} s", MOST.as_secs())))?
            .map_err(|e| no_answer(address, &e.to_string()))?;
        tracing::debug!(status, ms = self.0.world.clock.elapsed_ms() - from, "a request was tried");
        Ok(TriedRequest { status, body: shown(&body), ms, curl: request.curl.clone() })
    }
}

/// A request.
struct Asked {
    address: String,
    path: String,
    content_type: &'static str,
    body: Bytes,
    /// The same for a terminal.
    curl: String,
}

impl Asked {
    fn of(address: &str, model: &str, row: &Map<String, Value>) -> Result<Asked> {
        let path = path_of(model)?;
        let body = serde_json::to_string(row)
            .map_err(|e| SessionError::bad_input(format!("The row is no JSON: {e}"), "Mend the row"))?;
        let curl = format!(
            "curl -X POST {} -H 'Content-Type: application/json' -d {}",
            quoted(&format!("http://{address}{path}")),
            quoted(&body)
        );
        Ok(Asked { address: address.into(), path, content_type: "application/json", body: Bytes::from(body), curl })
    }

    /// A request with a picture file, whose bytes are still to be read.
    fn picture(address: &str, model: &str, file: &Path) -> Result<Asked> {
        let path = path_of(model)?;
        let field = format!("file=@{}", file_of_form(&file.display().to_string()));
        let curl = format!("curl -F {} {}", quoted(&field), quoted(&format!("http://{address}{path}")));
        Ok(Asked { address: address.into(), path, content_type: media_of(file), body: Bytes::new(), curl })
    }
}

fn path_of(model: &str) -> Result<String> {
    let model = ModelName::new(model)
        .map_err(|e| SessionError::bad_input(e.to_string(), "Choose a model that is in Production"))?;
    Ok(format!("/predict/{model}"))
}

/// The media type of a picture file by its ending; what it is, the server sees by its bytes.
fn media_of(file: &Path) -> &'static str {
    let ending = file.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "bmp" => "image/bmp",
        "gif" => "image/gif",
        "tif" | "tiff" => "image/tiff",
        _ => "application/octet-stream",
    }
}

/// A file's name as the value of a form's field of curl, where commas and semicolons mean something.
fn file_of_form(path: &str) -> String {
    if !path.contains([',', ';', '"', '\\']) {
        return path.to_owned();
    }
    format!("\"{}\"", path.replace('\\', r"\\").replace('"', "\\\""))
}

async fn send(asked: &Asked) -> std::result::Result<(u16, Vec<u8>, f64), Box<dyn std::error::Error + Send + Sync>> {
    #[allow(clippy::disallowed_methods, reason = "a time that is shown, finer than the host's clock counts")]
    let from = std::time::Instant::now();
    let stream = tokio::net::TcpStream::connect(&asked.address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let drive = tokio::spawn(connection);
    let request = hyper::Request::post(asked.path.as_str())
        .header(hyper::header::HOST, asked.address.as_str())
        .header(hyper::header::CONTENT_TYPE, asked.content_type)
        .header(hyper::header::CONNECTION, "close")
        .body(Full::new(asked.body.clone()))?;
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
        let curl = Asked::of("127.0.0.1:8000", "iris", row.as_object().unwrap()).unwrap().curl;
        let expected = r#"curl -X POST http://127.0.0.1:8000/predict/iris -H 'Content-Type: application/json' -d '{"age":3,"name":"it'\''s"}'"#;
        assert_eq!(curl, expected);
        assert!(Asked::of("a", "../x", row.as_object().unwrap()).is_err());
    }

    #[test]
    fn a_picture_is_sent_as_a_file_of_a_form() {
        let curl = |path: &str| Asked::picture("127.0.0.1:8000", "shapes", Path::new(path)).unwrap().curl;
        assert_eq!(curl("/tmp/a.png"), "curl -F file=@/tmp/a.png http://127.0.0.1:8000/predict/shapes");
        assert_eq!(curl("/tmp/a b.png"), "curl -F 'file=@/tmp/a b.png' http://127.0.0.1:8000/predict/shapes");
        assert_eq!(curl("/a;b.png"), "curl -F 'file=@\"/a;b.png\"' http://127.0.0.1:8000/predict/shapes");
        let media = |name: &str| media_of(Path::new(name));
        assert_eq!(
            [media("A.PNG"), media("b.jpeg"), media("c")],
            ["image/png", "image/jpeg", "application/octet-stream"]
        );
        assert!(Asked::picture("a", "../x", Path::new("a.png")).is_err());
    }
}
