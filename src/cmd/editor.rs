//! Texts written in an editor, which are never lost.

use super::failure::word;
use super::{Context, files};
use crate::error::{Error, Kind, Result};
use crate::operation::{self, Operation};
use crate::ui::{Report, Terminal, prompt};
use std::env;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// `--edit`, for commands that take a text.
#[derive(clap::Args, Debug, Clone, Copy)]
pub struct EditOption {
    /// Write the text in an editor: $VISUAL, else $EDITOR, else vi
    #[arg(long = "edit")]
    pub edit: bool,
}

/// A text, and where it is kept until the operation has succeeded.
pub struct Composed {
    pub text: String,
    kept: TextHome,
    /// Whether the text is the subject of the command, not an optional description.
    asked: bool,
}

enum TextHome {
    /// The caller still has it.
    Elsewhere,
    /// Typed at a prompt or on a terminal.
    Typed,
    /// In the editor's file.
    File(PathBuf),
}

impl Composed {
    fn elsewhere(text: String) -> Composed {
        Composed { text, kept: TextHome::Elsewhere, asked: true }
    }

    /// Adds to an error where the unused text can be found.
    pub fn kept(&self, error: Error) -> Error {
        match &self.kept {
            TextHome::Typed if !self.text.trim().is_empty() => {
                error.because(format!("the text was: {}", self.text))
            }
            TextHome::File(file) => {
                let file = file.to_string_lossy();
                let again =
                    format!("the text is in {file}: give it again with `- < {}`", word(&file));
                error.hint_also(again)
            }
            _ => error,
        }
    }

    /// Removes the editor's file: the text was used.
    fn done(self) {
        if let TextHome::File(file) = self.kept {
            drop(std::fs::remove_file(file));
        }
    }
}

impl Context {
    /// Returns a text argument: `-`, or none in a pipe, reads standard input. On a terminal the user is
    /// asked, in the editor of their choice or else for a line if there is a `question`. With `edit` it
    /// is always the editor, which begins with the given text, or with `before`. The operation is tried
    /// with a sample text first, so that nobody types in vain.
    ///
    /// # Errors
    /// `Usage` if there is none; those of the editor; as [`files::text`]; those of the operation.
    pub fn compose(
        &self,
        argument: Option<&str>,
        edit: bool,
        question: Option<&str>,
        before: impl FnOnce() -> Result<String>,
        made_of_it: &dyn Fn(String) -> Operation,
    ) -> Result<Composed> {
        let from_terminal =
            argument.is_none_or(|text| text == "-") && std::io::stdin().is_terminal();
        if edit || from_terminal {
            self.try_out(&made_of_it("text".to_owned()))?;
        }
        let given = |text: String| match from_terminal {
            true => Composed { text, kept: TextHome::Typed, asked: true },
            false => Composed::elsewhere(text),
        };
        match argument {
            Some(text) if edit => edited(&self.terminal, &files::text(text)?),
            Some(text) => files::text(text).map(given),
            None if edit => edited(&self.terminal, &before()?),
            None if !from_terminal => files::text("-").map(given),
            None if self.terminal.ask && (question.is_none() || chosen().is_some()) => {
                edited(&self.terminal, &before()?)
            }
            None => match question.filter(|_| self.terminal.ask) {
                Some(question) => {
                    let text = prompt::line(&self.terminal, question, "TEXT")?;
                    Ok(Composed { text, kept: TextHome::Typed, asked: true })
                }
                None => Err(Error::usage("no text").hint(
                    "give it as an argument, or give `-`, type the text and end with Ctrl-D",
                )),
            },
        }
    }

    /// Returns a text that may be left out; with `edit` it is written in an editor, which begins with the
    /// given text, or with `before`.
    ///
    /// # Errors
    /// As [`Context::compose`].
    pub fn describe(
        &self,
        argument: Option<&str>,
        edit: bool,
        before: impl FnOnce() -> Result<String>,
        made_of_it: &dyn Fn(String) -> Operation,
    ) -> Result<Composed> {
        let composed = match (argument, edit) {
            (None, false) => Composed::elsewhere(String::new()),
            _ => self.compose(argument, edit, None, before, made_of_it)?,
        };
        Ok(Composed { asked: false, ..composed })
    }

    /// Tries an operation without writing anything.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn try_out(&self, operation: &Operation) -> Result<()> {
        operation::run_alone(&mut self.rehearsal()?, operation).map(drop)
    }

    /// [`Context::perform`] for an operation with a text, which is kept if it fails or is a dry run.
    pub fn say(&self, text: Composed, made_of_it: &dyn Fn(String) -> Operation) -> Result<Report> {
        let operation = made_of_it(text.text.clone());
        self.say_by(text, || self.perform(&operation))
    }

    /// The same, with `perform` as the operation.
    ///
    /// # Errors
    /// Those of `perform`.
    pub fn say_by(
        &self,
        text: Composed,
        perform: impl FnOnce() -> Result<Report>,
    ) -> Result<Report> {
        let how = "give the text as an argument, or `-` to read it from stdin";
        let said = perform().map_err(|error| {
            text.kept(match error.kind {
                Kind::Usage if text.asked => error.hint_else(how),
                _ => error,
            })
        })?;
        match &text.kept {
            TextHome::File(file) if self.is_dry() => {
                Ok(said.note(format!("the text is in {}", file.display())))
            }
            _ => {
                text.done();
                Ok(said)
            }
        }
    }
}

/// The editor that the environment names.
pub fn chosen() -> Option<String> {
    let set = |name| env::var(name).ok().filter(|editor: &String| !editor.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR"))
}

/// The same, or `vi` on a terminal.
pub fn of(terminal: &Terminal) -> Option<String> {
    chosen().or_else(|| terminal.ask.then(|| "vi".to_owned()))
}

/// Has a text edited in an editor.
///
/// # Errors
/// `Usage` if no editor is named and nobody is at a terminal; `Io` if it does not run, `Interrupted` if
/// it reports failure: the text is kept.
fn edited(terminal: &Terminal, before: &str) -> Result<Composed> {
    let editor = of(terminal).ok_or_else(|| {
        Error::usage("no editor to write the text in")
            .hint("set VISUAL or EDITOR, or give the text as an argument")
    })?;
    let failed = |e| Error::io("cannot make a file for the editor", e);
    let mut file =
        tempfile::Builder::new().prefix("crdtctl-").suffix(".md").tempfile().map_err(failed)?;
    let begun = if before.is_empty() { String::new() } else { format!("{before}\n") };
    file.write_all(begun.as_bytes()).map_err(failed)?;
    // Editors replace the file or write into it, so read it by name.
    let (_, path) = file.keep().map_err(|e| failed(e.error))?;
    let ended = run(&editor, &path);
    // An unchanged file need not be kept.
    let is_new = std::fs::read(&path).map_or(true, |text| text != begun.as_bytes());
    let kept = Composed { text: begun, kept: TextHome::File(path.clone()), asked: true };
    let unread = |e: Error| match is_new {
        true => kept.kept(e),
        false => {
            drop(std::fs::remove_file(&path));
            e.hint("name another one in VISUAL or EDITOR, or give the text as an argument")
        }
    };
    match ended {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(unread(failed_with(&editor, status, "nothing was done"))),
        Err(e) => {
            drop(std::fs::remove_file(&path));
            return Err(Error::io(cannot_run(&editor), e)
                .hint("name another one in VISUAL or EDITOR, or give the text as an argument"));
        }
    }
    let text = std::fs::read(&path)
        .map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
    let mut text = String::from_utf8(text)
        .map_err(|e| unread(Error::usage("the text is not UTF-8").because(e.utf8_error())))?;
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    if text.trim().is_empty() {
        drop(std::fs::remove_file(&path));
        return Err(Error::usage("the text is empty: nothing was done")
            .hint("write something and save it, or give the text as an argument"));
    }
    Ok(Composed { text, kept: TextHome::File(path), asked: true })
}

/// The exit codes of a shell that found no such program, or could not run it.
const NOT_RUN: [i32; 2] = [126, 127];

/// Returns the error for an editor that reported failure, with a word that `nothing` came of it. An editor
/// that never ran was interrupted by nobody.
pub fn failed_with(editor: &str, ended: ExitStatus, nothing: &str) -> Error {
    match ended.code() {
        Some(code) if NOT_RUN.contains(&code) => {
            Error::io(cannot_run(editor), format!("it ended with {ended}"))
        }
        _ => Error::new(Kind::Interrupted, format!("`{editor}` ended with {ended}: {nothing}")),
    }
}

/// The message about an editor that does not start.
pub fn cannot_run(editor: &str) -> String {
    format!("cannot run the editor `{editor}`")
}

/// Runs an editor as git does, through a shell. If standard output is not a terminal it is reserved for
/// the answer, and the editor writes to standard error.
pub fn run(editor: &str, path: &Path) -> std::io::Result<ExitStatus> {
    let mut command = match cfg!(windows) {
        true => Command::new(editor),
        false => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("{editor} \"$@\"")).arg(editor);
            shell
        }
    };
    command.arg(path);
    if !std::io::stdout().is_terminal() {
        command.stdout(screen());
    }
    command.status()
}

#[cfg(unix)]
fn screen() -> Stdio {
    use std::os::fd::AsFd;
    let own = std::io::stderr().as_fd().try_clone_to_owned();
    own.map_or_else(|_| Stdio::null(), Stdio::from)
}

#[cfg(not(unix))]
fn screen() -> Stdio {
    Stdio::inherit()
}
