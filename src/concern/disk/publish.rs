//! The website of an entity: its content as one hash.

use super::content::TextFile;
use super::directory::Directory;
use super::path::DiskPath;
use super::put::Put;
use super::{SPEC, file};
use crate::concern::{Actor, Outcome, core};
use crate::crdt::source::Source;
use crate::error::{Error, Kind, Next, Result, counted};
use crate::id::{DocId, EntityId, hex};
use crate::policy::Action;
use crate::store::Session;
use serde::{Deserialize, Serialize};

/// The directory of the website.
pub const WEBSITE: &str = "/public/website";
/// The file with the hashes of all other files, as `b3sum` prints them.
pub const SUMS: &str = "B3SUMS";

/// The content of a website.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Website {
    /// One line per file, in byte order of the paths: hash, two blanks, path.
    pub sums: String,
    /// The hash of these lines, in hex.
    pub root: String,
    /// The number of files.
    pub files: usize,
}

/// The website in a document; `None` if there is none.
pub fn website(source: &dyn Source, doc: &DocId) -> Option<Website> {
    let directory = Directory::of(source, doc);
    let own = format!("{WEBSITE}/{SUMS}");
    let mut lines = Vec::new();
    for place in directory.owners().filter(|place| place.path.as_str() != own) {
        let below =
            place.path.as_str().strip_prefix(WEBSITE).and_then(|path| path.strip_prefix('/'));
        let stored = file::read(source, &place.id).and_then(|file| file.content.stored());
        if let (Some(path), Some(stored)) = (below, stored) {
            lines.push((path.to_owned(), stored.blake3));
        }
    }
    lines.sort();
    let files = lines.len();
    let sums: String = lines.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect();
    let root = hex(blake3::hash(sums.as_bytes()).as_bytes());
    (files > 0).then_some(Website { sums, root, files })
}

/// Writes the hashes of all files of the website into a file beside them, and the hash of that into the
/// entity's metadata: `website_root`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Publish {
    /// The group, channel, project or organization whose website it is.
    pub entity: EntityId,
}

impl Publish {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        actor.may(&Action::Describe, self.entity.as_str()).map_err(|e| match e.kind {
            Kind::Refused => e.saying(format!(
                "{} may not publish the website of {}; an admin or owner may",
                actor.id, self.entity
            )),
            _ => e,
        })?;
        let site =
            session.read(&doc, |source| website(source, &doc))?.flatten().ok_or_else(|| {
                Error::not_found(format!("there is nothing in {WEBSITE}"))
                    .hint(Next::Files.and(" shows what is there"))
            })?;
        let path = DiskPath::parse(&format!("{WEBSITE}/{SUMS}"))?;
        let sums = TextFile { text: site.sums.clone(), ..TextFile::default() };
        let put = Put::text(self.entity.clone(), path, sums).run(session)?;
        let is_new = core::note_website(session, &self.entity, &site.root)?;
        let core = self.entity.document(core::SPEC.name);
        Ok(Outcome::new(put.changed || is_new, core, &site.root)
            .saying(format!("published {} of {WEBSITE}", counted(site.files as u64, "file")))
            .with("website_root", site.root.into())
            .with("files", site.files.into()))
    }
}
