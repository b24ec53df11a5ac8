//! Parses, runs, renders and exits: the only place that ends the process.

use anyhow::Context;
use crdtctl::cmd;
use crdtctl::error::{Done, Error, Kind};
use crdtctl::ui::{self, Body, Closed, Report, Terminal};
use std::error::Error as _;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write, stderr};
use std::mem;
use std::panic;
use std::process;

/// The exit code that a shell reports for a program killed by SIGPIPE.
const PIPE_CLOSED: u8 = 141;

fn main() {
    let words: Vec<OsString> = std::env::args_os().collect();
    if cmd::complete(&words) {
        return;
    }
    let (json, color) = cmd::guess(&words);
    panic::set_hook(Box::new(move |panic| {
        cmd::fail(&bug(&panic.to_string()), json, color);
    }));
    // Freeing a document piece by piece costs a tenth of loading it, so the process exits without it.
    let answered = || run(words, json, color);
    let said = |error| cmd::fail(&typed(error), json, color);
    let code = panic::catch_unwind(|| answered().unwrap_or_else(said));
    process::exit(code.unwrap_or_else(|_| cmd::exit_code(Kind::Bug)).into());
}

fn run(words: Vec<OsString>, json: bool, color: bool) -> anyhow::Result<u8> {
    let colors_help = cmd::colors_help(&words);
    let invocation = match cmd::parse(words) {
        Ok(invocation) => invocation,
        Err(said) if said.use_stderr() => return Ok(refuse(&said, json, color)),
        Err(said) => return answer(&ui::help(&said, colors_help)),
    };
    let (terminal, commits) = (invocation.terminal(), invocation.commits());
    // Whatever fails, what was committed before stays committed, and the error says so.
    let fail = |error: Error, id: Option<&str>| match commits.last() {
        Some(seq) => fail(&error.after(Done { seq, id: id.map(str::to_owned) }), &terminal),
        None => fail(&error, &terminal),
    };
    let report = match invocation.run() {
        Ok(report) => report,
        Err(error) => return Ok(fail(error, None)),
    };
    let mut out = BufWriter::new(cmd::sink(&report, &terminal));
    let rendered = ui::render(&report, &terminal, &mut out, &mut stderr())
        .and_then(|()| settle(&report).map_err(Closed::from));
    let code = match rendered {
        Ok(()) => report.exit,
        Err(Closed::Pipe) => PIPE_CLOSED,
        Err(Closed::Failed(error)) => fail(error, report.id()),
        Err(Closed::Unwritten(error)) => {
            ui::remarks(&report, &terminal, &mut stderr());
            let error = match commits.last() {
                Some(seq) => unheard(error, seq),
                None => error,
            };
            fail(error, report.id())
        }
    };
    leave(report);
    Ok(code)
}

/// Leaves the rows of a list to the end of the process, which frees them all at once. Other reports may hold
/// files that are to be closed.
fn leave(report: Report) {
    if let Body::List { rows, .. } = report.body {
        mem::forget(rows);
    }
}

/// Explains that a change was made although its output did not arrive.
fn unheard(error: Error, seq: Option<i64>) -> Error {
    let error = error.context("the command is done, but its output could not be written");
    match seq {
        Some(seq) => error.hint(format!(
            "`crdtctl log show {seq}` shows it; running the command again would repeat the change"
        )),
        None => error,
    }
}

/// Waits until a bundle, or any other file written to standard output, is durable.
fn settle(report: &Report) -> io::Result<()> {
    match report.body {
        Body::Raw(_) | Body::Copied(_) => cmd::settle_output(),
        _ => Ok(()),
    }
}

fn fail(error: &Error, terminal: &Terminal) -> u8 {
    cmd::fail(error, terminal.speaks_json(), terminal.color_err)
}

/// `--help` and `--version`.
fn answer(text: &str) -> anyhow::Result<u8> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(PIPE_CLOSED),
        printed => printed.map(|()| 0).context("cannot write to standard output"),
    }
}

/// Reports what clap refused: errors of our own parsers (such as an id that is too long) keep their kind;
/// everything else is a usage error.
fn refuse(said: &clap::Error, json: bool, color: bool) -> u8 {
    let ours = said.source().and_then(|source| source.downcast_ref::<Error>());
    if let Some(error) = ours.filter(|error| error.kind != Kind::Usage) {
        return cmd::fail(error, json, color);
    }
    let failure = |words: &str| cmd::failure(&Error::usage(words));
    ui::usage(&mut stderr(), said, failure, json, color);
    cmd::exit_code(Kind::Usage)
}

/// Turns an error of `main` into a typed one: ours as it is, a system error as `Io`, any other as `Bug`.
fn typed(error: anyhow::Error) -> Error {
    let is_io = error.root_cause().is::<io::Error>();
    error.downcast::<Error>().unwrap_or_else(|error| {
        let kind = if is_io { Kind::Io } else { Kind::Bug };
        let message = error.to_string();
        error
            .chain()
            .skip(1)
            .map(ToString::to_string)
            .fold(Error::new(kind, message), Error::because)
    })
}

fn bug(panic: &str) -> Error {
    Error::bug("a bug in crdtctl, nothing more is written")
        .because(panic)
        .hint("please report it, with the command that you ran")
}
