//! Reading what test runners write: counts, and the tests that skipped themselves.

/// Counts of tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passed.
    pub passed: u64,
    /// Failed, or ran too long.
    pub failed: u64,
    /// Not run: ignored or filtered out.
    pub skipped: u64,
}

impl Counts {
    /// The sum.
    pub fn plus(self, other: Counts) -> Counts {
        Counts {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// The closing line, alone on a line.
    pub fn line(self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Text without terminal colours.
pub fn strip_ansi(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        // A control sequence ends at its first letter.
        if chars.next() == Some('[') {
            for c in chars.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        }
    }
    out
}

/// The number before `word`, where words are separated by blanks and commas: `3` in `12 tests run: 3 failed`.
fn before(text: &str, word: &str) -> u64 {
    let words: Vec<&str> = text.split([' ', ',', ';', '(', ')']).filter(|w| !w.is_empty()).collect();
    let at = words.windows(2).find(|w| w[1] == word);
    at.and_then(|w| w[0].parse().ok()).unwrap_or(0)
}

/// The counts in nextest's last `Summary` line; `None` where it wrote none, as when the build failed.
pub fn nextest_counts(text: &str) -> Option<Counts> {
    let line = text.lines().rfind(|l| l.trim_start().starts_with("Summary ["))?;
    let (_, line) = line.split_once(']')?;
    let (_, counts) = line.split_once("run:")?;
    let failed = before(counts, "failed") + before(counts, "timed") + before(counts, "exec");
    Some(Counts { passed: before(counts, "passed"), failed, skipped: before(counts, "skipped") })
}

/// The sum of the `test result:` lines of `cargo test`; `None` where it wrote none.
pub fn libtest_counts(text: &str) -> Option<Counts> {
    let results = text.lines().filter_map(|l| l.trim().strip_prefix("test result:"));
    results
        .map(|l| Counts { passed: before(l, "passed"), failed: before(l, "failed"), skipped: before(l, "ignored") })
        .reduce(Counts::plus)
}

/// The `SKIPPED: …` lines that tests wrote to say what they could not prove, each once, sorted. Reads plain output and
/// JUnit XML alike.
pub fn self_skipped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .filter_map(|l| l.split_once("SKIPPED: "))
        // Where a line begins: in XML after the tag, beside other tests' output after `test name ... `.
        .filter(|(before, _)| before.trim().is_empty() || before.ends_with('>') || before.ends_with("... "))
        .map(|(_, why)| why)
        .map(|l| l.split("</").next().unwrap_or_default().replace("&quot;", "\"").replace("&apos;", "'"))
        .map(|l| l.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").trim().to_string())
        .filter(|l| !l.is_empty())
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nextest_summaries_are_read() {
        let clean = "  PASS [0.1s] a\n     Summary [   1.234s] 12 tests run: 12 passed (1 slow), 3 skipped\n";
        assert_eq!(nextest_counts(clean), Some(Counts { passed: 12, failed: 0, skipped: 3 }));
        let bad = "Summary [ 0.5s] 3/9 tests run: 1 passed, 1 failed, 1 timed out, 0 skipped";
        assert_eq!(nextest_counts(bad), Some(Counts { passed: 1, failed: 2, skipped: 0 }));
        assert_eq!(nextest_counts("error: could not compile"), None);
        let coloured = strip_ansi("\u{1b}[32;1m     Summary\u{1b}[0m [ 0.5s] 1 test run: \u{1b}[1m1\u{1b}[0m passed");
        assert_eq!(nextest_counts(&coloured), Some(Counts { passed: 1, failed: 0, skipped: 0 }));
    }

    #[test]
    fn libtest_results_are_summed() {
        let text = "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
                    test result: FAILED. 1 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(libtest_counts(text), Some(Counts { passed: 3, failed: 4, skipped: 1 }));
        assert_eq!(libtest_counts("nothing"), None);
    }

    #[test]
    fn skipped_lines_are_found_once_each_in_text_and_in_xml() {
        let text = "SKIPPED: california: no file\n<system-err>SKIPPED: a &lt;b&gt; &amp;c</system-err>\n SKIPPED: california: no file\nskipped: no\n== step: SKIPPED: no";
        assert_eq!(self_skipped(text), ["a <b> &c", "california: no file"]);
    }

    #[test]
    fn the_closing_line_is_plain() {
        let sum = Counts { passed: 1, failed: 0, skipped: 2 }.plus(Counts { passed: 2, failed: 0, skipped: 0 });
        assert_eq!(sum.line(), "3 passed, 0 failed, 2 skipped");
    }
}
