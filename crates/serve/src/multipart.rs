//! `multipart/form-data` (RFC 7578) of a body that is in memory already.

use crate::error::ApiError;
use axum::http::StatusCode;

/// Longest boundary (RFC 2046, section 5.1.1).
const BOUNDARY: usize = 70;

/// Most bytes of a part's headers.
const HEADERS: usize = 8 << 10;

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    /// The field's name.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) body: &'a [u8],
}

fn broken(message: &str) -> ApiError {
    ApiError::bad("malformed_form", format!("the form cannot be read: {message}"))
}

/// The parts of a form, in order; `content_type` names the boundary between them.
///
/// Errors: 400 for a form that is none, or that ends early; 413 for more than `most` parts.
pub(crate) fn parts<'a>(content_type: &str, body: &'a [u8], most: usize) -> Result<Vec<Part<'a>>, ApiError> {
    let boundary = parameter(content_type, "boundary").filter(|b| (1..=BOUNDARY).contains(&b.len()));
    let boundary = boundary.ok_or_else(|| broken("its media type has no `boundary` of 1 to 70 characters"))?;
    let first = format!("--{boundary}").into_bytes();
    let between = format!("\r\n--{boundary}").into_bytes();
    // What stands before the first boundary is for people.
    let mut rest = match body.strip_prefix(first.as_slice()) {
        Some(rest) => rest,
        None => split_at(body, &between).ok_or_else(|| broken("its boundary is nowhere in the body"))?.1,
    };
    let mut out = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(out);
        }
        if out.len() == most {
            let message = format!("the form has more than the {most} parts that one request may have");
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_pictures", message));
        }
        // Spaces may follow a boundary. The line's own end stays: it is all that there is before a part without headers.
        let blank = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let part = rest.get(blank..).filter(|part| part.starts_with(b"\r\n"));
        let part = part.ok_or_else(|| broken("a boundary is not at the end of its line"))?;
        let (head, part) = split_at(part, b"\r\n\r\n").ok_or_else(|| broken("the headers of a part do not end"))?;
        let (body, next) = split_at(part, &between).ok_or_else(|| broken("it ends within a part"))?;
        out.push(Part { name: name(head)?, body });
        rest = next;
    }
}

/// What stands before and behind the first `separator`, which begins with a carriage return.
fn split_at<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((bytes.get(..at)?, bytes.get(at + separator.len()..)?))
}

/// The name of the field in the headers of a part.
fn name(head: &[u8]) -> Result<String, ApiError> {
    if head.len() > HEADERS {
        return Err(broken("the headers of a part are too long"));
    }
    let text = String::from_utf8_lossy(head);
    let disposition = text.split("\r\n").find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let disposition = disposition.ok_or_else(|| broken("a part has no `Content-Disposition`"))?;
    parameter(disposition, "name").ok_or_else(|| broken("a part has no name"))
}

/// The parameter `wanted` of a header such as `form-data; name="a"; filename="b;c.png"`, its case kept.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (key, value) = rest.split_once('=')?;
        let (text, after) = value_of(value.trim_start());
        if key.trim().eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        rest = after.split_once(';')?.1;
    }
}

/// A value, quoted or not, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        let (value, after) = text.split_at(end);
        return (value.trim_end().to_owned(), after);
    };
    let mut out = String::new();
    let mut chars = quoted.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return (out, quoted.get(i + 1..).unwrap_or_default()),
            // A backslash hides a quote; any other, as in a Windows path, is itself.
            '\\' if quoted.get(i + 1..).is_some_and(|after| after.starts_with('"')) => {
                chars.next();
                out.push('"');
            }
            c => out.push(c),
        }
    }
    (out, "")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    const MEDIA: &str = "multipart/form-data; charset=utf-8; boundary=\"aB c\"";

    fn read(body: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ApiError> {
        parts(MEDIA, body, 3).map(|parts| parts.into_iter().map(|p| (p.name, p.body.to_vec())).collect())
    }

    #[test]
    fn a_form_of_a_browser_and_of_curl_is_read() {
        let body = b"--aB c\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b=\\\"c.png\"\r\nContent-Type: image/png\r\n\r\n\
                     \x89PNG\r\n--aB\r\n\r\n--aB c \t\r\ncontent-disposition: form-data; filename=x; name=image\r\n\r\n\r\n--aB c--\r\nfor people";
        let found = read(body).unwrap();
        assert_eq!(found, [("file".into(), b"\x89PNG\r\n--aB\r\n".to_vec()), ("image".into(), Vec::new())]);
        let preamble = [b"hello\r\n".as_slice(), body].concat();
        assert_eq!(read(&preamble).unwrap(), found);
    }

    #[test]
    fn a_form_that_is_none_says_why() {
        let part = "--aB c\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n";
        for (body, said) in [
            ("".to_owned(), "nowhere"),
            ("{}".into(), "nowhere"),
            ("--ab c--".into(), "nowhere"),
            ("--aB cX".into(), "end of its line"),
            ("--aB c\r\nContent-Disposition: form-data; name=\"file\"".into(), "do not end"),
            (part.trim_end().to_owned(), "within a part"),
            ("--aB c\r\n\r\nx\r\n--aB c--".into(), "no `Content-Disposition`"),
            ("--aB c\r\nContent-Disposition: form-data\r\n\r\nx\r\n--aB c--".into(), "no name"),
            (format!("--aB c\r\n{}: form-data\r\n\r\nx\r\n--aB c--", "x".repeat(HEADERS)), "too long"),
        ] {
            let error = read(body.as_bytes()).unwrap_err();
            assert_eq!(error.status, StatusCode::BAD_REQUEST, "{body}");
            assert!(error.message.contains(said), "{body:?}: {}", error.message);
        }
        let four = part.repeat(4) + "--aB c--";
        assert_eq!(read(four.as_bytes()).unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
        let three = part.repeat(3) + "--aB c--";
        assert_eq!(read(three.as_bytes()).unwrap().len(), 3);
    }

    #[test]
    fn a_boundary_is_asked_for() {
        let long = format!("multipart/form-data; boundary={}", "x".repeat(BOUNDARY + 1));
        for media in
            ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"", &long]
        {
            assert!(parts(media, b"--x--", 3).unwrap_err().message.contains("boundary"), "{media}");
        }
    }

    proptest! {
        #[test]
        fn what_is_put_into_a_form_comes_out(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4)) {
            prop_assume!(!bodies.iter().any(|b| b.windows(6).any(|w| w == b"--aB c")));
            let mut form = Vec::new();
            for body in &bodies {
                form.extend(b"--aB c\r\nContent-Disposition: form-data; name=file\r\n\r\n");
                form.extend(body);
                form.extend(b"\r\n");
            }
            form.extend(b"--aB c--");
            let found = read(&form).unwrap();
            prop_assert_eq!(found.into_iter().map(|(_, body)| body).collect::<Vec<_>>(), bodies);
        }

        #[test]
        fn any_bytes_are_a_form_or_a_refusal(body in prop::collection::vec(prop::sample::select(&b"--aB c\r\n:;=\"name"[..]), 0..80)) {
            if let Err(error) = read(&[b"--aB c".as_slice(), &body].concat()) {
                prop_assert!(error.status.is_client_error());
            }
        }
    }
}
