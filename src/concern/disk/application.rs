//! Files that the application keeps as documents of their own: `file:ENTITY:DISK:HASH` holds one whole
//! file, `website:ENTITY` the page of an entity. They are not files on the disks, and nothing here
//! merges them.

use super::file::FileHash;
use super::path::DiskPath;
use super::publish::WEBSITE;
use crate::crdt::source::Source;
use crate::id::DocId;
use data_encoding::BASE64;
use serde::Serialize;

/// The type of the documents that hold a file.
pub const FILE: &str = "file";
const PAGE: &str = "website";

/// A file that the application keeps in a document of its own; public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileDocument {
    /// The document.
    pub doc: DocId,
    /// The id that it gives the file; the document's id if it gives none.
    pub id: String,
    /// Its path in the application: below a disk, like the paths of files.
    pub path: String,
    /// Always `document`, a kind that no file on a disk has.
    pub kind: &'static str,
    /// The MIME type that the application gives it.
    pub mime_type: String,
    /// The size of its content; `None` if it has no valid content.
    pub size_bytes: Option<u64>,
    /// The BLAKE3 hash of its content, in hex.
    pub blake3: Option<String>,
    /// When it was created, in Unix seconds; 0 if it does not say.
    pub created_at: i64,
    /// When it was last changed, in Unix seconds.
    pub updated_at: i64,
    /// Whether the application encrypted its content, so that only it can read it.
    pub encrypted: bool,
    /// Its content.
    #[serde(skip)]
    pub content: Option<Vec<u8>>,
}

/// Whether a document is such a file of the application.
pub fn is_file_document(doc: &DocId) -> bool {
    [FILE, PAGE].contains(&doc.entity_type())
}

impl FileDocument {
    /// Reads a document.
    pub fn of(doc: DocId, view: &dyn Source) -> FileDocument {
        let root = doc.entity_type().to_owned();
        let text = |field: &str| view.text(&[&root, field]);
        let int = |field: &str| view.int(&[&root, field]).unwrap_or(0);
        let is_page = root == PAGE;
        let content = match is_page {
            true => text("html").map(String::into_bytes),
            false => text("content_base64").and_then(|held| BASE64.decode(held.as_bytes()).ok()),
        };
        let stored = content.as_deref().map(FileHash::of);
        let path = match is_page {
            true => WEBSITE.to_owned(),
            false => {
                let disk = text("disk_type").unwrap_or_default().to_lowercase();
                let path = text("path").unwrap_or_default();
                let path = format!("/{disk}/{}", path.trim_start_matches('/'));
                // As written, if it is not a valid path.
                DiskPath::parse(&path).map_or(path, |path| path.as_str().to_owned())
            }
        };
        let created_at = int(if is_page { "published_at" } else { "uploaded_at" });
        FileDocument {
            id: text("file_id").unwrap_or_else(|| doc.to_string()),
            path,
            kind: "document",
            mime_type: match is_page {
                true => "text/html".to_owned(),
                false => text("content_type").unwrap_or_default(),
            },
            size_bytes: stored.as_ref().map(|stored| stored.size_bytes),
            blake3: stored.map(|stored| stored.blake3),
            created_at,
            updated_at: int("updated_at").max(created_at),
            encrypted: view.flag(&[&root, "encrypted"]),
            content,
            doc,
        }
    }
}
