//! Attachments: what a message records about a file on the entity's virtual disk.

use super::{MESSAGES, REPLIES};
use crate::concern::disk::{Directory, DiskPath, FilePlace};
use crate::crdt::doc::Txn;
use crate::crdt::source::Source;
use crate::error::{Error, Result};
use crate::limits;
use crate::path::Keys;
use crate::store::Session;
use crate::wire::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The directory of attachments on the virtual disk.
const DIRECTORY: &str = "/shared/attachments";
/// Characters of the attachment's id that distinguish its file from others of the same name.
const ID_CHARS: usize = 8;
/// The MIME type for unknown content.
const UNKNOWN: &str = "application/octet-stream";

/// A file to attach. The message records only its place, not its content.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Its name, without directories.
    pub filename: String,
    /// In bytes, as given; not checked against a file.
    pub size_bytes: u64,
    /// `None`: derived from the extension.
    #[serde(default)]
    pub mime_type: Option<String>,
    /// Its path on a disk of the entity; `None`: a path that no other file has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_path: Option<String>,
    /// The whole id of the file: two replicas can concurrently put files at the same path. `None`:
    /// whichever file is at the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// The hash of its content when it was attached, in hex: identifies the file if it is put there
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
}

impl Attachment {
    /// Refuses names and types that are unsafe in a path or a header.
    pub(super) fn check(&self) -> Result<()> {
        let name = &self.filename;
        let is_odd = |c: char| c.is_control() || c == '/' || c == '\\';
        if name.is_empty() || name == "." || name == ".." || name.contains(is_odd) {
            return Err(Error::usage(format!("not the name of a file: {name:?}")));
        }
        let chars = name.chars().count();
        if chars > limits::NAME_CHARS {
            return Err(Error::refused(format!(
                "the file name has {chars} characters, more than {}",
                limits::NAME_CHARS
            ))
            .hint("attach a copy with a shorter name"));
        }
        if i64::try_from(self.size_bytes).is_err() {
            return Err(Error::usage(format!("not the size of a file: {}", self.size_bytes)));
        }
        if let Some(path) = &self.file_path {
            DiskPath::parse(path)?;
        }
        let is_no_id = |id: &&String| {
            id.is_empty() || id.len() > limits::ID_BYTES || id.contains(char::is_control)
        };
        if let Some(id) = [&self.file_id, &self.blake3].into_iter().flatten().find(is_no_id) {
            return Err(Error::usage(format!("not the id or the hash of a file: {id:?}")));
        }
        match self.mime_type.as_deref().is_none_or(is_mime) {
            true => Ok(()),
            false => Err(Error::usage(format!("not a MIME type: {:?}", self.mime_type()))
                .hint("write TYPE/SUBTYPE, for example image/png")),
        }
    }

    fn mime_type(&self) -> &str {
        self.mime_type.as_deref().unwrap_or_else(|| mime_of(&self.filename))
    }
}

/// Assigns an id to each attachment.
pub(super) fn mint<'a>(
    session: &Session,
    attachments: &'a [Attachment],
) -> Result<Vec<(String, &'a Attachment)>> {
    let ids = &session.environment().machine.ids;
    attachments.iter().map(|attachment| Ok((ids.uuid()?, attachment))).collect()
}

/// Writes attachments into the message at a path.
pub(super) fn attach(
    txn: &mut Txn<'_>,
    message: &[&str],
    attachments: &[(String, &Attachment)],
) -> Result<()> {
    let array = message.field("attachments");
    for (id, attachment) in attachments {
        txn.push_map(&array, id)?;
        let path = array.field(id.as_str());
        let size = i64::try_from(attachment.size_bytes).unwrap_or(i64::MAX);
        txn.set(&path, "filename", attachment.filename.as_str())?;
        let place = match &attachment.file_path {
            Some(place) => place.clone(),
            None => file_path(&attachment.filename, id),
        };
        txn.set(&path, "file_path", place.as_str())?;
        for (name, value) in [("file_id", &attachment.file_id), ("blake3", &attachment.blake3)] {
            value.as_ref().map_or(Ok(()), |value| txn.set(&path, name, value.as_str()))?;
        }
        txn.set(&path, "mime_type", attachment.mime_type())?;
        txn.set(&path, "size_bytes", size)?;
    }
    Ok(())
}

/// A file that a message refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachedFile {
    /// Its path when it was attached.
    pub path: String,
    /// Its whole id; `None` if the message gives only the path.
    pub id: Option<String>,
    /// The hash of its content then, in hex.
    pub blake3: Option<String>,
}

impl AttachedFile {
    /// The file of an attachment, whose fields `said` returns; `None` if it refers to none.
    pub fn of<'a>(said: impl Fn(&str) -> Option<&'a str>) -> Option<AttachedFile> {
        let [path, id, blake3] =
            ["file_path", "file_id", "blake3"].map(|field| said(field).map(str::to_owned));
        Some(AttachedFile { path: path?, id, blake3 })
    }

    /// Its current place, if it exists: the file with its id, even if it was moved and another file has its
    /// path. If the message gave no id, the file at its path; if the file with its id is gone, the file at
    /// its path only if its content is what was attached, according to `held`.
    pub fn place<'d>(
        &self,
        directory: &'d Directory,
        held: impl Fn(&str) -> Option<String>,
    ) -> Option<&'d FilePlace> {
        let own = self.id.as_ref().and_then(|id| directory.place(id));
        own.or_else(|| {
            let place = directory.at(&DiskPath::parse(&self.path).ok()?).ok().flatten()?;
            let is_it = || self.blake3.is_some() && held(&place.id) == self.blake3;
            (self.id.is_none() || is_it()).then_some(place)
        })
    }
}

/// The attachments on the shared disk that undeleted messages and replies refer to, each with the ids
/// of those messages.
pub fn attached(source: &dyn Source) -> BTreeMap<AttachedFile, Vec<String>> {
    let mut attached: BTreeMap<AttachedFile, Vec<String>> = BTreeMap::new();
    for collection in [&MESSAGES, &REPLIES] {
        for path in collection.records(source) {
            if collection.is_deleted(source, &path) {
                continue;
            }
            let list = source.value(&path.field("attachments"));
            for file in list.as_ref().into_iter().flat_map(attached_files) {
                let id = path.last().cloned().unwrap_or_default();
                attached.entry(file).or_default().push(id);
            }
        }
    }
    attached
}

/// The attachments on the shared disk in a list of attachments.
pub fn attached_files(list: &Value) -> impl Iterator<Item = AttachedFile> {
    let list = list.as_array().unwrap_or_default().iter().filter_map(Value::as_map);
    let files =
        list.filter_map(|one| AttachedFile::of(|field| one.get(field).and_then(Value::as_str)));
    files.filter(|file| is_attachment(&file.path))
}

/// Writes the ids that files have now into a list of attachments that names them by earlier ids.
pub fn rename_files(list: &mut Value, ids: &BTreeMap<String, String>) {
    let (Value::Array(list) | Value::List(list)) = list else { return };
    for one in list {
        let (Value::Map(fields) | Value::Object(fields)) = one else { continue };
        let id = fields.get("file_id").and_then(Value::as_str).and_then(|id| ids.get(id)).cloned();
        if let Some(id) = id {
            fields.insert("file_id".to_owned(), Value::String(id));
        }
    }
}

/// Whether a path is in the directory of attachments.
pub fn is_attachment(path: &str) -> bool {
    path.strip_prefix(DIRECTORY).is_some_and(|rest| rest.starts_with('/'))
}

/// The paths that a file of this name could get among the attachments, the best first: its own name,
/// then numbered ones.
pub fn attachment_paths(filename: &str) -> impl Iterator<Item = String> {
    let (stem, ending) = split(filename);
    let (stem, ending) = (stem.to_owned(), ending.map(|ending| format!(".{ending}")));
    (1..u32::MAX).map(move |number| {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        format!("{DIRECTORY}/{stem}{number}{}", ending.as_deref().unwrap_or_default())
    })
}

/// `/shared/attachments/screenshot_3f2a1b2c.png`: files of the same name get different paths.
fn file_path(filename: &str, id: &str) -> String {
    let short = id.get(..ID_CHARS).unwrap_or(id);
    match split(filename) {
        (stem, Some(ending)) => format!("{DIRECTORY}/{stem}_{short}.{ending}"),
        (stem, None) => format!("{DIRECTORY}/{stem}_{short}"),
    }
}

/// The name without its extension, and the extension. A name whose only dot is the first character has
/// none.
fn split(filename: &str) -> (&str, Option<&str>) {
    match filename.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && !ending.is_empty() => (stem, Some(ending)),
        _ => (filename, None),
    }
}

fn is_mime(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
    let is_word = |part: &str| !part.is_empty() && part.chars().all(plain);
    text.len() <= limits::ID_BYTES
        && text.split_once('/').is_some_and(|(kind, sub)| is_word(kind) && is_word(sub))
}

/// The MIME type for the extension of a name. The content is not looked at.
pub(in crate::concern) fn mime_of(filename: &str) -> &'static str {
    let Some(ending) = split(filename).1 else { return UNKNOWN };
    let ending = ending.to_ascii_lowercase();
    let ours = REGISTERED.iter().find(|(known, _)| *known == ending).map(|(_, mime)| *mime);
    ours.or_else(|| mime_guess::from_ext(&ending).first_raw()).unwrap_or(UNKNOWN)
}

/// As registered with IANA, where `mime_guess` has an older type or none.
const REGISTERED: &[(&str, &str)] = &[
    ("m4a", "audio/mp4"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zst", "application/zstd"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn named(filename: &str) -> Attachment {
        Attachment {
            filename: filename.to_owned(),
            size_bytes: 1,
            mime_type: None,
            file_path: None,
            file_id: None,
            blake3: None,
        }
    }

    #[test]
    fn the_ending_says_what_it_is() {
        assert_eq!(named("a.b.PNG").mime_type(), "image/png");
        assert_eq!(named("notes.md").mime_type(), "text/markdown");
        for unknown in ["README", ".png", "x.", "x.unheard-of"] {
            assert_eq!(named(unknown).mime_type(), UNKNOWN, "{unknown}");
        }
        assert_eq!(named("song.M4A").mime_type(), "audio/mp4");
        assert_eq!(named("letter.odt").mime_type(), "application/vnd.oasis.opendocument.text");
        assert_eq!(named("photo.heic").mime_type(), "image/heic");
        assert!(REGISTERED.iter().all(|(_, mime)| is_mime(mime)));
    }

    #[test]
    fn two_files_of_one_name_do_not_meet() {
        let path = |name| file_path(name, "3f2a1b2c-0000-4000-8000-000000000001");
        assert_eq!(path("screenshot.png"), "/shared/attachments/screenshot_3f2a1b2c.png");
        assert_eq!(path("README"), "/shared/attachments/README_3f2a1b2c");
        assert_eq!(path(".env"), "/shared/attachments/.env_3f2a1b2c");
    }

    #[test]
    fn what_could_leave_its_directory_is_no_name() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a\nb", "\u{7f}"] {
            assert!(named(bad).check().is_err(), "{bad:?}");
        }
        assert!(named(&"x".repeat(101)).check().is_err());
        let typed = |mime: &str| Attachment { mime_type: Some(mime.to_owned()), ..named("x") };
        assert!(typed("image/png").check().is_ok());
        for bad in ["", "image", "image/", "image/p ng", "a/b/c", "image/png\r\nX: y"] {
            assert!(typed(bad).check().is_err(), "{bad:?}");
        }
    }
}
