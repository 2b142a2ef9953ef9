//! axe-core over the page: the machine's part of WCAG 2.2 AA.

use super::{Window, tools};
use serde_json::{Value, json};

/// Where the checker lies below the tools.
pub const SOURCE: &str = "axe/node_modules/axe-core/axe.min.js";

const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }).then(
        found => done({ passes: found.passes.length, violations: found.violations.map(v => ({
            rule: v.id, impact: v.impact, help: v.help,
            nodes: v.nodes.map(n => ({ target: n.target.join(' '), html: n.html, why: n.failureSummary })),
        })) }),
        error => done({ error: String(error) }));";

impl Window {
    /// What axe-core finds wrong in the page, each as `rule (impact): help` with its elements; empty when nothing.
    pub fn axe(&self) -> Vec<String> {
        if self.js("return typeof window.axe", Vec::new()) != json!("object") {
            let source = std::fs::read_to_string(tools().unwrap().join(SOURCE)).unwrap();
            self.js(&source, Vec::new());
        }
        let found = self.js_async(RUN, Vec::new());
        if let Some(error) = found.get("error") {
            self.fail(&format!("axe-core failed: {error}"));
        }
        // A page in which nothing could be judged proves nothing.
        assert!(found["passes"].as_u64().unwrap_or(0) > 0, "axe-core found nothing to judge");
        found["violations"].as_array().into_iter().flatten().map(line).collect()
    }

    /// Fails where axe-core finds anything wrong in the page.
    pub fn assert_accessible(&self, screen: &str) {
        let found = self.axe();
        if !found.is_empty() {
            self.fail(&format!("axe-core on {screen}:\n{}", found.join("\n")));
        }
    }
}

fn line(violation: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().replace('\n', " ");
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let nodes: String = nodes
        .map(|n| format!("\n    {}  {}\n      {}", text(&n["target"]), text(&n["html"]), text(&n["why"])))
        .collect();
    format!("{} ({}): {}{nodes}", text(&violation["rule"]), text(&violation["impact"]), text(&violation["help"]))
}
