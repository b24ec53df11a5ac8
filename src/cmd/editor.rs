//! Texts that are written in an editor, and are never lost.

use super::failure::word;
use super::{Context, files};
use crate::error::{Error, Kind, Result};
use crate::operation::{self, Operation};
use crate::ui::{Report, Terminal, prompt};
use std::env;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `--edit`, for commands that take a text.
#[derive(clap::Args, Debug, Clone, Copy)]
pub struct EditOption {
    /// Write the text in an editor: $VISUAL, else $EDITOR, else vi
    #[arg(long = "edit")]
    pub edit: bool,
}

/// A text, and where it is until something has been made of it.
pub struct Composed {
    pub text: String,
    kept: TextHome,
    /// It is what the command is about, and not beside it.
    asked: bool,
}

enum TextHome {
    /// Whoever gave it has it still.
    Elsewhere,
    /// Somebody typed it.
    Typed,
    /// In a file of the editor's.
    File(PathBuf),
}

impl Composed {
    fn elsewhere(text: String) -> Composed {
        Composed { text, kept: TextHome::Elsewhere, asked: true }
    }

    /// Says in an error where the text is that nothing was made of.
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

    /// The text has arrived.
    fn done(self) {
        if let TextHome::File(file) = self.kept {
            drop(std::fs::remove_file(file));
        }
    }
}

impl Context {
    /// A text argument: `-` is standard input, and so is none in a pipe. On a terminal somebody is
    /// asked: by the editor that they chose, else for a line where `question` is one. With `edit` it
    /// is the editor anyway, which begins with what was given, or with `before`. Before anybody types,
    /// what is made of the text is tried with another, so that nobody does for nothing.
    ///
    /// # Errors
    /// `Usage` when there is none; those of the editor; as [`files::text`]; those of the operation.
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
                None => Err(Error::usage("no text")
                    .hint("give it as an argument, or write `-` and type it, Ctrl-D at the end")),
            },
        }
    }

    /// A text that may be left out; with `edit` it is written in an editor, which begins with what was
    /// given, or with `before`.
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

    /// Refuses what would be refused, and writes nothing.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn try_out(&self, operation: &Operation) -> Result<()> {
        operation::run_alone(&mut self.rehearsal()?, operation).map(drop)
    }

    /// [`Context::perform`] for what is made of a text: that is not lost where it fails, or is only tried.
    pub fn say(&self, text: Composed, made_of_it: &dyn Fn(String) -> Operation) -> Result<Report> {
        let operation = made_of_it(text.text.clone());
        self.say_by(text, || self.perform(&operation))
    }

    /// The same, by what `perform` does.
    ///
    /// # Errors
    /// As there.
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

/// The editor that somebody chose.
pub fn chosen() -> Option<String> {
    let set = |name| env::var(name).ok().filter(|editor: &String| !editor.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR"))
}

/// The same, or `vi` where somebody is there to use it.
pub fn of(terminal: &Terminal) -> Option<String> {
    chosen().or_else(|| terminal.ask.then(|| "vi".to_owned()))
}

/// What an editor makes of a text.
///
/// # Errors
/// `Usage` where nobody is there to write, and no editor named; `Io` where it does not run,
/// `Interrupted` where it says that it failed: the text is kept.
fn edited(terminal: &Terminal, before: &str) -> Result<Composed> {
    let editor = of(terminal).ok_or_else(|| {
        Error::usage("no editor to write it in")
            .hint("set VISUAL or EDITOR, or give the text as an argument")
    })?;
    let failed = |e| Error::io("cannot make a file for the editor", e);
    let mut file =
        tempfile::Builder::new().prefix("crdtctl-").suffix(".md").tempfile().map_err(failed)?;
    let begun = if before.is_empty() { String::new() } else { format!("{before}\n") };
    file.write_all(begun.as_bytes()).map_err(failed)?;
    // Editors write another file in its place, or into it: it is read by its name.
    let (_, path) = file.keep().map_err(|e| failed(e.error))?;
    let ended = run(&editor, &path);
    // What nobody wrote a word of is as it was before.
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
        Ok(status) => {
            let what = format!("`{editor}` ended with {status}: nothing is done");
            return Err(unread(Error::new(Kind::Interrupted, what)));
        }
        Err(e) => {
            drop(std::fs::remove_file(&path));
            return Err(Error::io(format!("cannot run the editor `{editor}`"), e)
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
        return Err(Error::usage("an empty text: nothing is done")
            .hint("write something and save it, or give the text as an argument"));
    }
    Ok(Composed { text, kept: TextHome::File(path), asked: true })
}

/// Runs an editor as git does: its words are a shell's. Where standard output is no terminal it is for
/// the answer, and the editor has the one of standard error.
pub fn run(editor: &str, path: &Path) -> std::io::Result<std::process::ExitStatus> {
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
