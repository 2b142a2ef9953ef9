//! The frame of a report: head, styles, policy, foot.

use super::CheckReport;
use crate::palette::TOKENS;
use crate::text::{cut, escape};
use base64::Engine as _;
use driftgate_model::{Digest, DriftSeverity, DriftVerdict};

/// The document's name.
pub(super) fn title(check: &CheckReport) -> String {
    let r = check.report;
    let verdict = said(r.overall.verdict, r.overall.severity);
    format!("{verdict}: drift report of {} v{}", cut(r.model.as_str(), 80), r.model_version)
}

/// `drifted, high severity` or `stable`.
pub(super) fn said(verdict: DriftVerdict, severity: DriftSeverity) -> String {
    match severity {
        DriftSeverity::None => verdict.as_str().to_owned(),
        s => format!("{}, {} severity", verdict.as_str(), s.as_str()),
    }
}

/// A verdict's mark: it says without colour what the colour says.
pub(super) fn mark(verdict: DriftVerdict) -> &'static str {
    match verdict {
        DriftVerdict::Stable => "✓",
        DriftVerdict::Inconclusive => "?",
        DriftVerdict::Drifted => "✗",
    }
}

/// Mark and words, in the verdict's colour.
pub(super) fn badge(verdict: DriftVerdict, severity: DriftSeverity) -> String {
    let severity = match severity {
        DriftSeverity::None => String::new(),
        s => format!(", {}", s.as_str()),
    };
    let word = verdict.as_str();
    format!("<span class=\"{word}\">{} {word}{severity}</span>", mark(verdict))
}

/// A whole document around `body`; `pictures` lets it show those that it holds itself.
pub(super) fn page(title: &str, body: &str, pictures: bool) -> String {
    let style = style(pictures);
    let images = if pictures { "img-src data:; " } else { "" };
    let hash = base64::engine::general_purpose::STANDARD.encode(Digest::of(style.as_bytes()).as_bytes());
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; {images}style-src 'sha256-{hash}'; base-uri 'none'; \
         form-action 'none'\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>{}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(title)
    )
}

fn style(pictures: bool) -> String {
    let tokens = |colour: fn(usize) -> &'static str| -> String {
        TOKENS.iter().enumerate().map(|(i, t)| format!("{}:{};", t.name, colour(i))).collect()
    };
    let (light, dark) = (tokens(|i| TOKENS[i].light), tokens(|i| TOKENS[i].dark));
    let more = if pictures { PICTURES } else { "" };
    format!(
        ":root{{color-scheme:light dark;{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{RULES}{more}\
         @media print{{:root{{color-scheme:light;{light}}}\n{PRINT}}}\n"
    )
}

const RULES: &str = "\
*{box-sizing:border-box}
body{margin:0 auto;max-width:1160px;padding:32px 24px 64px;background:var(--dg-surface);color:var(--dg-text);font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;overflow-wrap:anywhere}
header{border-left:6px solid currentColor;padding:2px 0 2px 20px;margin-bottom:28px}
header p{margin:4px 0;max-width:none;color:var(--dg-text);font-weight:400}
header .over{color:var(--dg-faint)}
nav{display:flex;flex-wrap:wrap;gap:4px 22px;font-size:14px}
h1{font-size:34px;line-height:1.2;margin:2px 0}
h2{font-size:22px;line-height:1.3;margin:44px 0 12px;padding-top:14px;border-top:1px solid var(--dg-grid)}
h3{font-size:17px;line-height:1.3;margin:0 0 4px}
p{margin:8px 0;max-width:76ch}
a{color:inherit}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--dg-batch);outline-offset:2px}
code{font:13px/1.5 ui-monospace,'Cascadia Mono',Menlo,monospace;background:color-mix(in srgb,var(--dg-grid) 45%,transparent);padding:1px 5px;border-radius:4px}
.command code{display:inline-block;padding:6px 10px}
.meta,caption,.note{color:var(--dg-faint);font-size:14px}
.drifted,.inconclusive,.stable{white-space:nowrap}
header.drifted,header.inconclusive,header.stable{white-space:normal}
.drifted{color:var(--dg-drifted);font-weight:600}
.inconclusive{color:var(--dg-inconclusive);font-weight:600}
.stable{color:var(--dg-stable);font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:12px 0}
dt{color:var(--dg-faint)}
dd{margin:0}
.hash{font:13px/1.6 ui-monospace,'Cascadia Mono',Menlo,monospace}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:4px 0}
th,td{text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid var(--dg-grid);vertical-align:top;font-weight:400}
th,td{overflow-wrap:normal}
table:not(.of) td{white-space:nowrap}
table td.note{white-space:normal;min-width:40ch}
tbody th{overflow-wrap:anywhere;min-width:16ch}
thead th{color:var(--dg-faint);white-space:nowrap}
tbody th{font-weight:600;max-width:36ch}
.of th[scope=row]{color:var(--dg-faint);font-weight:400;width:17ch}
.of th,.of td{padding-right:10px}
.of th,td{overflow-wrap:normal}
table:not(.of) td{white-space:nowrap}
table td.note{white-space:normal;min-width:40ch}
tbody th{overflow-wrap:anywhere;min-width:16ch}
thead th{color:var(--dg-text);font-weight:600}
.of td{min-width:9ch}
.scroll{overflow-x:auto;max-width:100%}
.long{max-height:70vh;overflow:auto}
.column{display:grid;grid-template-columns:minmax(0,520px) minmax(0,1fr);gap:4px 36px;padding:22px 0}
.column+.column{border-top:1px solid var(--dg-grid)}
.column>h3,.column>.meta{grid-column:1/-1}
.column .meta{margin:0 0 6px}
.column.plain{grid-template-columns:minmax(0,1fr)}
figure{margin:0}
.dg-chart{display:block;max-width:100%;height:auto}
.dg-chart text{font-family:system-ui,-apple-system,'Segoe UI',sans-serif}
summary{cursor:pointer;color:var(--dg-faint);font-size:14px;padding:4px 0}
footer{margin-top:48px;padding-top:14px;border-top:1px solid var(--dg-grid);color:var(--dg-faint);font-size:14px}
@media (max-width:900px){.column{grid-template-columns:minmax(0,1fr)}body{padding:20px 16px 48px}h1{font-size:27px}}
";

const PICTURES: &str = "\
figure+h3{margin-top:28px}
.shifted{display:grid;grid-template-columns:auto minmax(0,1fr);gap:12px 28px;padding:18px 0}
.shifted+.shifted{border-top:1px solid var(--dg-grid)}
.shifted>h3,.shifted>.meta{grid-column:1/-1}
.shifted .meta{margin:0}
.row{display:flex;flex-wrap:wrap;gap:12px 16px;margin:0;padding:0 0 0 28px;list-style:none;border-left:1px solid var(--dg-grid)}
.picture{width:144px}
.picture figcaption{font-size:13px;line-height:1.35;padding-top:4px}
.picture figcaption span{display:block;color:var(--dg-faint)}
.frame{display:flex;align-items:center;justify-content:center;width:144px;height:144px;border:1px solid var(--dg-grid);border-radius:4px;overflow:hidden;color:var(--dg-faint);font-size:13px;text-align:center}
.frame img{width:100%;height:100%;object-fit:contain}
.frame .small{image-rendering:pixelated}
@media (max-width:560px){.shifted{grid-template-columns:minmax(0,1fr)}.row{padding:0;border:0}}
";

const PRINT: &str = "\
body{max-width:none;padding:0;font-size:11pt}
nav{display:none}
.column{grid-template-columns:minmax(0,1fr);padding:12px 0}
.column .dg-chart{max-width:420px}
.scroll{overflow:visible}
table{font-size:8.5pt}
th,td{padding:2px 8px 2px 0}
tbody th{min-width:0}
h2{margin-top:24px}
.column,figure,tr{break-inside:avoid}
h2,h3{break-after:avoid}
.long{max-height:none;overflow:visible}
details:not([open]){display:none}
";
