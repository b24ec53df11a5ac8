//! Files attached to messages; they are kept on the shared disk of the entity.

use crate::cmd::disk::{self, SourceFile};
use crate::cmd::{Context, OutFile, failure};
use crate::concern::chat::{AttachedFile, Attachment, DeleteMessage, Send, attachment_paths};
use crate::concern::disk::{Directory, DiskPath, RemoveFile, SPEC, no_file};
use crate::disk::{Tree, Which};
use crate::error::{Error, Hint, Next, Result};
use crate::operation::{self, Operation, Outcome};
use crate::query::attached::{self, AloneFile, attached_alone};
use crate::query::chat as query;
use crate::store::Session;
use crate::ui::{Body, Report, Written};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum AttachmentVerb {
    /// Get a file that is attached to a message
    #[command(after_help = "Examples:
  id=$(crdtctl chat send 'The maps' --attach map.png --attach oars.png)
  crdtctl chat attachment get \"$id\" map.png -O copy.png")]
    Get {
        /// The message's id, or a unique prefix of it
        message: String,
        /// The name of the file, if several are attached
        name: Option<String>,
        #[command(flatten)]
        out: OutFile,
    },
}

/// Puts files on the disk and sends the message that they are attached to, in one commit.
pub fn send(context: &Context, send: Send, files: &[PathBuf]) -> Result<Report> {
    let mut session = context.session()?;
    let send = Operation::ChatSend(bring(&mut session, send, files)?);
    let outcome = operation::run(&mut session, &send)?;
    let committed = session.commit()?;
    let told = disk::told(outcome);
    // A dry run creates no record, so it has no id.
    let id = told.id.clone().filter(|_| !context.is_dry());
    Ok(context.written(Written { id, creates: true, ..told }, committed))
}

/// Puts `files`, which are the last attachments of a message, on the disk. Returns the message with their
/// paths there.
pub fn bring(session: &mut Session, send: Send, files: &[PathBuf]) -> Result<Send> {
    let entity = send.entity.clone();
    let (mut attachments, before) =
        (Vec::new(), send.attachments.len().saturating_sub(files.len()));
    for (number, attachment) in send.attachments.iter().cloned().enumerate() {
        let Some(source) = number.checked_sub(before).and_then(|at| files.get(at)).cloned() else {
            attachments.push(attachment);
            continue;
        };
        let path = free_path(session, &send, &attachment.filename)?;
        let file_path = Some(path.to_string());
        let put = SourceFile { source, path }.read(session, &entity)?;
        let blake3 = put.stored().map(|stored| stored.blake3);
        let file_id = operation::run(session, &Operation::DiskPut(put))?.id;
        attachments.push(Attachment { file_path, file_id, blake3, ..attachment });
    }
    Ok(Send { attachments, ..send })
}

/// Deletes a message and, if wanted, the files attached only to it: a terminal asks, elsewhere a note names
/// them.
pub fn delete(context: &Context, message: String, with_files: bool) -> Result<Report> {
    let entity = context.entity()?;
    let files = attached_alone(&context.reader()?, &entity, &message)?;
    let delete = Operation::ChatDelete(DeleteMessage { entity: entity.clone(), message });
    if files.is_empty() {
        return context.perform(&delete);
    }
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let question = format!(
        "{} attached only to this message. Remove {} too?",
        are(&paths),
        if paths.len() == 1 { "it" } else { "them" }
    );
    let removes = with_files || context.asks() && context.confirm(&question)?;
    if !removes {
        let mut report = context.perform(&delete)?;
        // A person has already answered no; a program learns which files remain.
        let Body::Written(written) = &mut report.body else { return Ok(report) };
        written.extra.insert("unattached_files".to_owned(), json!(paths));
        let would = if context.is_dry() { "would then be" } else { "is now" };
        report.notes.extend(files.iter().map(|file| {
            let (path, entity) = (&file.path, entity.to_string());
            let remove = Next::RemoveFile { path: file.name.clone(), entity };
            let said = format!("{path} {would} attached to no message: ");
            failure::hint(&Hint::from(said).next(remove).and(" removes it"))
        }));
        return Ok(report);
    }
    let run = |session: &mut Session| -> Result<Vec<Outcome>> {
        let remove = |file: &AloneFile| {
            let remove = RemoveFile { entity: entity.clone(), file: file.name.clone() };
            operation::run(session, &Operation::DiskRemove(remove))
        };
        let removed = files.iter().map(remove).collect::<Result<Vec<_>>>()?;
        let deleted = operation::run(session, &delete)?;
        Ok(std::iter::once(deleted).chain(removed).collect())
    };
    if context.asks() {
        let trial = run(&mut context.rehearsal()?)?;
        if !context.confirm_loss(trial.iter().map(|outcome| outcome.gone().len()).sum())? {
            return Ok(Report::nothing().note("nothing was deleted"));
        }
    }
    let touched = Which::At(files.iter().map(|file| file.path.clone()).collect());
    disk::change(context, &entity, &touched, |session| {
        let outcomes = run(session)?;
        let gone: Vec<&str> = outcomes.iter().flat_map(Outcome::gone).collect();
        let first = outcomes.first().cloned();
        let first = first.ok_or_else(|| Error::bug("deleting a message had no outcome"))?;
        let mut told = disk::told(first);
        told.sentence = format!("{}, and removed {}", told.sentence, paths.join(", "));
        told.extra.insert("removed_files".to_owned(), json!(paths));
        if !gone.is_empty() {
            told.extra.insert("pruned".to_owned(), json!(gone));
        }
        Ok(told)
    })
}

/// "a is", "a and b are"
fn are(paths: &[&str]) -> String {
    match paths {
        [one] => format!("{one} is"),
        several => format!("{} are", several.join(", ")),
    }
}

/// Returns a free path for a file of this name: nothing is there in the document or in the directory.
fn free_path(session: &mut Session, send: &Send, filename: &str) -> Result<DiskPath> {
    let doc = send.entity.document(SPEC.name);
    let tree = Tree::of_session(session, &send.entity)?;
    for path in attachment_paths(filename) {
        let path = DiskPath::parse(&path)?;
        let is_taken = Directory::with(session, &doc, |_, directory| directory.is_taken(&path))?;
        if !is_taken && tree.open_file(&path)?.is_none() {
            return Ok(path);
        }
    }
    Err(Error::bug("no name is left for an attachment"))
}

/// Writes an attached file for the user.
pub fn get(context: &Context, message: &str, name: Option<&str>, out: &OutFile) -> Result<Report> {
    let entity = context.entity()?;
    let found = query::find(&context.reader()?, &entity, message)?;
    let list = found.attachments.as_array().into_iter().flatten();
    let said = |one: &Value| {
        let field = |name: &str| one.get(name).and_then(Value::as_str);
        (field("filename").unwrap_or_default().to_owned(), AttachedFile::of(field))
    };
    let attached: Vec<(String, Option<AttachedFile>)> = list.map(said).collect();
    let show = format!("`crdtctl chat show {message}` lists what is attached");
    match meant(&attached, name).as_slice() {
        [(_, Some(file))] if file.id.is_some() => {
            // Another file may have taken its path.
            let name = attached::called(&context.reader()?, &entity, file)?;
            disk::get(context, &entity, &name.ok_or_else(|| no_file(&file.path))?, out)
        }
        [(_, file)] => {
            let path = file.as_ref().map_or("", |file| file.path.as_str());
            disk::get(context, &entity, path, out)
        }
        [] if attached.is_empty() => {
            Err(Error::not_found(format!("nothing is attached to {message}")).hint(show))
        }
        [] => {
            let name = name.unwrap_or_default();
            Err(Error::not_found(format!("no {name:?} is attached to {message}")).hint(show))
        }
        several => {
            let names: Vec<&str> =
                several.iter().map(|(name, file)| last_name(name, file)).collect();
            let what = format!("{} files are attached to {message}", several.len());
            Err(Error::usage(what).hint(format!("name one of them: {}", names.join(", "))))
        }
    }
}

/// Returns the attachments with a name, or all of them. Two may share the name of their source files, but
/// each has its own name on the disk.
fn meant<'a>(
    attached: &'a [(String, Option<AttachedFile>)],
    name: Option<&str>,
) -> Vec<&'a (String, Option<AttachedFile>)> {
    let Some(name) = name else { return attached.iter().collect() };
    let named: Vec<_> = attached.iter().filter(|(filename, _)| filename == name).collect();
    if named.len() == 1 {
        return named;
    }
    let is_it = |file: &AttachedFile| file.path == name || file.id.as_deref() == Some(name);
    let lies_so = |one: &&(String, Option<AttachedFile>)| {
        let (filename, file) = one;
        last_name(filename, file) == name || file.as_ref().is_some_and(is_it)
    };
    let lying: Vec<_> = attached.iter().filter(lies_so).collect();
    if lying.is_empty() { named } else { lying }
}

/// The name that a file has on the disk.
fn last_name<'a>(filename: &'a str, file: &'a Option<AttachedFile>) -> &'a str {
    let path = file.as_ref().and_then(|file| file.path.rsplit('/').next());
    path.filter(|name| !name.is_empty()).unwrap_or(filename)
}
