//! How failures are reported: an exit code for every kind, a command for every hint.
//! Both are public API.

use crate::archive;
use crate::error::{Error, Hint, Kind, MAKE_ROOM, Next};
use crate::ui;
use std::borrow::Cow;
use std::error::Error as _;
use std::io::{self, stderr};
use std::iter;
use std::path::{Path, PathBuf};

/// Prints an error to standard error and returns the exit code of the process.
pub fn fail(error: &Error, json: bool, color: bool) -> u8 {
    let failure = of(error);
    ui::error(&mut stderr(), &failure, json, color);
    failure.exit
}

/// Returns an error as it is reported: code, exit code, message, causes, hint.
pub fn of(error: &Error) -> ui::Failure {
    let (exit, code) = row(error.kind);
    let done = error.done.as_deref().cloned();
    let mut hint = error.hint.as_ref().map(hint).or_else(|| of_system(error).map(str::to_owned));
    // Whoever made the hint knew nothing of what was committed before.
    if let (Some(_), Some(said)) = (&done, &mut hint)
        && let Some(rest) = said.strip_prefix("nothing was written; ")
    {
        *said = rest.to_owned();
    }
    ui::Failure { code, exit, message: error.message.clone(), causes: error.causes(), hint, done }
}

/// Returns what helps against a failure of the system that nobody knew more about.
fn of_system(error: &Error) -> Option<&'static str> {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let causes = iter::successors(error.source(), |cause| (*cause).source());
    let mut systems = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    match systems.next()?.kind() {
        StorageFull | QuotaExceeded => Some(MAKE_ROOM),
        ReadOnlyFilesystem => {
            Some("nothing can be written there: make it writable, or work on a copy elsewhere")
        }
        PermissionDenied => Some("give this user permission there, or run it as one who has it"),
        _ => None,
    }
}

/// Returns the exit code of a kind of failure.
pub fn exit_code(kind: Kind) -> u8 {
    row(kind).0
}

fn row(kind: Kind) -> (u8, &'static str) {
    match kind {
        Kind::Refused => (1, "refused"),
        Kind::Usage => (2, "usage"),
        Kind::Findings => (3, "findings"),
        Kind::NotFound => (4, "not-found"),
        Kind::Ambiguous => (4, "ambiguous"),
        Kind::Corrupt => (5, "corrupt"),
        Kind::Forked => (5, "forked"),
        Kind::Untrusted => (6, "untrusted"),
        Kind::Waiting => (7, "waiting"),
        Kind::Locked => (8, "locked"),
        Kind::Bug => (70, "bug"),
        Kind::Io => (74, "io"),
        Kind::Interrupted => (130, "interrupted"),
    }
}

/// Returns the exit code of a command that did all but what it left out because of this error.
pub fn exit_of_left_out(error: &Error) -> u8 {
    match error.kind {
        // A link in the place of a document is no rule against the command.
        Kind::Refused if error.damaged.as_deref() != Some(archive::FILE) => {
            exit_code(Kind::Corrupt)
        }
        kind => exit_code(kind),
    }
}

/// Returns the note on a document that a command about many leaves out; `None` if the failure is not
/// about a document.
pub fn leaves_out(error: &Error) -> Option<String> {
    let doc = error.damaged.as_deref()?;
    if doc == archive::FILE {
        let next = Next::Check(None).and(" says what helps");
        let next = hint(error.hint.as_ref().unwrap_or(&next));
        return Some(format!("{doc} is left out, live records are included: {error:#}; {next}"));
    }
    if error.shows_rest {
        let next = error.hint.as_ref().map(|next| format!("; {}", hint(next))).unwrap_or_default();
        return Some(format!("{doc} is not shown whole: {error:#}{next}"));
    }
    if error.kind != Kind::Corrupt {
        let next = error.hint.as_ref().map(|next| format!("; {}", hint(next))).unwrap_or_default();
        return Some(format!("{doc} is left out: {error:#}{next}"));
    }
    let [check, recover] =
        [Next::Check(Some(doc.to_owned())), Next::Recover(doc.to_owned())].map(|next| named(&next));
    Some(format!(
        "{doc} is left out: {error:#}; {check} says more, {recover} rebuilds it from what is left, and with `--from BUNDLE` from what others have"
    ))
}

/// Returns a hint in words.
pub fn hint(hint: &Hint) -> String {
    hint.told(named)
}

/// What to type, quoted for a sentence.
fn named(next: &Next) -> String {
    match next {
        Next::NameStateDir => "`--state-dir DIR` or CRDTCTL_STATE_DIR".to_owned(),
        Next::ExportLess => "`--doc` or `-e`".to_owned(),
        other => format!("`{}`", command(other)),
    }
}

/// Returns the command line for a next step. Words in capitals are to be filled in.
pub fn command(next: &Next) -> String {
    let words = |head: &str, id: &str| format!("crdtctl {head} {}", word(id));
    let about = |head: &str, id: &Option<String>| match id {
        Some(id) => words(head, id),
        None => format!("crdtctl {head}"),
    };
    let of = |head: String, entity: &Option<String>| match entity {
        Some(entity) => format!("{head} -e {}", word(entity)),
        None => head,
    };
    let plain = match next {
        Next::Blocks(doc) => return about("doc blocks", doc),
        Next::Check(doc) => return about("check", doc),
        Next::Repair(finding) => return about("repair", finding),
        Next::Recover(doc) => return format!("{} -O DIR", words("recover", doc)),
        Next::RecoverWith(doc) => {
            return format!("{} --from BUNDLE -O DIR", words("recover", doc));
        }
        Next::Report(doc) => return format!("{} -O report.yrs", words("sync export --raw", doc)),
        Next::MoveAside(files) => return move_aside(files),
        Next::CopyOver(files) => return copy_over(files),
        Next::LetRead(file) => return format!("chmod u+r {}", path_word(file)),
        Next::ShowTime => return "date -u".to_owned(),
        Next::Entity(entity) => return words("entity show", entity),
        Next::Members { all, entity } => {
            let all = if *all { " --all" } else { "" };
            return of(format!("crdtctl member list{all}"), entity);
        }
        Next::AddMember { member, role, entity, by } => {
            let by = by.as_ref().map_or_else(String::new, |by| format!(" --as {}", word(by)));
            let added = format!("{} --role {}{by}", words("member add", member), word(role));
            return of(added, entity);
        }
        Next::SetRole(Some((member, role))) => {
            return format!("{} {}", words("member role", member), word(role));
        }
        Next::DeleteMessage { message, entity } => {
            return of(words("chat delete", message), &Some(entity.clone()));
        }
        Next::PublishOf(entity) => {
            return of("crdtctl disk publish".to_owned(), &Some(entity.clone()));
        }
        Next::ScanDisksOf(entity) => {
            return of("crdtctl disk scan".to_owned(), &Some(entity.clone()));
        }
        Next::CollectFiles => "disk gc",
        Next::PutFile { path, entity } => {
            return of(words("disk put FILE", path), &Some(entity.clone()));
        }
        Next::RewriteFile { path, entity, place } => {
            let mut aside = place.as_os_str().to_owned();
            aside.push(".aside");
            let aside = move_aside(&[(place.clone(), aside.into())]);
            let restore = of(words("disk restore", path), &Some(entity.clone()));
            return format!("{aside} && {restore}");
        }
        Next::RemoveFile { path, entity } => {
            return of(words("disk remove", path), &Some(entity.clone()));
        }
        Next::RestoreFile(file) => return words("disk restore", file),
        Next::RestoreCard(card) => return words("kanban restore", card),
        Next::RemoveColumn(column) => {
            return format!("{} --to COLUMN", words("kanban column remove", column));
        }
        Next::Issue(issue) => return words("issue show", issue),
        Next::Reopen(issue) => return words("issue reopen", issue),
        Next::Element(element) => return words("canvas show", element),
        Next::Insist(verb) => return format!("crdtctl canvas {verb} --force"),
        Next::Prune(entity) => return of("crdtctl prune".to_owned(), entity),
        Next::Logged(seq) => return format!("crdtctl log show {seq}"),
        Next::History(id) => return words("log --record", id),
        Next::Step(verb) => return format!("crdtctl canvas {verb}"),
        Next::Untrash(id) => return words("trash restore", id),
        Next::Trashed(id) => return words("trash show", id),
        Next::ArchivedRecord(id) => return words("archive show", id),
        Next::RestoreArchived(id) => return words("archive restore", id),
        Next::Conflict(number) => return format!("crdtctl conflict show {number}"),
        Next::UseStore(dir) => return format!("--store {}", word(dir)),
        Next::Forget(Some(peer)) => return words("sync forget", peer),
        Next::AskLonger => return "--timeout 60s".to_owned(),
        Next::MakeStore => "init",
        Next::MakeStoreAt => "init DIR",
        Next::NameStore => return "--store".to_owned(),
        Next::NameStateDir => return "--state-dir DIR".to_owned(),
        Next::WaitLonger => return "--lock-wait 60s".to_owned(),
        Next::ActAs => return "--as MEMBER".to_owned(),
        Next::SetMember => "init --as MEMBER",
        Next::ShowVersion => "--version",
        Next::Documents => "doc list",
        Next::Dump => "doc dump",
        Next::Size => "doc size",
        Next::RecoverFrom => return "--from".to_owned(),
        Next::Log => "log",
        Next::SetRole(None) => "member role",
        Next::MakeOwner => "member role MEMBER owner",
        Next::Send => "chat send TEXT",
        Next::Messages => "chat list --all",
        Next::Board => "kanban board",
        Next::Cards => "kanban list --all",
        Next::AddCard => "kanban add TITLE",
        Next::AddColumn => "kanban column add TITLE",
        Next::Issues => "issue list --all",
        Next::OpenIssue => "issue open TITLE",
        Next::SetStatus => "issue status",
        Next::Elements => "canvas list --all",
        Next::AddElement => "canvas add text --at 0,0 --size 100,20",
        Next::Files => "disk list",
        Next::AllFiles => "disk list --all",
        Next::ScanDisks => "disk scan",
        Next::Publish => "disk publish",
        Next::DiskStatus => "disk status",
        Next::BlockedTombstones => "tombstone list --blocked",
        Next::ArchiveRun => "archive run",
        Next::Archived => "archive list",
        Next::Trash => "trash list",
        Next::Conflicts => "conflict list",
        Next::Views => "sql --schema",
        Next::SaveViews => "sql --save FILE",
        Next::CreateEntity => "entity create TYPE:ID --name NAME",
        Next::Export => "sync export -O FILE",
        Next::ImportInto => "-s DIR sync import FILE",
        Next::ExportFor => "sync export --for REPLICA -O FILE",
        Next::ExportDocument | Next::ExportLess => "sync export --doc DOC -O FILE",
        Next::Import => "sync import BUNDLE",
        Next::ShowBundle => "sync show",
        Next::Status => "sync status",
        Next::Peers => "sync peers",
        Next::Forget(None) => "sync forget REPLICA",
    };
    format!("crdtctl {plain}")
}

fn move_aside(files: &[(PathBuf, PathBuf)]) -> String {
    let moves = files.iter().map(|(from, to)| format!("mv {} {}", path_word(from), path_word(to)));
    moves.collect::<Vec<_>>().join(" && ")
}

fn copy_over(files: &[(PathBuf, PathBuf)]) -> String {
    let copies = files.iter().map(|(from, to)| {
        let mut new = to.as_os_str().to_owned();
        new.push(".new");
        let (from, new, to) = (path_word(from), path_word(Path::new(&new)), path_word(to));
        format!("cp {from} {new} && mv {new} {to}")
    });
    copies.collect::<Vec<_>>().join(" && ")
}

/// Quotes a path for a shell, if necessary, whatever bytes it has.
fn path_word(path: &Path) -> Cow<'_, str> {
    let Some(text) = path.to_str() else {
        // Every shell has this.
        let mut printed = String::from("\"$(printf '");
        for byte in path.as_os_str().as_encoded_bytes() {
            match byte {
                b'%' => printed.push_str("%%"),
                b'\\' | b'\'' | 0..b' ' | 0x7f.. => printed.push_str(&format!("\\{byte:03o}")),
                byte => printed.push(char::from(*byte)),
            }
        }
        printed.push_str("')\"");
        return Cow::Owned(printed);
    };
    word(text)
}

/// Quotes an argument for a shell, if necessary.
pub fn word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@%+=,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("'{}'", text.replace('\'', "'\\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const KINDS: [Kind; 13] = [
        Kind::Refused,
        Kind::Usage,
        Kind::Findings,
        Kind::NotFound,
        Kind::Ambiguous,
        Kind::Corrupt,
        Kind::Forked,
        Kind::Untrusted,
        Kind::Waiting,
        Kind::Locked,
        Kind::Bug,
        Kind::Io,
        Kind::Interrupted,
    ];

    #[test]
    fn failures_of_the_system_say_what_helps_unless_somebody_knew_better() {
        let failed = |kind: io::ErrorKind| Error::io("cannot write", io::Error::from(kind));
        let hint = |error: Error| of(&error).hint;
        assert_eq!(hint(failed(io::ErrorKind::StorageFull)).as_deref(), Some(MAKE_ROOM));
        let read_only = failed(io::ErrorKind::ReadOnlyFilesystem).context("the store is as it was");
        assert!(hint(read_only).is_some_and(|hint| hint.contains("a copy elsewhere")));
        let known = failed(io::ErrorKind::StorageFull).hint("use the other stick");
        assert_eq!(hint(known).as_deref(), Some("use the other stick"));
        assert_eq!(hint(failed(io::ErrorKind::UnexpectedEof)), None);
    }

    #[test]
    fn exit_codes_and_names_are_those_that_scripts_know() {
        let told: BTreeMap<&str, u8> = KINDS.map(row).map(|(exit, code)| (code, exit)).into();
        let known = [
            ("refused", 1),
            ("usage", 2),
            ("findings", 3),
            ("not-found", 4),
            ("ambiguous", 4),
            ("corrupt", 5),
            ("forked", 5),
            ("untrusted", 6),
            ("waiting", 7),
            ("locked", 8),
            ("bug", 70),
            ("io", 74),
            ("interrupted", 130),
        ];
        assert_eq!(told, BTreeMap::from(known));
    }

    #[test]
    fn a_hint_names_commands_as_they_are_typed() {
        let told = hint(&Hint::from("first ").next(Next::Check(Some("a b".into()))).and(", then"));
        assert_eq!(told, "first `crdtctl check 'a b'`, then");
        assert_eq!(hint(&Next::NameStateDir.into()), "`--state-dir DIR` or CRDTCTL_STATE_DIR");
    }

    #[test]
    fn what_is_to_be_typed_is_quoted_for_a_shell() {
        let aside = Next::MoveAside(vec![("a".into(), "a.x".into()), ("b'c".into(), "d".into())]);
        assert_eq!(command(&aside), "mv a a.x && mv 'b'\\''c' d");
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let path = Path::new(std::ffi::OsStr::from_bytes(b"a\xff0'%\\")).to_owned();
            assert_eq!(
                command(&Next::LetRead(path)),
                r#"chmod u+r "$(printf 'a\3770\047%%\134')""#
            );
        }
        let over = Next::CopyOver(vec![("a b".into(), "c".into())]);
        assert_eq!(command(&over), "cp 'a b' c.new && mv c.new c");
        let added = Next::AddMember {
            member: "bob two".into(),
            role: "owner".into(),
            entity: Some("group:x".into()),
            by: Some("bob two".into()),
        };
        assert_eq!(
            command(&added),
            "crdtctl member add 'bob two' --role owner --as 'bob two' -e group:x"
        );
    }
}
