//! Only what a person chose is read or written.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Desk, said};
use driftgate_model::Code;
use driftgate_model::views::{JobAsk, PathKind};

#[test]
fn what_was_not_chosen_is_refused() {
    let desk = Desk::with_iris();
    let outside = desk.write("secret/data.csv", "a,b\n1,2\n");
    let check = JobAsk::Check { model: "iris-classification".into(), batch: outside.clone() };
    let failure = said(desk.session.start_job(check));
    assert_eq!(failure.code, Code::Refused);
    assert!(failure.message.contains("was not chosen") && failure.hint.is_some(), "{failure:?}");
    for path in [outside.as_str(), "../secret/data.csv"] {
        assert_eq!(said(desk.session.plan_import(path, &Default::default())).code, Code::Refused, "{path}");
        assert_eq!(said(desk.session.validate_import(path, &Default::default())).code, Code::Refused, "{path}");
    }
    assert_eq!(said(desk.session.save(&desk.at("secret/new.csv").display().to_string(), b"x")).code, Code::Refused);
    assert!(!desk.at("secret/new.csv").exists());
    let other = desk.at("elsewhere");
    std::fs::create_dir(&other).unwrap();
    assert_eq!(said(desk.session.open_workspace(&other.display().to_string())).code, Code::Refused);
    assert_eq!(said(desk.session.init_workspace(&other.display().to_string())).code, Code::Refused);
    assert!(!other.join(".driftgate").exists());
}

#[test]
fn what_lies_in_the_workspace_or_was_named_is_taken() {
    let desk = Desk::with_iris();
    let inside = desk.session.allowed("data/iris/data.csv", PathKind::File).unwrap();
    assert_eq!(inside, desk.at("work/data/iris/data.csv"));
    let outside = desk.write("other/data.csv", "a,b\n1,2\n");
    assert_eq!(desk.session.name_path(&format!(" {outside}\n"), PathKind::File).unwrap(), outside);
    assert!(desk.session.allowed(&outside, PathKind::File).is_ok());
    // A folder that was chosen is chosen with what is in it; a file is chosen alone.
    let sibling = desk.write("other/b.csv", "x\n");
    assert_eq!(said(desk.session.allowed(&sibling, PathKind::File)).code, Code::Refused);
    desk.session.grant(&desk.at("other"), PathKind::Folder).unwrap();
    assert!(desk.session.allowed(&sibling, PathKind::File).is_ok());
    let new = desk.at("other/new.csv").display().to_string();
    desk.session.save(&new, b"whole").unwrap();
    assert_eq!(std::fs::read(&new).unwrap(), b"whole");
    assert_eq!(std::fs::read_dir(desk.at("other")).unwrap().count(), 3, "no temporary file stays");
}

#[test]
fn the_ledger_s_own_folder_is_nobody_s() {
    let desk = Desk::with_workspace();
    for (path, kind) in [
        ("work/.driftgate/ledger.redb", PathKind::File),
        ("work/.driftgate", PathKind::Folder),
        ("work/.driftgate/keys/new", PathKind::NewFile),
        ("work/.driftgate/new/folder", PathKind::NewFolder),
    ] {
        let path = desk.at(path).display().to_string();
        let failure = said(desk.session.name_path(&path, kind));
        assert_eq!(failure.code, Code::Refused, "{path}: {failure:?}");
        assert_eq!(said(desk.session.allowed(&path, kind)).code, Code::Refused, "{path}");
    }
    assert_eq!(said(desk.session.save(".driftgate/head", b"x")).code, Code::Refused);
}

#[test]
#[cfg(unix)]
fn links_are_followed_before_anything_is_allowed() {
    let desk = Desk::with_workspace();
    let secret = desk.write("secret.csv", "a\n1\n");
    std::os::unix::fs::symlink(&secret, desk.at("work/link.csv")).unwrap();
    assert_eq!(said(desk.session.allowed("link.csv", PathKind::File)).code, Code::Refused);
    // A link in the place of a new file would lead the writing elsewhere.
    std::os::unix::fs::symlink(desk.at("work/.driftgate/keys"), desk.at("work/keys")).unwrap();
    assert_eq!(said(desk.session.save("keys/x", b"x")).code, Code::Refused);
    std::os::unix::fs::symlink(desk.at("nowhere"), desk.at("work/broken")).unwrap();
    assert_eq!(said(desk.session.save("broken", b"x")).code, Code::NotFound);
    // The window's own folder for changed configs may not lead out either.
    std::fs::create_dir_all(desk.at("work/configs")).unwrap();
    std::os::unix::fs::symlink(desk.at("work/.driftgate"), desk.at("work/configs/window")).unwrap();
    let config = desk.write("work/configs/p.yaml", "task_type: classification\n");
    let edits = std::collections::BTreeMap::from([("random_seed".to_string(), serde_json::json!(1))]);
    assert!(desk.session.start_job(JobAsk::Run { config, edits, fine_tune: false, device: String::new() }).is_err());
}

#[test]
fn what_is_no_path_is_said_to_be_none() {
    let desk = Desk::with_workspace();
    let file = desk.write("a.csv", "a\n");
    let folder = desk.at("work").display().to_string();
    let long = format!("{}/{}", folder, "x".repeat(5000));
    for (path, kind) in [
        ("", PathKind::File),
        ("relative.csv", PathKind::File),
        ("/tmp/a\0b", PathKind::NewFile),
        (folder.as_str(), PathKind::File),
        (folder.as_str(), PathKind::NewFile),
        (file.as_str(), PathKind::Folder),
        (file.as_str(), PathKind::NewFolder),
        (&format!("{file}/x"), PathKind::File),
        (&format!("{folder}/no/x.csv"), PathKind::NewFile),
        (&format!("{folder}/no/../../x"), PathKind::NewFolder),
        (long.as_str(), PathKind::File),
        #[cfg(unix)]
        ("/dev/null", PathKind::File),
        #[cfg(unix)]
        ("/dev/zero", PathKind::FileOrFolder),
        #[cfg(unix)]
        ("/dev/null", PathKind::NewFile),
    ] {
        let failure = said(desk.session.name_path(path, kind));
        assert!(failure.hint.is_some() && !failure.message.is_empty(), "{path}: {failure:?}");
    }
}
