//! Files that messages bring along: they lie on the shared disk of the entity.

use crate::cmd::disk::{self, SourceFile};
use crate::cmd::{Context, OutFile};
use crate::concern::chat::{Attachment, Send, attachment_paths};
use crate::concern::disk::{Directory, DiskPath, SPEC};
use crate::disk::Tree;
use crate::error::{Error, Result};
use crate::operation::{self, Operation};
use crate::query::chat as query;
use crate::store::Session;
use crate::ui::{Report, Written};
use clap::Subcommand;
use serde_json::Value;
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
        /// The name of the file, where several are attached
        name: Option<String>,
        #[command(flatten)]
        out: OutFile,
    },
}

/// Puts files to the disk and sends the message that brings them, in one commit.
pub fn send(context: &Context, send: Send, files: Vec<(PathBuf, Attachment)>) -> Result<Report> {
    let entity = send.entity.clone();
    let mut session = context.session()?;
    let mut attachments = Vec::with_capacity(files.len());
    for (source, attachment) in files {
        let path = free_path(&mut session, &send, &attachment.filename)?;
        let file_path = Some(path.to_string());
        let put = SourceFile { source, path }.read(&session, &entity)?;
        operation::run(&mut session, &Operation::DiskPut(put))?;
        attachments.push(Attachment { file_path, ..attachment });
    }
    let send = Operation::ChatSend(Send { attachments, ..send });
    let outcome = operation::run(&mut session, &send)?;
    let committed = session.commit()?;
    let told = disk::told(outcome);
    // An id that was made for nothing is no id.
    let id = told.id.clone().filter(|_| !context.is_dry());
    Ok(context.written(Written { id, creates: true, ..told }, committed))
}

/// Where a file of this name can lie: nothing is there, neither by the document nor in the directory.
fn free_path(session: &mut Session, send: &Send, filename: &str) -> Result<DiskPath> {
    let doc = send.entity.document(SPEC.name);
    let tree = Tree::of_session(session, &send.entity)?;
    for path in attachment_paths(filename) {
        let path = DiskPath::parse(&path)?;
        let directory = Directory::take(session, &doc)?;
        let is_taken = directory.at(&path)?.is_some();
        directory.keep(session, &doc);
        if !is_taken && tree.open_file(&path)?.is_none() {
            return Ok(path);
        }
    }
    Err(Error::bug("no name is left for an attachment"))
}

/// Writes a file that is attached to a message for the user.
pub fn get(context: &Context, message: &str, name: Option<&str>, out: &OutFile) -> Result<Report> {
    let entity = context.entity()?;
    let found = query::find(&context.reader()?, &entity, message)?;
    let attached: Vec<[&str; 2]> = found
        .attachments
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            ["filename", "file_path"].map(|key| one.get(key).and_then(Value::as_str).unwrap_or(""))
        })
        .collect();
    let show = format!("`crdtctl chat show {message}` lists what is attached");
    let wanted = attached.iter().filter(|[file, _]| name.is_none_or(|name| name == *file));
    match wanted.collect::<Vec<_>>().as_slice() {
        [[_, path]] => disk::get(context, &entity, path, out),
        [] if attached.is_empty() => {
            Err(Error::not_found(format!("nothing is attached to {message}")).hint(show))
        }
        [] => {
            let name = name.unwrap_or_default();
            Err(Error::not_found(format!("no {name:?} is attached to {message}")).hint(show))
        }
        several => Err(Error::usage(format!("{} files are attached to {message}", several.len()))
            .hint("name one of them; `crdtctl disk get PATH` takes the path of each")),
    }
}
