//! Standard output on a terminal, through a pager where it is longer than a screen.

use super::files;
use crate::ui::{Body, Report, Terminal};
use std::env;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

/// What a shell must look at: the rest can be started as it is.
const SHELL: &str = "|&;<>()$`\\\"'*?[#~%\n";

/// Where a report goes: standard output, and on a terminal a pager, as soon as there is more than a
/// screen of it. Bytes, and what is written as it happens, go there as they are.
pub fn sink(report: &Report, terminal: &Terminal) -> Box<dyn Write> {
    let held = !matches!(
        report.body,
        Body::Raw(_)
            | Body::Copied(_)
            | Body::Feed { .. }
            | Body::Written(_)
            | Body::Stream { live: true, .. }
    );
    match program().filter(|_| held && terminal.pages) {
        Some(program) => Box::new(Screen {
            program,
            room: terminal.height.saturating_sub(1).max(1),
            width: terminal.width.max(1),
            held: Vec::new(),
            rows: 0,
            column: 0,
            escaped: false,
            then: Then::Held,
        }),
        None => files::output(),
    }
}

/// `CRDTCTL_PAGER`, else `PAGER`, else less; none where that is empty or `cat`, and on a terminal that
/// cannot move its cursor.
fn program() -> Option<String> {
    let named = ["CRDTCTL_PAGER", "PAGER"].into_iter().find_map(|name| env::var(name).ok());
    let program = named.unwrap_or_else(|| "less".to_owned());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    (!dumb && !program.trim().is_empty() && program.trim() != "cat").then_some(program)
}

/// What becomes of output that is held until it is known to be longer than a screen.
struct Screen {
    program: String,
    /// Rows and columns of the screen, one row left for the prompt.
    room: usize,
    width: usize,
    held: Vec<u8>,
    /// The rows that are full so far, and the columns of the one that is not.
    rows: usize,
    column: usize,
    /// In the middle of a colour.
    escaped: bool,
    then: Then,
}

/// Where output goes once that is known.
enum Then {
    Held,
    Pager(Child),
    Plain(Box<dyn Write>),
}

impl Screen {
    fn count(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => (self.rows, self.column) = (self.rows.saturating_add(1), 0),
                0x1b => self.escaped = true,
                byte if self.escaped => self.escaped = !byte.is_ascii_alphabetic(),
                // The first byte of a character; what is wide is taken for narrow.
                byte if byte & 0xc0 != 0x80 => {
                    self.column = self.column.saturating_add(1);
                    if self.column > self.width {
                        (self.rows, self.column) = (self.rows.saturating_add(1), 1);
                    }
                }
                _ => {}
            }
        }
    }

    fn decide(&mut self) -> io::Result<()> {
        self.then = match start(&self.program) {
            Ok(pager) => Then::Pager(pager),
            // One that is not installed is no reason to show nothing.
            Err(_) => Then::Plain(files::output()),
        };
        let held = std::mem::take(&mut self.held);
        self.write_all(&held)
    }
}

fn start(program: &str) -> io::Result<Child> {
    let mut command = match program.chars().any(|c| SHELL.contains(c)) {
        true => {
            let mut command = Command::new("sh");
            command.args(["-c", program]);
            command
        }
        false => {
            let mut words = program.split_whitespace();
            let mut command = Command::new(words.next().unwrap_or_default());
            command.args(words);
            command
        }
    };
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
        if env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::piped()).spawn()
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.then {
            Then::Pager(child) => match &mut child.stdin {
                Some(pager) => pager.write(bytes),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            },
            Then::Plain(out) => out.write(bytes),
            Then::Held => {
                self.held.extend_from_slice(bytes);
                self.count(bytes);
                if self.rows > self.room {
                    self.decide()?;
                }
                Ok(bytes.len())
            }
        }
    }

    /// Nothing more comes: what is said beside it stands below it.
    fn flush(&mut self) -> io::Result<()> {
        match &mut self.then {
            Then::Held => {
                let mut out = files::output();
                out.write_all(&std::mem::take(&mut self.held))?;
                out.flush()
            }
            Then::Plain(out) => out.flush(),
            Then::Pager(child) => {
                drop(child.stdin.take());
                child.wait().map(drop)
            }
        }
    }
}

/// A pager that somebody left early puts the screen back before the process ends.
impl Drop for Screen {
    fn drop(&mut self) {
        if let Then::Pager(child) = &mut self.then {
            drop(child.stdin.take());
            drop(child.wait());
        }
    }
}
