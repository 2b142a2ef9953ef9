//! The pages for people, which need nothing but this server, and the metrics.

use crate::error::ApiError;
use crate::metrics::Now;
use crate::predict::{features, kind};
use crate::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use driftgate_engine::{InputColumn, InputKind, ServedVersion};
use driftgate_model::TileShape;
use std::fmt::Write as _;
use std::sync::Arc;

const STYLE: &str = include_str!("pages/style.css");
const HOME: &str = include_str!("pages/home.html");
const HOME_SCRIPT: &str = include_str!("pages/home.js");
const DOCS: &str = include_str!("pages/docs.html");
const DOCS_SCRIPT: &str = include_str!("pages/docs.js");

/// A page with a form for each model.
pub(crate) async fn home(State(app): State<Arc<App>>) -> Result<Response<Body>, ApiError> {
    let snapshot = app.snapshot();
    let mut forms = String::new();
    for served in snapshot.models.values() {
        forms += &form(served);
    }
    for name in &snapshot.failed {
        forms += &format!("<p class=\"problem\">{}: its version in Production does not load</p>\n", escaped(name));
    }
    if forms.is_empty() {
        forms = "<p>No model is in Production yet. Approve a run, and it appears here.</p>".into();
    }
    page(HOME, &[("{{forms}}", &forms)], HOME_SCRIPT)
}

/// A page that shows what `/openapi.json` says.
pub(crate) async fn docs() -> Result<Response<Body>, ApiError> {
    page(DOCS, &[], DOCS_SCRIPT)
}

/// Counters for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "observability", responses(
    (status = 200, description = "Counters and histograms", body = String, content_type = "text/plain"),
))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response<Body> {
    let snapshot = app.snapshot();
    let text = app.metrics.text(&Now { snapshot: &snapshot, confirmed: app.confirmed() });
    let mut response = Response::new(Body::from(text));
    let media = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, media);
    response
}

fn page(template: &str, parts: &[(&str, &str)], script: &str) -> Result<Response<Body>, ApiError> {
    let mut text = template.replace("{{style}}", STYLE).replace("{{script}}", script);
    for (name, part) in parts {
        text = text.replace(name, part);
    }
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src blob:; \
                  base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    headers.insert(HeaderName::from_static("content-security-policy"), HeaderValue::from_static(policy));
    Ok(response)
}

fn form(served: &ServedVersion) -> String {
    let name = escaped(served.model.as_str());
    let mut out = format!(
        "<form data-model=\"{name}\">\n<h2>{name} <small>version {}, {}, answers {}</small></h2>\n<div class=\"fields\">\n",
        served.version,
        escaped(served.algorithm()),
        escaped(served.target())
    );
    if let Some(image) = served.image() {
        out += &picture_field(image.shape());
    }
    for input in features(served) {
        out += &field(input, served.takes_missing());
    }
    out += "</div>\n<button>Predict</button>\n<output aria-live=\"polite\"></output>\n</form>\n";
    out
}

/// A file to choose, what it looks like, and the same from a terminal; the script writes the address.
fn picture_field(shape: TileShape) -> String {
    let TileShape { height, width, channels } = shape;
    let colours = if channels == 1 { "grey" } else { "colour" };
    format!(
        "<label>Picture, brought to {height} × {width} pixels in {colours}\
         <input name=\"file\" type=\"file\" accept=\"image/bmp,image/gif,image/jpeg,image/png,image/tiff\" required></label>\n\
         <img alt=\"The chosen picture\" hidden>\n<p><small>From a terminal: <code data-curl></code></small></p>\n"
    )
}

fn field(input: &InputColumn, nullable: bool) -> String {
    let name = escaped(&input.name);
    let required = if nullable { "" } else { " required" };
    let kind = kind(input);
    let mut out = format!("<label>{name}");
    // Writing to a string cannot fail.
    let _ = match kind {
        "boolean" => write!(
            out,
            "<select name=\"{name}\" data-kind=\"boolean\"{required}><option value=\"\"></option><option>true</option><option>false</option></select>"
        ),
        "text" => {
            let options: String = input.categories.iter().map(|c| format!("<option>{}</option>", escaped(c))).collect();
            write!(
                out,
                "<select name=\"{name}\" data-kind=\"text\"{required}><option value=\"\"></option>{options}</select>"
            )
        }
        _ => {
            let hint = match (input.min, input.max, input.kind) {
                (Some(min), Some(max), InputKind::Numeric) => format!("{min} to {max}"),
                _ => "a number".into(),
            };
            write!(
                out,
                "<input name=\"{name}\" data-kind=\"number\" type=\"number\" step=\"any\" placeholder=\"{hint}\"{required}>"
            )
        }
    };
    out += "</label>\n";
    out
}

/// A text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '{' => out += "&#123;",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_a_text() {
        assert_eq!(escaped("<b a=\"'&{{"), "&lt;b a=&quot;&#39;&amp;&#123;&#123;");
    }

    #[test]
    fn a_picture_is_chosen_as_a_file() {
        let field = picture_field(TileShape { height: 16, width: 24, channels: 1 });
        assert!(field.contains("16 × 24 pixels in grey") && field.contains("type=\"file\""), "{field}");
        assert!(HOME_SCRIPT.contains("[type=file]") && HOME_SCRIPT.contains("[data-curl]"));
    }

    #[test]
    fn the_pages_name_no_other_server() {
        for text in [STYLE, HOME, HOME_SCRIPT, DOCS, DOCS_SCRIPT] {
            assert!(!text.contains("://"), "{text}");
            assert!(!text.contains("innerHTML"), "{text}");
        }
    }
}
