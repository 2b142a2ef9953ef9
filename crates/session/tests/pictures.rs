//! Pictures of granted places alone, small and as PNG.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Desk, said};
use driftgate_engine::{ImportAnswers, SyntheticOptions};
use driftgate_model::Code;
use driftgate_model::views::{DatasetView, JobAsk, JobState, PathKind};

/// Where the sides of a PNG stand.
fn sides(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{:?}", &png[..8]);
    let word = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (word(16), word(20))
}

/// A desk, and a folder of pictures beside its workspace, which nobody chose yet.
fn with_pictures() -> (Desk, String) {
    let desk = Desk::with_workspace();
    let folder = desk.at("shapes");
    let options = SyntheticOptions { classes: 3, per_class: 12, size: 24, seed: 42, drift: None };
    driftgate_engine::synthesize_images(&folder, &options).unwrap();
    (desk, folder.display().to_string())
}

#[test]
fn pictures_of_a_folder_are_shown_once_it_is_chosen() {
    let (desk, folder) = with_pictures();
    assert_eq!(said(desk.session.plan_import(&folder, &ImportAnswers::default())).code, Code::Refused);
    desk.session.grant(&desk.at("shapes"), PathKind::Folder).unwrap();
    let plan = desk.session.plan_import(&folder, &ImportAnswers::default()).unwrap();
    let pictures = plan.pictures.unwrap();
    assert_eq!((pictures.pictures, pictures.classes.len()), (36, 3));
    for (name, path) in &pictures.shown {
        let (width, height) = sides(&desk.session.import_thumbnail(path, 20).unwrap());
        assert!(width <= 20 && height <= 20 && width.max(height) == 20, "{name}: {width} by {height}");
    }
    assert_eq!(desk.session.validate_import(&folder, &ImportAnswers::default()).unwrap().errors(), 0);
}

#[test]
fn no_other_file_is_read_as_a_picture() {
    let (desk, folder) = with_pictures();
    let inside =
        std::fs::read_dir(std::path::Path::new(&folder).join("images")).unwrap().next().unwrap().unwrap().path();
    let file = std::fs::read_dir(inside).unwrap().next().unwrap().unwrap().path().display().to_string();
    assert_eq!(said(desk.session.import_thumbnail(&file, 20)).code, Code::Refused);
    let text = desk.write("work/a.png", "no picture");
    assert_eq!(said(desk.session.import_thumbnail(&text, 20)).code, Code::BadInput);
    let large = desk.at("work/large.png");
    std::fs::File::create(&large).unwrap().set_len((64 << 20) + 1).unwrap();
    let failure = said(desk.session.import_thumbnail(&large.display().to_string(), 20));
    assert!(failure.message.contains("64 MiB"), "{failure:?}");
}

#[test]
fn stored_pictures_are_shown_and_nothing_else_of_the_store() {
    let (desk, folder) = with_pictures();
    desk.session.grant(&desk.at("shapes"), PathKind::Folder).unwrap();
    let import = JobAsk::Import { path: folder, name: None, target: None, task: None, reference: false, spec: None };
    let job = desk.does(import);
    assert_eq!(job.state, JobState::Done, "{job:#?}");
    let view: DatasetView = desk.session.ask(|w| w.dataset("shapes")).unwrap();
    assert_eq!(view.classes.len(), 3);
    assert!(!view.shown.is_empty());
    for picture in &view.shown {
        let (width, height) = sides(&desk.session.thumbnail(picture, 48).unwrap());
        assert!(width <= 48 && height <= 48, "{width} by {height}");
    }
    // Another place of the pack is not what the digest says.
    let mut other = view.shown[0].clone();
    other.place.offset += 1;
    assert!(desk.session.thumbnail(&other, 48).is_err());
    other.place.bytes = u64::MAX;
    assert!(desk.session.thumbnail(&other, 48).is_err());
}

#[test]
fn the_processor_is_a_device_and_others_say_why_not() {
    let desk = Desk::new();
    let devices = desk.session.devices();
    assert_eq!(devices.first().map(|d| (d.kind.as_str(), d.usable)), Some(("cpu", true)));
    assert!(devices.iter().all(|d| d.usable != d.why_not.is_some()), "{devices:#?}");
}

#[test]
fn a_device_that_does_not_exist_is_refused() {
    let desk = Desk::with_iris();
    let run = |device: &str| JobAsk::Run {
        config: "configs/pipeline_iris.yaml".into(),
        edits: Default::default(),
        fine_tune: false,
        device: device.into(),
    };
    assert!(said(desk.session.start_job(run("tpu"))).message.contains("tpu"));
    // What an older page asks has neither.
    let asked: JobAsk = serde_json::from_str(r#"{"kind":"run","config":"a.yaml","edits":{}}"#).unwrap();
    assert!(matches!(asked, JobAsk::Run { fine_tune: false, device, .. } if device.is_empty()));
}
