//! The convolutional network of `training_*.yaml`: layers, hyper-parameters and fine-tuning.

use crate::check::Findings;
use crate::shape::{End, Literal, Map, Need, Shape, field, flag, idle, int, number, section, word};
use crate::training::CLASS_WEIGHT;
use crate::yaml::Node;
use serde_json::{Value as Json, json};

/// Most weights of the dense layer: 1 GiB of 32-bit numbers, which training needs four times.
const MOST_WEIGHTS: u64 = 1 << 28;

static CONV_LAYER: Map = Map {
    about: "A convolution, followed by batch normalisation, ReLU and a maximum over 2 x 2 pixels, which halves each side",
    fields: &[
        field("out_channels", Shape::Int { min: 1, max: 4096 }, Need::Required, "Channels out"),
        field("kernel_size", Shape::Int { min: 1, max: 31 }, Need::Required, "Side of the kernel in pixels, odd"),
    ],
};

static ARCHITECTURE: Map = Map {
    about: "The layers: convolutions, then a dense layer, ReLU, dropout and a dense layer to the classes",
    fields: &[
        field(
            "conv_layers",
            Shape::List {
                of: &Shape::Map(&CONV_LAYER),
                empty: Some("a convolutional network needs a convolution"),
                unique: false,
            },
            Need::Required,
            "The convolutions, in order",
        ),
        field("fc_units", Shape::Int { min: 1, max: 65_536 }, Need::Required, "Width of the dense layer"),
        field(
            "dropout",
            Shape::Number { low: End::With(0.0), high: End::Without(1.0) },
            Need::Required,
            "Share of the dense layer's outputs set to 0 while training",
        ),
    ],
};

static HYPERPARAMETERS: Map = Map {
    about: "How the network is trained",
    fields: &[
        int("epochs", 1, 100_000, 10, "Passes over the train split"),
        int("batch_size", 1, 65_536, 32, "Pictures in a step"),
        number("learning_rate", End::Without(0.0), End::With(1.0), 0.001, "Adam's step"),
        number("weight_decay", End::With(0.0), End::With(1.0), 0.0, "Decoupled weight decay (AdamW); 0 is Adam"),
        word(
            "schedule",
            &["constant", "cosine"],
            "constant",
            "Keep the learning rate, or let it fall to 0 along half a cosine, step by step",
        ),
        field(
            "early_stopping_patience",
            Shape::Int { min: 1, max: 100_000 },
            Need::Optional,
            "Stop after so many epochs without a better validation loss; null runs them all",
        ),
        field(
            "gradient_clip",
            Shape::Number { low: End::Without(0.0), high: End::Open },
            Need::Optional,
            "Largest norm of the gradient; null does not clip",
        ),
        CLASS_WEIGHT,
        field(
            "architecture",
            Shape::Map(&ARCHITECTURE),
            Need::Optional,
            "The layers, where `model` does not have them",
        ),
    ],
};

pub(crate) static CNN_MODEL: Map = Map {
    about: "A convolutional network, for pictures",
    fields: &[
        field("architecture", Shape::Map(&ARCHITECTURE), Need::Optional, "The layers; required here or below"),
        section("hyperparameters", &HYPERPARAMETERS, "Its hyper-parameters"),
    ],
};

pub(crate) static FINE_TUNE: Map = Map {
    about: "How `--fine-tune` continues from the version in Production; for pictures alone",
    fields: &[
        idle("enabled", "`--fine-tune` says so"),
        int("epochs", 1, 100_000, 5, "Passes over the train split"),
        number("learning_rate", End::Without(0.0), End::With(1.0), 1e-4, "Adam's step"),
        flag("freeze_backbone", false, "Train the last layer alone"),
        field(
            "oversample_drift_ratio",
            Shape::Number { low: End::Without(0.0), high: End::Without(1.0) },
            Need::Optional,
            "Share of drifted pictures in what a step draws, with replacement; null draws every picture once",
        ),
        flag(
            "use_drift_val_for_best_epoch",
            false,
            "Choose the best epoch on drifted train pictures held out of training, rather than on the validation split",
        ),
        field(
            "drift_val_ratio",
            Shape::Number { low: End::Without(0.0), high: End::Without(1.0) },
            Need::Default(Literal::Number(0.15)),
            "The share of the drifted train pictures that is held out then",
        ),
    ],
};

/// The layers, from either of the two places where they may stand, and where that is.
fn architecture<'m>(
    node: &'m Node,
    model: &'m Json,
    findings: &mut Findings<'_>,
    key: &str,
) -> Option<(Vec<&'static str>, &'m Json)> {
    let above = vec!["model", "architecture"];
    let below = vec!["model", "hyperparameters", "architecture"];
    match (&model["architecture"], &model["hyperparameters"]["architecture"]) {
        (Json::Null, Json::Null) => {
            // A wrong value was told already.
            if node.at(&above).or_else(|| node.at(&below)).is_none_or(Node::is_null) {
                let message = "`architecture` is missing: a network has no default layers";
                let suggestion = "add `architecture:` with `conv_layers`, `fc_units` and `dropout`";
                findings.error(node.at(&["model"]).map(|n| n.mark), &format!("{key}model"), message, suggestion);
            }
            None
        }
        (Json::Null, layers) => Some((below, layers)),
        (layers, Json::Null) => Some((above, layers)),
        (layers, _) => {
            let place = node.at(&below).map(|n| n.mark);
            let message = "the layers are given twice: `model.architecture` has them too";
            findings.error(place, &format!("{key}{}", below.join(".")), message, "keep one of the two");
            Some((above, layers))
        }
    }
}

/// Kernels without a middle, and layers that a tile has no pixels or the machine no memory for.
fn layers(node: &Node, path: &[&str], layers: &Json, tile: Option<[u64; 2]>, findings: &mut Findings<'_>, key: &str) {
    let at = format!("{key}{}", path.join("."));
    let list = node.at(path).and_then(|n| n.at(&["conv_layers"]));
    let convolutions = layers["conv_layers"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, layer) in convolutions.iter().enumerate() {
        if let Some(side) = layer["kernel_size"].as_u64().filter(|side| side.is_multiple_of(2)) {
            let place = list.and_then(|n| n.items().get(index)).and_then(|n| n.at(&["kernel_size"])).map(|n| n.mark);
            let message = format!("expects an odd number, found {side}: a kernel has a pixel in its middle");
            let suggestion = format!("write {} or {}", side - 1, side + 1);
            findings.error(place, &format!("{at}.conv_layers[{index}].kernel_size"), &message, suggestion);
        }
    }
    let Some([height, width]) = tile else { return };
    let (depth, side) = (convolutions.len(), height.min(width));
    let place = list.map(|n| n.mark);
    if depth > side.ilog2() as usize {
        let message = format!(
            "{depth} convolutions halve each side {depth} times, and `image.target_size` has a side of {side} pixels"
        );
        let suggestion = format!("use at most {} convolutions, or larger tiles", side.ilog2());
        findings.error(place, &format!("{at}.conv_layers"), &message, suggestion);
        return;
    }
    let last = convolutions.last().and_then(|layer| layer["out_channels"].as_u64());
    if let (Some(channels), Some(units)) = (last, layers["fc_units"].as_u64()) {
        let weights = channels * (height >> depth) * (width >> depth) * units;
        if weights > MOST_WEIGHTS {
            let message = format!(
                "the dense layer would have {weights} weights: {channels} channels of {} x {} pixels, times {units}",
                height >> depth,
                width >> depth
            );
            let suggestion =
                format!("at most {MOST_WEIGHTS}: add convolutions, or make `fc_units` or the tiles smaller");
            findings.error(place, &format!("{at}.conv_layers"), &message, suggestion);
        }
    }
}

/// What `--fine-tune` does, in the resolved config's own words.
fn fine_tune(node: &Node, given: &Json, findings: &mut Findings<'_>, key: &str) -> Json {
    let holds_out = given["use_drift_val_for_best_epoch"] == true;
    let ratio = node.at(&["fine_tune", "drift_val_ratio"]);
    if let Some(ratio) = ratio.filter(|_| !holds_out) {
        findings.idle(ratio.mark, &format!("{key}fine_tune.drift_val_ratio"));
    }
    json!({
        "epochs": given["epochs"],
        "learning_rate": given["learning_rate"],
        "freeze_backbone": given["freeze_backbone"],
        "oversample_drift_ratio": given["oversample_drift_ratio"],
        "drift_val_ratio": if holds_out { given["drift_val_ratio"].clone() } else { Json::Null },
    })
}

/// The resolved hyper-parameters of a checked training mapping, but for the algorithm's name. `tile` is height and width of
/// what the network sees, where known; `key` is empty or ends with a dot.
pub(crate) fn cnn(node: &Node, json: &Json, tile: Option<[u64; 2]>, findings: &mut Findings<'_>, key: &str) -> Json {
    let mut whole = json["model"]["hyperparameters"].clone();
    if let Some((path, found)) = architecture(node, &json["model"], findings, key) {
        layers(node, &path, found, tile, findings, key);
        whole["architecture"] = found.clone();
    }
    whole["fine_tune"] = fine_tune(node, &json["fine_tune"], findings, key);
    whole
}
