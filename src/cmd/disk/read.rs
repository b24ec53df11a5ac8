//! `disk get` and `disk cat`: read files from the disks.

use super::list::select;
use super::lying::{Lying, OpenedFile, unscanned};
use crate::cmd::files;
use crate::cmd::{Context, OutFile};
use crate::concern::disk::content::TextFile;
use crate::concern::disk::{DiskFile, DiskPath, FileVersion, documents, read};
use crate::disk::{Contents, hash};
use crate::error::{Error, Kind, Next, Result, counted};
use crate::id::EntityId;
use crate::query::disk::{file, file_document, files as all_files, version};
use crate::store::{Reader, Store};
use crate::ui::Report;
use std::fs;
use std::io::{Cursor, Read, Seek};
use std::path::Path;

pub fn get(context: &Context, entity: &EntityId, path: &str, out: &OutFile) -> Result<Report> {
    let reader = context.reader()?;
    context.knows_where(out)?;
    let OpenedFile { path, mut content, executable, .. } = opened(&reader, entity, path)?;
    let name = out.file.as_deref().filter(|file| file.as_os_str() != "-");
    match name {
        Some(name) => {
            if Store::owns(name)? {
                return Err(Error::refused(format!("{} belongs to a store", name.display()))
                    .hint("name a file outside of it with `-O`"));
            }
            let bytes = files::write_from(name, &mut content)?;
            if executable && name.is_file() {
                files::make_executable(name)?;
            }
            Ok(Report::nothing().note(format!("wrote {path}, {bytes} bytes")))
        }
        None => Ok(Report::copied(content)),
    }
}

pub fn cat(context: &Context, entity: &EntityId, path: &str) -> Result<Report> {
    let reader = context.reader()?;
    let OpenedFile { path, mut content, is_text, .. } = opened(&reader, entity, path)?;
    if !context.terminal.interactive {
        return Ok(Report::copied(content));
    }
    if !is_text {
        return Err(Error::usage(format!("{path} is not a text"))
            .hint("`crdtctl disk get PATH -O FILE` writes it to a file"));
    }
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes).map_err(|e| Error::io("cannot read the file to show", e))?;
    Ok(Report::shown(&String::from_utf8_lossy(&bytes)))
}

/// Opens a file of a disk, or a file that is a document, or else a file in a directory that is not taken in
/// yet.
fn opened(reader: &Reader, entity: &EntityId, named: &str) -> Result<OpenedFile> {
    let none = match file(reader, entity, named) {
        Ok((doc, file)) => return Lying::of(reader, entity, &doc)?.open(&file),
        Err(e) if [Kind::NotFound, Kind::Usage].contains(&e.kind) => e,
        Err(e) => return Err(e),
    };
    if !named.starts_with('/')
        && let Some((_, file, version)) = version(reader, entity, named)?
    {
        return held(reader, file, &version);
    }
    let Ok(found) = file_document(reader, entity, named) else {
        return unscanned(reader, entity, named)?.ok_or(none);
    };
    let bytes = found.content.ok_or_else(|| {
        Error::refused(format!("{} holds no readable content", found.doc))
            .hint(Next::Dump.and(" shows what is in it"))
    })?;
    let is_text = TextFile::of(&bytes).is_some();
    Ok(OpenedFile {
        path: found.path,
        content: Box::new(Cursor::new(bytes)),
        is_text,
        executable: false,
    })
}

/// Opens one version of a file.
fn held(reader: &Reader, file: DiskFile, version: &FileVersion) -> Result<OpenedFile> {
    let (path, is_text, executable) = (file.path.clone(), version.is_text, file.executable);
    let opened = |content| Ok(OpenedFile { path, content, is_text, executable });
    if version.is_text {
        return opened(Box::new(Cursor::new(file.old_text.bytes())));
    }
    let failed = |e| Error::io(format!("cannot read a version of {}", file.path), e);
    let found = Contents::of(reader)?.open(&version.stored.blake3)?;
    if let Some(mut found) = found {
        // It may have been modified in place.
        if hash(&mut found)? == version.stored.blake3 {
            found.rewind().map_err(failed)?;
            return opened(Box::new(found));
        }
    }
    let what = format!("the content of version {} of {} is missing", version.id, file.path);
    Err(Error::not_found(what).hint(Next::Import.and(" adds it, if the bundle has it")))
}

pub fn get_all(context: &Context, entity: &EntityId, path: &str, out: &OutFile) -> Result<Report> {
    let reader = context.reader()?;
    let dir = out.file.as_deref().unwrap_or(Path::new("."));
    files::outside(dir)?;
    let rows = select(all_files(&reader, entity, false)?, Some(path))?;
    if rows.is_empty() {
        return Err(Error::not_found(format!("there is no file below {path}"))
            .hint(Next::Files.and(" lists the files")));
    }
    let around = DiskPath::parse_dir(path).ok();
    let progress = context.progress("getting files", Some(rows.len() as u64));
    let (mut count, mut removed) = (0u64, Vec::new());
    for (doc, kinds) in documents(entity) {
        let Some(view) = reader.view(&doc)? else { continue };
        let lying = Lying::of(&reader, entity, &doc)?;
        for row in &rows {
            let at = DiskPath::parse(&row.path)?;
            let Some(file) = read(&view, &row.id).filter(|_| kinds.contains(&at.disk())) else {
                continue;
            };
            if lying.is_removed(&file)? {
                removed.push(row.path.as_str());
                continue;
            }
            let below = around.as_ref().and_then(|dir| row.path.strip_prefix(dir.as_str()));
            let below = below.filter(|below| !below.is_empty()).map_or(at.within(), |below| below);
            let target = dir.join(below.trim_start_matches('/'));
            if target.symlink_metadata().is_ok() {
                return Err(Error::refused(format!("{} already exists", target.display()))
                    .hint("nothing is overwritten: name another directory with `-O`"));
            }
            let failed = |e| Error::io(format!("cannot write {}", target.display()), e);
            fs::create_dir_all(target.parent().unwrap_or(dir)).map_err(failed)?;
            lying.open(&file)?.write_one_of(&target)?;
            progress.advance(1);
            count += 1;
        }
    }
    if count > 0 {
        files::wait_for(dir)?;
    }
    let wrote = format!("wrote {} to {}", counted(count, "file"), dir.display());
    let report = Report::nothing().note(wrote);
    let Some(first) = removed.first() else { return Ok(report) };
    let first = match removed.len() {
        1 => (*first).to_owned(),
        n => format!("{first} and {} more", n.saturating_sub(1)),
    };
    let left = format!("left out {first}, which another program removed or moved");
    Ok(report.note(format!("{left}: `crdtctl disk scan` takes that in")))
}
