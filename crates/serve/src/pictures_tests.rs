//! What callers send as pictures, and what is no such thing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use serde_json::json;

const SHAPE: TileShape = TileShape { height: 1, width: 2, channels: 1 };

fn fault(value: Value) -> (u16, &'static str, String) {
    let error = of_json(value).unwrap_err();
    (error.status.as_u16(), error.code, error.message)
}

#[test]
fn base64_is_read_in_every_usual_form() {
    let bytes = [0xfb_u8, 0xff, 0xfe, 0x01];
    for text in ["+//+AQ==", "+//+AQ", "-__-AQ==", "-__-AQ", "+//+\r\nAQ==\n", "data:image/png;base64,+//+AQ=="] {
        assert_eq!(from_base64(text, 1).unwrap(), bytes, "{text}");
    }
    for (text, said) in [
        ("+/_", "picture 3 is not base64"),
        ("nöt", "picture 3 is not base64"),
        ("data:image/png,abc", "picture 3 is a `data:` address without `;base64,`"),
        ("data:", "picture 3 is a `data:` address without `;base64,`"),
        ("https://example.org/cat.png", "picture 3 is an address"),
    ] {
        let fault = from_base64(text, 3).unwrap_err();
        assert_eq!((fault.code, fault.field.as_deref()), ("bad_picture", Some("image")), "{text}");
        assert!(fault.message.starts_with(said), "{text}: {}", fault.message);
    }
}

#[test]
fn json_holds_one_picture_or_a_list() {
    let given = |value: Value| of_json(value).unwrap();
    let one = GivenPictures { files: vec![b"abc".to_vec()], one: true };
    assert_eq!(given(json!({"image": "YWJj"})), one);
    assert_eq!(given(json!({"image": {"b64": "YWJj"}})), one);
    let list = GivenPictures { one: false, ..one };
    assert_eq!(given(json!({"images": ["YWJj"]})), list);
    assert_eq!(given(json!([{"image": "YWJj"}])), list);
    assert_eq!(given(json!({"images": []})).files.len(), 0);
}

#[test]
fn json_that_holds_no_picture_is_named() {
    for (value, code, said) in [
        (json!({}), "missing_field", "`image` is not given"),
        (json!({"sepal_length": 5.1}), "unknown_field", "`sepal_length`"),
        (json!({"image": "YWJj", "more": 1}), "unknown_field", "`more`"),
        (json!({"image": "YWJj", "images": []}), "unknown_field", "`image`"),
        (json!({"image": 7}), "wrong_type", "picture 1 is a number"),
        (json!({"image": null}), "wrong_type", "picture 1 is nothing"),
        (json!({"images": "YWJj"}), "wrong_shape", "`images` is not a list"),
        (json!({"images": ["YWJj", [1, 2]]}), "wrong_type", "picture 2 is a list"),
        (json!([{"image": "YWJj"}, {}]), "missing_field", "entry 2"),
        (json!([7]), "wrong_shape", "entry 1"),
        (json!("YWJj"), "wrong_shape", "neither"),
    ] {
        let (status, found, message) = fault(value.clone());
        assert_eq!((status, found), (422, code), "{value}: {message}");
        assert!(message.contains(said), "{value}: {message}");
    }
}

#[test]
fn more_pictures_than_a_request_may_have_are_refused_before_they_are_decoded() {
    let texts = vec![json!("not base64"); MOST + 1];
    assert_eq!(fault(json!({"images": texts})).0, 413);
    let entries = vec![json!({"image": "not base64"}); MOST + 1];
    assert_eq!(fault(json!(entries)).0, 413);
    assert!(few_enough(MOST).is_ok());
}

#[test]
fn a_form_holds_files_alone() {
    let media = "multipart/form-data; boundary=x";
    let form = |names: &[&str]| {
        let part = |name: &&str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nabc\r\n");
        names.iter().map(part).collect::<String>() + "--x--\r\n"
    };
    let given = of_form(media, form(&["file"]).as_bytes()).unwrap();
    assert_eq!(given, GivenPictures { files: vec![b"abc".to_vec()], one: true });
    let given = of_form(media, form(&["files", "files", "image"]).as_bytes()).unwrap();
    assert_eq!((given.files.len(), given.one), (3, false));
    let refused = of_form(media, form(&["file", "label"]).as_bytes()).unwrap_err();
    assert_eq!((refused.code, refused.field.as_deref()), ("unknown_field", Some("label")));
    assert_eq!(of_form(media, b"--x--\r\n").unwrap_err().code, "no_rows");
}

#[test]
fn the_log_keeps_digests() {
    let texts = |pictures: Pictures| {
        let frame = pictures.logged(SHAPE).unwrap();
        let column = frame.column("picture").unwrap();
        (0..frame.rows()).map(|row| column.text(row).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let digest = |bytes: &[u8]| Digest::of(bytes).to_string();
    assert_eq!(texts(Pictures::Files(vec![b"abc".to_vec(), b"abc".to_vec()])), [digest(b"abc"), digest(b"abc")]);
    assert_eq!(texts(Pictures::Tiles(vec![1, 2, 3, 4])), [digest(&[1, 2]), digest(&[3, 4])]);
}
