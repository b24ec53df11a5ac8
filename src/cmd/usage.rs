//! Errors for command lines that do not parse: clap's message, and a tip on what to type instead.

use crate::ui;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::borrow::Cow;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};

/// Keeps clap from wrapping the lines of examples, which must stay copyable: their spaces are replaced
/// until they are printed.
pub fn with_whole_examples(command: clap::Command) -> clap::Command {
    let after = command.get_after_help().map(whole);
    let after_long = command.get_after_long_help().map(whole);
    let command = match after {
        Some(text) => command.after_help(text),
        None => command,
    };
    let command = match after_long {
        Some(text) => command.after_long_help(text),
        None => command,
    };
    command.mut_subcommands(with_whole_examples)
}

/// Replaces the spaces in the paragraphs with examples, so that each line is one word.
fn whole(text: &clap::builder::StyledStr) -> String {
    let text = text.to_string();
    let part = |part: &str| match part.starts_with("Example") {
        true => part.replace(' ', ui::UNBROKEN),
        false => part.to_owned(),
    };
    text.split("\n\n").map(part).collect::<Vec<_>>().join("\n\n")
}

/// Adds a tip if clap has none: the option that was meant, the available commands, or an example from
/// the command's own help; `quoted` quotes a word for a shell.
pub fn advised(
    mut said: clap::Error,
    tree: impl Fn() -> clap::Command,
    words: &[OsString],
    quoted: fn(&str) -> Cow<'_, str>,
) -> clap::Error {
    // Not an error: help or the version was asked for.
    if !said.use_stderr() {
        return said;
    }
    let (command, examples) = meant(tree(), words);
    said = without_jargon(said, &command);
    if let Some(tip) = tip(&said, &command, &examples, quoted) {
        said.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    said
}

/// Replaces the number parser's technical message with a plain one.
fn without_jargon(said: clap::Error, command: &clap::Command) -> clap::Error {
    let cause = std::error::Error::source(&said).and_then(|cause| cause.downcast_ref());
    let tip = match cause.map(ParseIntError::kind) {
        Some(IntErrorKind::InvalidDigit | IntErrorKind::Empty) => "expected a whole number",
        Some(IntErrorKind::PosOverflow) => "the number is too large",
        Some(IntErrorKind::NegOverflow) => "the number is too small",
        _ => return said,
    };
    let mut plain = clap::Error::new(said.kind()).with_cmd(command);
    for (kind, value) in said.context() {
        plain.insert(kind, value.clone());
    }
    plain.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    plain
}

fn tip(
    said: &clap::Error,
    command: &clap::Command,
    examples: &[String],
    quoted: fn(&str) -> Cow<'_, str>,
) -> Option<String> {
    let has_tip = [
        ContextKind::Suggested,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ]
    .iter()
    .any(|kind| said.get(*kind).is_some());
    match said.kind() {
        ErrorKind::InvalidValue if is_file_for_format(said, command) => {
            let file = quoted(one(said, ContextKind::InvalidValue));
            Some(format!("-o sets the output format; to write to a file, use `-O {file}`"))
        }
        _ if has_tip => None,
        ErrorKind::InvalidSubcommand => {
            let names: Vec<&str> = shown(command).map(clap::Command::get_name).collect();
            Some(format!("one of {}", names.join(", ")))
        }
        ErrorKind::MissingRequiredArgument
        | ErrorKind::UnknownArgument
        | ErrorKind::ArgumentConflict
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues => example(said, command, examples),
        ErrorKind::InvalidValue if one(said, ContextKind::InvalidValue).is_empty() => {
            example(said, command, examples)
        }
        _ => None,
    }
}

fn shown(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|below| !below.is_hide_set())
}

/// Whether `-o` was given a file name, in a command that writes a file.
fn is_file_for_format(said: &clap::Error, command: &clap::Command) -> bool {
    one(said, ContextKind::InvalidArg).starts_with("--output ")
        && command.get_arguments().any(|arg| arg.get_long() == Some("out"))
}

/// Returns the words with `-O` in place of an `-o` that has a path for its value. A word without a dot or a
/// directory is rather a mistyped format.
pub fn with_file_for_format(said: &clap::Error, words: &[OsString]) -> Option<Vec<OsString>> {
    let file = one(said, ContextKind::InvalidValue);
    let is_of_output = one(said, ContextKind::InvalidArg).starts_with("--output ");
    if !is_of_output || !file.contains(['.', '/', '\\']) {
        return None;
    }
    let is_it = |pair: &[OsString]| matches!(pair, [option, of] if option == "-o" && of == file);
    let at = words.windows(2).position(is_it)?;
    let (before, after) = words.split_at(at);
    let after = after.iter().skip(1).cloned();
    Some(before.iter().cloned().chain([OsString::from("-O")]).chain(after).collect())
}

fn one(said: &clap::Error, kind: ContextKind) -> &str {
    match said.get(kind) {
        Some(ContextValue::String(text)) => text,
        _ => "",
    }
}

/// Returns the command that these words name, as far as they do, and its examples, which may be in the
/// help of its group. clap provides no matches for words that it rejected.
fn meant(mut tree: clap::Command, words: &[OsString]) -> (clap::Command, Vec<String>) {
    tree.build();
    let mut command = &tree;
    let mut examples: Vec<String> = Vec::new();
    let mut path = "crdtctl ".to_owned();
    let mut words = words.iter().skip(1).filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            if takes_the_next(command, word) {
                words.next();
            }
            continue;
        }
        let Some(below) = command.find_subcommand(word) else { break };
        command = below;
        path = format!("{path}{} ", below.get_name());
        let help = below.get_after_help().map(ToString::to_string).unwrap_or_default();
        let help = help.replace(ui::UNBROKEN, " ");
        // Join continued lines.
        let help = help.split("\\\n").map(str::trim_start).collect::<String>();
        examples.splice(0..0, help.lines().map(|line| line.trim().to_owned()));
        examples.retain(|line| format!("{line} ").starts_with(&path));
    }
    (command.clone(), examples)
}

/// Whether the value of an option is the next word.
fn takes_the_next(command: &clap::Command, option: &str) -> bool {
    let is_meant = |arg: &&clap::Arg| match option.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some_and(|short| *option == format!("-{short}")),
    };
    let found = command.get_arguments().find(is_meant);
    found.is_some_and(|arg| arg.get_action().takes_values())
}

/// Picks an example: preferably one that has the missing options, and no shell syntax around the command.
fn example(said: &clap::Error, command: &clap::Command, examples: &[String]) -> Option<String> {
    let is_plain = |line: &&String| !line.contains(['|', '>', '<', '$', '#']);
    let missing = missing(said, command);
    let fits = |line: &&String| {
        missing.iter().all(|of| of.iter().any(|flag| line.split(' ').any(|word| word == flag)))
    };
    let plain = || examples.iter().filter(is_plain);
    match plain().find(fits).or(plain().next()).or(examples.first()) {
        Some(example) => Some(format!("for example `{example}`")),
        None => Some(format!("`{} --help` says what it takes", command.get_bin_name()?)),
    }
}

/// The missing options, each in all its spellings.
fn missing(said: &clap::Error, command: &clap::Command) -> Vec<Vec<String>> {
    let Some(ContextValue::Strings(names)) = said.get(ContextKind::InvalidArg) else {
        return Vec::new();
    };
    let arguments = || command.get_arguments().filter(|arg| !arg.is_positional());
    let spelt = |arg: &clap::Arg| {
        let long = arg.get_long().map(|long| format!("--{long}"));
        long.into_iter().chain(arg.get_short().map(|short| format!("-{short}"))).collect()
    };
    let named = |name: &String| {
        let long = name.split([' ', '=']).next().and_then(|word| word.strip_prefix("--"))?;
        arguments().find(|arg| arg.get_long() == Some(long)).map(spelt)
    };
    names.iter().filter_map(named).collect()
}
