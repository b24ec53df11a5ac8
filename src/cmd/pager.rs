//! Standard output on a terminal, through a pager if it is longer than a screen.

use super::files;
use crate::ui::{Body, Report, Terminal};
use std::env;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

/// Characters that need a shell; a command without them is started directly.
const SHELL: &str = "|&;<>()$`\\\"'*?[#~%\n";

/// Returns where a report goes: standard output or, on a terminal, a pager as soon as the report exceeds
/// a screen. Raw bytes and streamed output are not paged.
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

/// The pager: `CRDTCTL_PAGER`, else `PAGER`, else less. `None` if that is empty or `cat`, or if the
/// terminal cannot move its cursor.
fn program() -> Option<String> {
    let named = ["CRDTCTL_PAGER", "PAGER"].into_iter().find_map(|name| env::var(name).ok());
    let program = named.unwrap_or_else(|| "less".to_owned());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    (!dumb && !program.trim().is_empty() && program.trim() != "cat").then_some(program)
}

/// Output that is held until it is known whether it is longer than a screen.
struct Screen {
    program: String,
    /// Rows and columns of the screen, one row left for the prompt.
    room: usize,
    width: usize,
    held: Vec<u8>,
    /// The number of full rows so far, and of columns in the current row.
    rows: usize,
    column: usize,
    /// Whether inside an escape sequence.
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
                // The first byte of a character; wide characters count as narrow.
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
            // Without a working pager, print directly.
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

    /// The end of the output: notes must appear below it.
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

/// Waits for the pager, even if output ended early, so that it restores the screen.
impl Drop for Screen {
    fn drop(&mut self) {
        if let Then::Pager(child) = &mut self.then {
            drop(child.stdin.take());
            drop(child.wait());
        }
    }
}
