use crate::{LedgerError, Result};
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Where the parts of a workspace lie.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    pub(crate) folder: PathBuf,
}

/// The folder of a workspace that is Driftgate's own.
pub(crate) const FOLDER: &str = ".driftgate";

impl Place {
    pub(crate) fn of(root: &Path) -> Place {
        Place { root: root.to_owned(), folder: root.join(FOLDER) }
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.join("ledger.redb")
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.folder.join("objects")
    }

    pub(crate) fn segments(&self) -> PathBuf {
        self.folder.join("segments")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    pub(crate) fn leases(&self) -> PathBuf {
        self.folder.join("leases")
    }

    pub(crate) fn head(&self) -> PathBuf {
        self.folder.join("head")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub(crate) fn queue(&self) -> PathBuf {
        self.folder.join("lock.queue")
    }
}

/// Makes a rename or a new file in `folder` survive a power loss. Windows has no such call and needs none.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(folder).and_then(|f| f.sync_all()).map_err(LedgerError::io("synchronise", folder))?;
    }
    Ok(())
}

/// Makes a folder and those above it, so that they survive a power loss.
pub(crate) fn make_durably(folder: &Path) -> Result<()> {
    // An empty name is what is left above a relative path: the current folder.
    let named = |path: &&Path| !path.as_os_str().is_empty();
    let missing = folder.ancestors().filter(named).take_while(|path| !path.exists()).count();
    std::fs::create_dir_all(folder).map_err(LedgerError::io("create", folder))?;
    for made in folder.ancestors().take(missing) {
        let parent = made.parent().filter(named).unwrap_or(Path::new("."));
        sync_folder(parent)?;
    }
    Ok(())
}

/// Refuses folders where a lock or a rename does not mean what it means on a local disk.
pub(crate) fn check_suitable(root: &Path) -> Result<()> {
    let full = std::fs::canonicalize(root).map_err(LedgerError::io("open", root))?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    match network_file_system(&mounts, &full).or_else(|| synchronised_folder(&full)) {
        Some(reason) => Err(LedgerError::UnsuitableFolder { path: root.to_owned(), reason }),
        None => Ok(()),
    }
}

/// Names the network file system that `path` is on, judged by the text of `/proc/self/mountinfo`.
fn network_file_system(mountinfo: &str, path: &Path) -> Option<String> {
    let mut deepest: Option<(PathBuf, &str)> = None;
    for line in mountinfo.lines() {
        // `36 35 98:0 /root /mount/point options … - type source super-options`
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (left.split(' ').nth(4), right.split(' ').next()) else { continue };
        let point = PathBuf::from(unescape(point));
        // A later line at the same point hides the earlier one.
        let at_least_as_deep =
            deepest.as_ref().is_none_or(|(d, _)| point.components().count() >= d.components().count());
        if path.starts_with(&point) && at_least_as_deep {
            deepest = Some((point, kind));
        }
    }
    const NETWORK: [&str; 17] = [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "ncpfs",
        "coda",
        "ceph",
        "davfs",
        "fuse.sshfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.davfs2",
        "fuse.glusterfs",
        "fuse.ceph",
    ];
    let (point, kind) = deepest?;
    NETWORK.contains(&kind).then(|| {
        format!("it is on the network file system {kind} at `{}`, where file locks are not reliable", point.display())
    })
}

/// Undoes the octal escapes of `/proc/self/mountinfo` (`\040` is a space).
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        match after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = &after[3..];
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out + rest
}

/// Names the synchronising program whose folder `path` is in, judged by the usual folder names.
fn synchronised_folder(path: &Path) -> Option<String> {
    const NAMES: [(&str, &str); 9] = [
        ("Dropbox", "Dropbox"),
        ("OneDrive", "OneDrive"),
        ("Google Drive", "Google Drive"),
        ("GoogleDrive", "Google Drive"),
        ("Nextcloud", "Nextcloud"),
        ("ownCloud", "ownCloud"),
        ("iCloudDrive", "iCloud"),
        ("iCloud Drive", "iCloud"),
        ("com~apple~CloudDocs", "iCloud"),
    ];
    path.components().find_map(|component| {
        let name = component.as_os_str().to_str()?;
        let (_, program) = NAMES.iter().find(|(folder, _)| {
            name.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '-']))
        })?;
        Some(format!("`{name}` is a folder that {program} synchronises, and a half-copied ledger is a broken one"))
    })
}

/// Keeps the keys, what callers sent to a server, and what can be made again, out of a commit.
const GITIGNORE: &str =
    "/keys/\n/cache/\n/leases/\n/lock\n/lock.queue\n/segments/predictions-*\n/head.tmp-*\n/objects/tmp-*\n";

/// Makes the folders of a new workspace.
pub(crate) fn lay_out(place: &Place) -> Result<()> {
    let make = |folder: &Path| std::fs::create_dir(folder).map_err(LedgerError::io("create", folder));
    make(&place.folder)?;
    make(&place.objects())?;
    make(&place.segments())?;
    make(&place.leases())?;
    make(&place.folder.join("cache"))?;
    make(&place.keys())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(place.keys(), std::fs::Permissions::from_mode(0o700))
            .map_err(LedgerError::io("protect", &place.keys()))?;
    }
    let gitignore = place.folder.join(".gitignore");
    let write = |mut file: File| file.write_all(GITIGNORE.as_bytes()).and_then(|()| file.sync_all());
    File::create(&gitignore).and_then(write).map_err(LedgerError::io("write", &gitignore))
}

/// A folder that is removed again unless it was renamed.
pub(crate) struct Unfinished(pub(crate) PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        match std::fs::remove_dir_all(&self.0) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, path = %self.0.display(), "an unfinished workspace stays behind"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
        40 22 0:35 / /home/a\\040b/share rw - nfs4 server:/x rw\n\
        41 40 0:36 / /home/a\\040b/share/local rw - ext4 /dev/vdb rw\n\
        42 22 0:37 / /mnt/win rw - cifs //host/x rw\n\
        43 22 0:38 / /mnt/ssh rw - fuse.sshfs u@h: rw";

    #[test]
    fn network_mounts_are_told_from_local_ones_inside_them() {
        let on = |p: &str| network_file_system(MOUNTS, Path::new(p));
        assert!(on("/home/a b/share/project").is_some_and(|r| r.contains("nfs4") && r.contains("/home/a b/share")));
        assert!(on("/mnt/win/x").is_some_and(|r| r.contains("cifs")));
        assert!(on("/mnt/ssh").is_some_and(|r| r.contains("fuse.sshfs")));
        assert_eq!(on("/home/a b/share/local/project"), None);
        assert_eq!(on("/home/a b"), None);
        assert_eq!(network_file_system("", Path::new("/x")), None);
    }

    #[test]
    fn synchronised_folders_are_known_by_their_names() {
        let on = |p: &str| synchronised_folder(Path::new(p));
        assert!(on("/home/a/Dropbox/project").is_some_and(|r| r.contains("Dropbox")));
        assert!(on("/Users/a/OneDrive - Company/project").is_some_and(|r| r.contains("OneDrive")));
        assert!(on("/Users/a/Library/Mobile Documents/com~apple~CloudDocs/p").is_some_and(|r| r.contains("iCloud")));
        assert_eq!(on("/home/a/Dropboxes/project"), None);
        assert_eq!(on("/home/a/projects/drive"), None);
    }

    #[test]
    fn octal_escapes_are_undone_and_other_backslashes_kept() {
        assert_eq!(unescape(r"/a\040b\134c\x"), r"/a b\c\x");
    }
}
