//! The description of the endpoints as it is published: a change of the interface shows here.

#[test]
fn the_description_is_the_kept_one() {
    let text = serde_json::to_string_pretty(&driftgate_serve::openapi()).expect("it has a JSON form");
    insta::assert_snapshot!("openapi", text);
}
