//! Reports as files.

use crate::output::write_whole;
use crate::{EngineError, Result, Workspace};
use driftgate_model::Digest;
use driftgate_model::views::DriftCheckView;
use driftgate_plots::{CheckReport, drift_report_with_pictures};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Longer side of a picture in a report, in pixels.
const PICTURE_SIDE: u32 = 192;

/// A place where a report may be written, looked at beforehand: whoever waits for a check shall not hear at its end that the
/// report cannot go there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile(PathBuf);

impl ReportFile {
    /// The file, links followed.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Workspace {
    /// Where a report goes. A file that is there is replaced, as by [`Workspace::predict`].
    ///
    /// Errors: it does not end in `.html` or `.htm`; its folder does not exist; it is no regular file; it lies in the workspace's
    /// own folder.
    pub fn report_file(&self, output: &Path) -> Result<ReportFile> {
        let html = |e: &std::ffi::OsStr| ["html", "htm"].iter().any(|h| e.eq_ignore_ascii_case(h));
        if !output.extension().is_some_and(html) {
            return Err(EngineError::bad_input(
                format!("a report is written as HTML, and `{}` is not an HTML file", output.display()),
                "Give `--report` a file that ends in .html",
            ));
        }
        Ok(ReportFile(self.output_file(output, "--report", "drift.html")?))
    }

    /// Writes the report of a drift check as one HTML file, whole or not at all. The same check gives the same bytes.
    ///
    /// Errors: the file cannot be written.
    pub fn write_drift_report(&self, view: &DriftCheckView, file: &ReportFile) -> Result<()> {
        let check = CheckReport { check: &view.check, alarm: view.alarm, report: &view.report };
        let html = drift_report_with_pictures(&check, &self.pictures_shown(view));
        let path = file.path();
        write_whole(path, self.new_run_id().as_str(), |mut file| {
            file.write_all(html.as_bytes()).map_err(EngineError::io("Writing", path))
        })
    }

    /// The pictures that a report shows, small, by digest; one that cannot be read any more is left out and named there.
    fn pictures_shown(&self, view: &DriftCheckView) -> BTreeMap<Digest, Vec<u8>> {
        let mut shown = BTreeMap::new();
        for shifted in view.report.images.iter().flat_map(|i| &i.shifted) {
            for picture in std::iter::once(&shifted.image).chain(shifted.nearest.iter().map(|(near, _)| near)) {
                if shown.contains_key(&picture.digest) {
                    continue;
                }
                match self.thumbnail(picture, PICTURE_SIDE) {
                    Ok(png) => {
                        shown.insert(picture.digest, png);
                    }
                    Err(error) => tracing::warn!(%error, "a picture is not shown in the report"),
                }
            }
        }
        shown
    }
}
