//! The path of a file on a virtual disk: parsed once, and from then on safe on every system.

use crate::error::{Error, Result};
use crate::limits;
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// The prefix of our own files in the directories of disks.
pub const OWN_PREFIX: &str = ".crdtctl";
/// Names of devices on Windows, whatever extension they have.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The three disks of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskKind {
    /// Files that leave the machine only for replicas of the same member.
    Private,
    /// Files that all the world may read.
    Public,
    /// Files that the members of the entity share.
    Shared,
}

impl DiskKind {
    /// All three, in the order of their names.
    pub const ALL: [DiskKind; 3] = [DiskKind::Private, DiskKind::Public, DiskKind::Shared];

    /// The first part of its paths, and its directory.
    pub fn as_str(self) -> &'static str {
        match self {
            DiskKind::Private => "private",
            DiskKind::Public => "public",
            DiskKind::Shared => "shared",
        }
    }
}

/// The path of a file: `/shared/images/logo.png`. In NFC, never leading out of the disk and meaning the
/// same on every system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DiskPath(String);

impl DiskPath {
    /// Parses the path of a file.
    ///
    /// # Errors
    /// `Usage`, saying which part is wrong and why.
    pub fn parse(text: &str) -> Result<DiskPath> {
        let path = DiskPath::parse_dir(text)?;
        let names_a_file = path.parts().next().is_some() && !text.ends_with('/');
        match names_a_file {
            true => Ok(path),
            false => Err(Error::usage(format!("{text:?} names a directory, not a file"))
                .hint("write /DISK/NAME, for example /shared/notes.md")),
        }
    }

    /// Parses the path of a file or a directory: the disk itself is a directory, and a `/` at the end
    /// is allowed.
    ///
    /// # Errors
    /// As [`DiskPath::parse`].
    pub fn parse_dir(text: &str) -> Result<DiskPath> {
        let wrong = |what: String| {
            Error::usage(format!("not a path on a disk: {text:?}: {what}"))
                .hint("write /private/…, /public/… or /shared/…, for example /shared/docs/plan.md")
        };
        let path: String = text.nfc().collect();
        if path.len() > limits::DISK_PATH_BYTES {
            return Err(wrong(format!("more than {} bytes", limits::DISK_PATH_BYTES)));
        }
        let Some(inner) = path.strip_prefix('/') else {
            return Err(wrong("it does not begin with the name of a disk".to_owned()));
        };
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        let mut parts = inner.split('/');
        let disk = parts.next().unwrap_or_default();
        if !DiskKind::ALL.iter().any(|kind| kind.as_str() == disk) {
            return Err(wrong(format!("there is no disk {disk:?}")));
        }
        let mut depth = 0usize;
        for part in parts {
            check_name(part).map_err(|what| {
                Error::usage(format!("not a path on a disk: {text:?}: {part:?} {what}"))
                    .hint("give it a name that every system accepts")
            })?;
            depth = depth.saturating_add(1);
        }
        if depth > limits::DISK_DEPTH {
            return Err(wrong(format!("more than {} nested names", limits::DISK_DEPTH)));
        }
        Ok(DiskPath(format!("/{inner}")))
    }

    /// The path of something in this directory.
    ///
    /// # Errors
    /// Those of [`DiskPath::parse`], for an invalid name or too deep a path.
    pub fn child(&self, name: &str) -> Result<DiskPath> {
        DiskPath::parse(&format!("{}/{name}", self.0))
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which of the three disks it is on.
    pub fn disk(&self) -> DiskKind {
        let first = self.0.split('/').nth(1);
        let found = DiskKind::ALL.into_iter().find(|kind| Some(kind.as_str()) == first);
        found.unwrap_or(DiskKind::Private)
    }

    /// The names below the disk, the file's last.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(2)
    }

    /// The last name; the disk's if the path has no other.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The part below the disk, as the application writes it: `/images/logo.png`.
    pub fn within(&self) -> &str {
        self.0.get(1 + self.disk().as_str().len()..).unwrap_or_default()
    }

    /// A key that is the same for all paths that a directory on some system cannot tell apart: after
    /// NFC and case folding.
    pub fn key(&self) -> String {
        let folded: String = self.0.chars().flat_map(fold).collect();
        folded.nfc().collect()
    }

    /// Whether a path is this path, or lies below it.
    pub fn holds(&self, path: &DiskPath) -> bool {
        self.holds_name(&path.0)
    }

    /// Like [`DiskPath::holds`], for text that has the form of a path but need not be valid.
    pub fn holds_name(&self, path: &str) -> bool {
        match path.strip_prefix(&self.0) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }
}

/// A letter for comparison without regard to case. Full folding, so that `ß` becomes `ss`; the dotless
/// i stays as it is.
fn fold(letter: char) -> impl Iterator<Item = char> {
    let up: Vec<char> = match letter {
        'ı' => vec![letter],
        letter => letter.to_uppercase().collect(),
    };
    up.into_iter().flat_map(char::to_lowercase)
}

/// Checks that a file can have this name on every system.
fn check_name(name: &str) -> Result<(), String> {
    let odd = |c: char| c.is_control() || "\\<>:\"|?*".contains(c);
    if name.is_empty() {
        return Err("is empty".to_owned());
    }
    if name == "." || name == ".." {
        return Err("is not a file name".to_owned());
    }
    if let Some(c) = name.chars().find(|c| odd(*c)) {
        return Err(format!("contains {c:?}, which some systems do not allow"));
    }
    if name.ends_with(['.', ' ']) {
        return Err("ends in a dot or a blank, which Windows removes".to_owned());
    }
    if name.starts_with(OWN_PREFIX) {
        return Err(format!("begins with {OWN_PREFIX:?}, which is reserved for this program"));
    }
    if name.len() > limits::FILE_NAME_BYTES {
        return Err(format!("has more than {} bytes", limits::FILE_NAME_BYTES));
    }
    match is_device(name) {
        true => Err("is the name of a device on Windows".to_owned()),
        false => Ok(()),
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_lowercase();
    let numbered = |kind: &str| {
        let number = stem.strip_prefix(kind);
        number.is_some_and(|n| n.chars().count() == 1 && n.contains(|c: char| c.is_numeric()))
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

impl TryFrom<String> for DiskPath {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        DiskPath::parse(&text)
    }
}

impl From<DiskPath> for String {
    fn from(path: DiskPath) -> String {
        path.0
    }
}

impl fmt::Display for DiskPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_guide_are_paths() {
        for path in [
            "/private/docs/meeting-notes.md",
            "/shared/images/logo.png",
            "/public/website/index.html",
            "/shared/attachments/screenshot.png",
            "/shared/.profile",
            "/shared/con-ference/com10/naïve ☃.md",
        ] {
            assert_eq!(DiskPath::parse(path).unwrap().as_str(), path);
        }
        let path = DiskPath::parse("/shared/images/logo.png").unwrap();
        assert_eq!((path.disk(), path.name()), (DiskKind::Shared, "logo.png"));
        assert_eq!(path.within(), "/images/logo.png");
        assert_eq!(path.parts().collect::<Vec<_>>(), ["images", "logo.png"]);
    }

    #[test]
    fn what_leads_out_or_means_something_else_elsewhere_is_no_path() {
        let long = format!("/shared/{}", "x".repeat(256));
        let deep = format!("/shared{}", "/d".repeat(limits::DISK_DEPTH + 1));
        let wide = format!("/shared{}", format!("/{}", "w".repeat(200)).repeat(10));
        for path in [
            "",
            "/",
            "a",
            "shared/a",
            "/shared",
            "/shared/",
            "/etc/passwd",
            "/Shared/a",
            "//shared/a",
            "/shared//a",
            "/shared/../private/a",
            "/shared/a/..",
            "/shared/.",
            "/shared/./a",
            "/shared/a\0b",
            "/shared/a\nb",
            "/shared/a\\b",
            "/shared/..\\a",
            "/shared/a\u{7f}",
            "/shared/a:b",
            "/shared/a?",
            "/shared/*",
            "/shared/a.",
            "/shared/a ",
            "/shared/d./a",
            "/shared/CON",
            "/shared/con.txt",
            "/shared/nul .md",
            "/shared/Aux/a",
            "/shared/com1",
            "/shared/LPT9.tar.gz",
            "/shared/COM¹",
            "/shared/conin$",
            "/shared/.crdtctl-1.tmp",
            "C:\\a",
            "/shared/C:/a",
            &long,
            &deep,
            &wide,
        ] {
            let error = DiskPath::parse(path).expect_err(path);
            assert_eq!(error.kind, crate::error::Kind::Usage, "{path:?}");
            assert!(error.hint.is_some(), "{path:?}");
            assert!(serde_json::from_value::<DiskPath>(path.into()).is_err(), "{path:?}");
        }
    }

    #[test]
    fn names_that_some_directory_cannot_tell_apart_have_one_key() {
        let key = |name: &str| DiskPath::parse(&format!("/shared/{name}")).unwrap().key();
        for (one, other) in [
            ("Read.md", "read.MD"),
            ("e\u{301}.md", "É.md"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("οδοσ", "οδος"),
            ("\u{212a}", "k"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        for (one, other) in [("a", "b"), ("ılık", "ilik"), ("e", "é"), ("a/b", "ab")] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
        let decomposed = DiskPath::parse("/shared/e\u{301}").unwrap();
        assert_eq!(decomposed.as_str(), "/shared/é");
    }

    #[test]
    fn a_directory_holds_what_is_below_it() {
        let dir = DiskPath::parse_dir("/shared/docs/").unwrap();
        let holds = |path: &str| dir.holds(&DiskPath::parse(path).unwrap());
        assert!(holds("/shared/docs/a") && holds("/shared/docs/b/c") && holds("/shared/docs"));
        assert!(!holds("/shared/docs2/a") && !holds("/public/docs/a"));
        assert!(DiskPath::parse_dir("/shared").unwrap().holds(&dir));
        assert_eq!(dir.child("x.md").unwrap().as_str(), "/shared/docs/x.md");
        assert!(dir.child("..").is_err() && dir.child("").is_err());
    }
}
