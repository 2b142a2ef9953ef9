//! What `dataset.yaml` says of a folder of pictures.

use crate::dataset::{Contract, names};
use crate::shape::{LARGEST, Map, Need, Shape, field, int, word};
use crate::suggest::{cut, list};
use crate::yaml::Node;
use driftgate_model::ImageSetSpec;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

pub(crate) static IMAGES: Map = Map {
    about: "Which files are pictures, and how many there must be",
    fields: &[
        field(
            "expected_formats",
            Shape::List { of: &Shape::Text, empty: Some("the list is empty"), unique: false },
            Need::Optional,
            "File name endings with their dot; by default .bmp, .gif, .jpeg, .jpg, .png, .tif and .tiff",
        ),
        int("min_images_per_class", 1, LARGEST, 1, "Fewest pictures of each class"),
        word(
            "bad_images",
            &["fail", "skip"],
            "fail",
            "Refuse the data set when a file cannot be used, or leave such files out with a warning",
        ),
    ],
};

impl Contract<'_, '_> {
    /// Pictures have no columns of their own.
    pub(crate) fn no_columns(&mut self) {
        let none = "pictures have no columns";
        if !names(&self.json["features"]).is_empty() {
            self.error(&["features"], none, "write `features: []`, or remove the lines");
        }
        for key in ["schema", "format"] {
            let entry = self.node.entry(key).filter(|e| !e.node.entries().is_empty());
            if let Some(entry) = entry {
                self.findings.idle(entry.mark, key);
            }
        }
        if self.json["constraints"]["columns"].as_object().is_some_and(|columns| !columns.is_empty()) {
            self.error(&["constraints", "columns"], none, "remove the lines");
        }
        for column in ["group_column", "time_column", "key_column"] {
            if self.json["split"][column].is_string() {
                self.error(&["split", column], none, "remove the line");
            }
        }
    }
}

/// The resolved block about pictures.
pub(crate) fn images(contract: &mut Contract<'_, '_>) -> Json {
    let json = contract.json;
    let known = ImageSetSpec::default();
    let block = &json["image_properties"];
    let mut endings = BTreeSet::new();
    for (index, written) in names(&block["expected_formats"]).into_iter().enumerate() {
        let ending = written.to_lowercase();
        let readable = known.expected_formats.contains(&ending);
        if !readable {
            let place = contract.node.at(&["image_properties", "expected_formats"]);
            let place = place.map(Node::items).and_then(|items| items.get(index)).map(|n| n.mark);
            let dotted = format!(".{ending}");
            let (message, suggestion) = if known.expected_formats.contains(&dotted) {
                (format!("`{}` has no dot", cut(written)), format!("write \"{dotted}\""))
            } else if ending.trim_start_matches('.') == "dng" {
                ("raw pictures are not read yet".into(), "use developed pictures, such as \".png\"".into())
            } else {
                let all: Vec<&str> = known.expected_formats.iter().map(String::as_str).collect();
                let message = format!("files that end with `{}` are not read as pictures", cut(written));
                (message, format!("remove it, or choose from {}", list(&all)))
            };
            let key = format!("image_properties.expected_formats[{index}]");
            contract.findings.error(place, &key, &message, suggestion);
        }
        endings.insert(ending);
    }
    let given = block.is_object();
    json!({
        "expected_formats": if endings.is_empty() { json!(known.expected_formats) } else { json!(endings) },
        "min_images_per_class": if given { block["min_images_per_class"].clone() } else { json!(known.min_images_per_class) },
        "bad_images": if given { block["bad_images"].clone() } else { json!(known.bad_images) },
    })
}
