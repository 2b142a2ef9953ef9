//! `deployment.yaml`.

use crate::check::{Findings, typed};
use crate::shape::{Literal, Map, Need, Shape, field, idle, int, section};
use crate::yaml::Node;
use driftgate_model::config::DeploymentConfig;
use serde_json::Value as Json;

static SERVER: Map = Map {
    about: "The prediction server",
    fields: &[
        field(
            "host",
            Shape::Text,
            Need::Default(Literal::Text("127.0.0.1")),
            "Address to bind; 127.0.0.1 is this machine alone, 0.0.0.0 every network it is in",
        ),
        int("port", 1, 65_535, 8000, "Port"),
        idle("log_level", "The command line chooses what is logged"),
    ],
};

pub(crate) static DEPLOYMENT: Map = Map {
    about: "How the server offers the model",
    fields: &[
        section("server", &SERVER, "The prediction server"),
        idle("model", "The server always serves the version in Production"),
        idle("healthcheck", "The health answer always names the model"),
        idle("reload", "The server notices an approval or a rollback by itself"),
    ],
};

/// The typed config of a checked deployment mapping; `key` is empty or ends with a dot.
pub(crate) fn deployment(
    node: Option<&Node>,
    mut json: Json,
    findings: &mut Findings<'_>,
    key: &str,
) -> Option<DeploymentConfig> {
    let host = json["server"]["host"].as_str().unwrap_or("127.0.0.1");
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '[' | ']' | '%');
    if !host.chars().all(allowed) || host.contains("://") {
        let place = node.and_then(|n| n.at(&["server", "host"])).map(|n| n.mark);
        let message = "expects an address or a host name alone";
        let suggestion = "write 127.0.0.1, or a name such as localhost";
        findings.error(place, &format!("{key}server.host"), message, suggestion);
    }
    if findings.refuses() { None } else { typed(json["server"].take(), findings, key) }
}
