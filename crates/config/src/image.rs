//! The `image` block of `preprocessing_*.yaml`.

use crate::check::Findings;
use crate::shape::{End, Field, LARGEST, Map, Need, Shape, field, flag, idle, int, number, section, word};
use crate::yaml::Node;
use serde_json::{Value as Json, json};

/// Height and width where nothing is said.
const DEFAULT_SIZE: [u64; 2] = [64, 64];

const fn jitter(key: &'static str, about: &'static str) -> Field {
    number(key, End::With(0.0), End::With(1.0), 0.0, about)
}

static AUGMENTATION: Map = Map {
    about: "Random changes of the train split's pictures, drawn anew for each picture and epoch",
    fields: &[
        flag("enabled", false, "Whether there are any"),
        int(
            "random_crop_padding",
            0,
            1024,
            0,
            "Pad by reflection with so many pixels on each side, then crop the former size at random",
        ),
        flag("horizontal_flip", false, "Mirror left and right, every second time"),
        jitter("brightness_jitter", "Factor drawn from 1 minus this to 1 plus this"),
        jitter("contrast_jitter", "Factor around the picture's mean, drawn from 1 minus this to 1 plus this"),
        jitter("saturation_jitter", "Factor around the picture's own grey, drawn from 1 minus this to 1 plus this"),
        int(
            "rotation_degrees",
            0,
            LARGEST,
            0,
            "Any number above 0 means a turn by 0, 90, 180 or 270 degrees; square tiles only",
        ),
        field(
            "augmentation_factor",
            Shape::Int { min: 1, max: LARGEST },
            Need::Optional,
            "Accepted without effect: pictures are changed anew in each epoch, so there are no copies",
        ),
    ],
};

pub(crate) static IMAGE: Map = Map {
    about: "How pictures become tiles of one size",
    fields: &[
        field(
            "target_size",
            Shape::List { of: &Shape::Int { min: 8, max: 1024 }, empty: None, unique: false },
            Need::Optional,
            "Height, then width, in pixels; by default [64, 64]",
        ),
        word("color_mode", &["rgb", "grayscale"], "rgb", "Three channels, or one: 0.299 R + 0.587 G + 0.114 B"),
        flag(
            "normalize",
            true,
            "Subtract the train split's mean and divide by its standard deviation, channel by channel; otherwise values are in [0, 1]",
        ),
        flag("flatten", false, "Only false: a convolutional network takes pictures"),
        flag("raw_input", false, "Only false: raw pictures are not read yet"),
        idle("isp", "Settings of raw pictures, which are not read yet"),
        section("augmentation", &AUGMENTATION, "Random changes of the train split's pictures"),
    ],
};

/// The block beyond its table.
struct Block<'b, 'f> {
    node: &'b Node,
    json: &'b Json,
    findings: &'b mut Findings<'f>,
    key: &'b str,
}

impl Block<'_, '_> {
    fn error(&mut self, path: &[&str], message: &str, suggestion: &str) {
        let place = self.node.at(path).map_or(self.node.mark, |n| n.mark);
        self.findings.error(Some(place), &format!("{}.{}", self.key, path.join(".")), message, suggestion);
    }

    /// Height and width; the default where they are wrong.
    fn size(&mut self) -> [u64; 2] {
        let Some(sides) = self.json["target_size"].as_array() else { return DEFAULT_SIZE };
        match sides.as_slice() {
            [height, width] => [height, width].map(|side| side.as_u64().unwrap_or(DEFAULT_SIZE[0])),
            others => {
                let message = format!("expects two numbers, height then width, found {}", others.len());
                self.error(&["target_size"], &message, "write for example `target_size: [64, 64]`");
                DEFAULT_SIZE
            }
        }
    }

    /// What the reference does with pictures and this version does not.
    fn unread(&mut self) {
        if self.json["flatten"] == true {
            let message = "a convolutional network takes pictures, not rows of numbers";
            self.error(&["flatten"], message, "remove the line, or set it to false");
        }
        if self.json["raw_input"] == true {
            let suggestion = "use developed pictures (png, jpg, tif and others), and set it to false";
            self.error(&["raw_input"], "raw pictures are not read yet", suggestion);
        }
    }

    /// Changes that cannot be made, and those that say nothing.
    fn augmentation(&mut self, [height, width]: [u64; 2]) {
        let a = &self.json["augmentation"];
        if a["augmentation_factor"].as_u64().is_some_and(|factor| factor > 1) {
            let message = "without effect: pictures are changed anew in each epoch, so there are no copies";
            self.note("augmentation_factor", message);
        }
        if a["enabled"] != true {
            self.without_effect();
            return;
        }
        if a["rotation_degrees"].as_u64().is_some_and(|degrees| degrees > 0) {
            let path = ["augmentation", "rotation_degrees"];
            if height == width {
                self.note(path[1], "any number above 0 means a turn by 0, 90, 180 or 270 degrees");
            } else {
                let message = format!("only a square can be turned, and `target_size` is [{height}, {width}]");
                self.error(&path, &message, "set it to 0, or make `target_size` a square");
            }
        }
        let side = height.min(width);
        if let Some(padding) = a["random_crop_padding"].as_u64().filter(|padding| *padding >= side) {
            let message = format!("{padding} pixels cannot be reflected from a side of {side}");
            let path = ["augmentation", "random_crop_padding"];
            self.error(&path, &message, &format!("write at most {}", side - 1));
        }
        if self.json["color_mode"] == "grayscale" && a["saturation_jitter"].as_f64().is_some_and(|j| j > 0.0) {
            self.note("saturation_jitter", "without effect: grey pictures have no saturation");
        }
    }

    /// Changes that were written and are switched off.
    fn without_effect(&mut self) {
        for entry in self.node.at(&["augmentation"]).map(Node::entries).unwrap_or_default() {
            let value = &self.json["augmentation"][entry.key.as_str()];
            let says = *value == true || value.as_f64().is_some_and(|n| n > 0.0);
            if says && entry.key != "augmentation_factor" {
                self.findings.idle(entry.mark, &format!("{}.augmentation.{}", self.key, entry.key));
            }
        }
    }

    fn note(&mut self, name: &str, message: &str) {
        let place = self.node.at(&["augmentation", name]).map(|n| n.mark);
        self.findings.note(place, &format!("{}.augmentation.{name}", self.key), message, None);
    }
}

/// The resolved block; `node` and `json` are the block itself, `key` its dotted path.
pub(crate) fn image(node: &Node, json: &Json, findings: &mut Findings<'_>, key: &str) -> Json {
    let mut block = Block { node, json, findings, key };
    let size = block.size();
    block.unread();
    block.augmentation(size);
    let a = &json["augmentation"];
    json!({
        "target_size": size,
        "color_mode": json["color_mode"],
        "normalize": json["normalize"],
        "augmentation": {
            "enabled": a["enabled"],
            "random_crop_padding": a["random_crop_padding"],
            "horizontal_flip": a["horizontal_flip"],
            "brightness_jitter": a["brightness_jitter"],
            "contrast_jitter": a["contrast_jitter"],
            "saturation_jitter": a["saturation_jitter"],
            "quarter_turns": a["rotation_degrees"].as_u64().is_some_and(|degrees| degrees > 0),
        },
    })
}
