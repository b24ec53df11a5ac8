//! `disk get`, `disk cat`, `disk diff`: files from the disks.

use super::list::select;
use crate::cmd::files;
use crate::cmd::{Context, OutFile};
use crate::concern::disk::{DiskContent, DiskFile, DiskPath, documents, read};
use crate::disk::{Objects, Tree};
use crate::error::{Error, Next, Result};
use crate::id::{DocId, EntityId};
use crate::query::disk::{file, files as all_files};
use crate::store::{Reader, Store};
use crate::ui::Report;
use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff, InternedInput, UnifiedDiffConfig};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

pub fn get(context: &Context, entity: &EntityId, path: &str, out: &OutFile) -> Result<Report> {
    let reader = context.reader()?;
    context.knows_where(out)?;
    let (doc, file) = file(&reader, entity, path)?;
    let mut content = Lying::of(&reader, entity, &doc)?.open(&file)?;
    let name = out.file.as_deref().filter(|file| file.as_os_str() != "-");
    match name {
        Some(name) => {
            if Store::owns(name)? {
                return Err(Error::refused(format!("{} belongs to a store", name.display()))
                    .hint("name a file outside of it with `-O`"));
            }
            let bytes = files::write_from(name, &mut content)?;
            Ok(Report::nothing().note(format!("wrote {}, {bytes} bytes", file.path)))
        }
        None => Ok(Report::copied(content)),
    }
}

pub fn cat(context: &Context, entity: &EntityId, path: &str) -> Result<Report> {
    let reader = context.reader()?;
    let (doc, file) = file(&reader, entity, path)?;
    let mut content = Lying::of(&reader, entity, &doc)?.open(&file)?;
    if !context.terminal.interactive {
        return Ok(Report::copied(content));
    }
    let mut bytes = Vec::new();
    match &file.content {
        DiskContent::Text(_) => content.read_to_end(&mut bytes),
        DiskContent::Binary(_) => {
            return Err(Error::usage(format!("{} is no text", file.path))
                .hint("`crdtctl disk get PATH -O FILE` writes it to a file"));
        }
    }
    .map_err(|e| Error::io("cannot read what is to be shown", e))?;
    Ok(Report::shown(&String::from_utf8_lossy(&bytes)))
}

pub fn get_all(context: &Context, entity: &EntityId, path: &str, out: &OutFile) -> Result<Report> {
    let reader = context.reader()?;
    let dir = out.file.as_deref().unwrap_or(Path::new("."));
    super::outside::outside(dir)?;
    let rows = select(all_files(&reader, entity, false)?, Some(path))?;
    if rows.is_empty() {
        return Err(Error::not_found(format!("there is no file below {path}"))
            .hint(Next::Files.and(" shows those that are there")));
    }
    let around = DiskPath::parse_dir(path).ok();
    let progress = context.progress("getting files", Some(rows.len() as u64));
    let mut count = 0usize;
    for (doc, kinds) in documents(entity) {
        let Some(view) = reader.view(&doc)? else { continue };
        let lying = Lying::of(&reader, entity, &doc)?;
        for row in &rows {
            let at = DiskPath::parse(&row.path)?;
            let Some(file) = read(&view, &row.id).filter(|_| kinds.contains(&at.disk())) else {
                continue;
            };
            let below = around.as_ref().and_then(|dir| row.path.strip_prefix(dir.as_str()));
            let below = below.filter(|below| !below.is_empty()).map_or(at.within(), |below| below);
            let target = dir.join(below.trim_start_matches('/'));
            if target.symlink_metadata().is_ok() {
                return Err(Error::refused(format!("{} is there already", target.display()))
                    .hint("nothing is written over: name another directory with `-O`"));
            }
            let failed = |e| Error::io(format!("cannot write {}", target.display()), e);
            fs::create_dir_all(target.parent().unwrap_or(dir)).map_err(failed)?;
            files::write_one_of(&target, &mut lying.open(&file)?)?;
            progress.advance(1);
            count += 1;
        }
    }
    files::wait_for(dir)?;
    Ok(Report::nothing().note(format!("wrote {count} files to {}", dir.display())))
}

/// What the files of a document hold: as each lies in its directory, where somebody changed it there;
/// else as the store says.
pub struct Lying {
    disks: Option<PathBuf>,
    tree: Option<Tree>,
    /// What was last written, by the ids of the files.
    written: BTreeMap<String, String>,
}

impl Lying {
    pub fn of(reader: &Reader, entity: &EntityId, doc: &DocId) -> Result<Lying> {
        let disks = reader.disks();
        let written = match reader.state() {
            Some(state) => state.written_hashes(doc)?,
            None => Vec::new(),
        };
        let tree = disks.as_deref().map(|disks| Tree::of_reader(reader, entity, disks));
        Ok(Lying { tree: tree.transpose()?, disks, written: written.into_iter().collect() })
    }

    pub fn open(&self, file: &DiskFile) -> Result<Box<dyn Read>> {
        let not_here = || {
            Error::not_found(format!("the content of {} is not here yet", file.path))
                .hint(Next::Import.and(" brings it, if the bundle has it"))
        };
        let (Some(disks), Some(tree)) = (&self.disks, &self.tree) else { return Err(not_here()) };
        let wanted = file.content.stored();
        if let Some(path) = file.place() {
            let written = self.written.get(&file.id);
            let is_newer = |blake3: &str| written.is_some_and(|w| w != blake3);
            if let Some((mut found, lies)) = tree.open_hashed(&path)?
                && (wanted.as_ref() == Some(&lies) || is_newer(&lies.blake3))
            {
                found.rewind().map_err(|e| Error::io(format!("cannot read {path}"), e))?;
                return Ok(Box::new(found));
            }
        }
        match (&file.content, wanted) {
            (DiskContent::Text(text), _) => Ok(Box::new(std::io::Cursor::new(text.bytes()))),
            (DiskContent::Binary(_), Some(wanted)) => {
                match Objects::open(disks)?.read(&wanted.blake3)? {
                    Some(found) => Ok(Box::new(found)),
                    None => Err(not_here()),
                }
            }
            (DiskContent::Binary(_), None) => Err(not_here()),
        }
    }
}

pub fn diff(
    context: &Context,
    entity: &EntityId,
    path: &str,
    with: Option<&Path>,
) -> Result<Report> {
    let reader = context.reader()?;
    let (doc, file) = file(&reader, entity, path)?;
    let DiskContent::Text(old) = &file.content else { return Err(no_text(&file.path)) };
    let new = match with {
        Some(store) => {
            let other = Store::open_with(store, context.environment())?.reader()?;
            match crate::query::disk::file(&other, entity, &file.path)?.1.content {
                DiskContent::Text(new) => new.text,
                DiskContent::Binary(_) => return Err(no_text(&file.path)),
            }
        }
        None => {
            let mut bytes = Vec::new();
            let failed = |e| Error::io(format!("cannot read {}", file.path), e);
            let mut lying = Lying::of(&reader, entity, &doc)?.open(&file)?;
            lying.read_to_end(&mut bytes).map_err(failed)?;
            let new = crate::concern::disk::content::TextFile::of(&bytes);
            new.ok_or_else(|| no_text(&file.path))?.text
        }
    };
    let input = InternedInput::new(old.text.as_str(), new.as_str());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let printer = BasicLineDiffPrinter(&input.interner);
    let text = diff.unified_diff(&printer, UnifiedDiffConfig::default(), &input).to_string();
    let shown = crate::ui::shown_text(&text);
    let found = !text.is_empty();
    let report = Report::text(match found {
        true => format!("--- {0}\n+++ {0}\n{shown}", file.path),
        false => String::new(),
    });
    Ok(match found {
        true => report.exit(crate::cmd::exit_code(crate::error::Kind::Findings)),
        false => report.note("nothing differs"),
    })
}

fn no_text(path: &str) -> Error {
    Error::refused(format!("{path} is no text")).hint("`crdtctl disk history` lists its versions")
}
