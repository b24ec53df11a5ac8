//! Parse, run, render, exit: the only place that ends the process.

use crdtctl::cmd;
use crdtctl::error::{Error, Kind};
use crdtctl::ui::{self, Closed, Terminal};
use std::error::Error as _;
use std::ffi::OsString;
use std::io::{BufWriter, stderr, stdout};
use std::panic;
use std::process;

/// What a shell reports of a program that SIGPIPE ended.
const PIPE_CLOSED: u8 = 141;

fn main() {
    let words: Vec<OsString> = std::env::args_os().collect();
    if cmd::complete(&words) {
        return;
    }
    let (json, color) = cmd::guess(&words);
    panic::set_hook(Box::new(move |panic| {
        ui::error(&mut stderr(), &bug(&panic.to_string()), json, color);
    }));
    // A document that is given back to the system piece by piece costs a tenth of its loading:
    // the process ends instead.
    let code = panic::catch_unwind(|| run(words, json, color));
    process::exit(code.unwrap_or(Kind::Bug.exit_code()).into());
}

fn run(words: Vec<OsString>, json: bool, color: bool) -> u8 {
    let invocation = match cmd::parse(words) {
        Ok(invocation) => invocation,
        Err(said) => return refuse(&said, json, color),
    };
    let terminal = invocation.terminal();
    let report = match invocation.run() {
        Ok(report) => report,
        Err(error) => return fail(&error, &terminal),
    };
    let mut out = BufWriter::new(stdout().lock());
    match ui::render(&report, &terminal, &mut out, &mut stderr()) {
        Ok(()) => report.exit,
        Err(Closed::Pipe) => PIPE_CLOSED,
        Err(Closed::Failed(error)) => fail(&error, &terminal),
    }
}

fn fail(error: &Error, terminal: &Terminal) -> u8 {
    ui::error(&mut stderr(), error, terminal.format.is_json(), terminal.color_err);
    error.kind.exit_code()
}

/// `--help` and `--version` are answers; what a rule of ours refused stays refused (an id that is
/// too long); everything else that clap says is a usage error.
fn refuse(said: &clap::Error, json: bool, color: bool) -> u8 {
    let ours = said.source().and_then(|source| source.downcast_ref::<Error>());
    if let Some(error) = ours.filter(|error| error.kind != Kind::Usage) {
        ui::error(&mut stderr(), error, json, color);
        return error.kind.exit_code();
    }
    if said.use_stderr() {
        ui::usage(&mut stderr(), said, json, color);
        return Kind::Usage.exit_code();
    }
    match said.print() {
        Ok(()) => 0,
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => PIPE_CLOSED,
        Err(_) => Kind::Io.exit_code(),
    }
}

fn bug(panic: &str) -> Error {
    Error::bug("a bug in crdtctl, nothing more is written")
        .because(panic)
        .hint("please report it, with the command that you ran")
}
