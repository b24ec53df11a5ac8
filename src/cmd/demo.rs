use super::context::DEFAULT_ENTITY;
use super::{Context, files};
use crate::concern::core;
use crate::error::{Error, Result, counted};
use crate::id::{EntityId, MemberId};
use crate::operation::{self, Operation};
use crate::policy::Role;
use crate::sample::{self, Chance};
use crate::store::{Open, Store};
use crate::ui::{self, Format, Report, Terminal};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Run a tour: two replicas, a USB stick between them, deletions and pruning
///
/// Makes a folder with two replicas of one group that write, edit and delete, carries bundles between
/// them, shows the tombstones being acknowledged and pruned, and ends with the commands that it ran.
/// With --messages it makes one big realistic store instead.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl demo
  crdtctl demo big --messages 5000 --seed 7")]
pub struct DemoArgs {
    /// A folder that is empty or does not exist yet; by default crdtctl-demo, or the next free number
    dir: Option<PathBuf>,
    /// Make one store with this many messages instead of the tour
    ///
    /// One chat gets at most 20,000 of them, since a chat is limited to 10 MB: the group's chat is
    /// filled first, then those of channels beside it.
    #[arg(long, value_name = "N")]
    messages: Option<u64>,
    /// The same seed makes the same messages
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

const GROUP: &str = "group:ocean-forest-moon-star";
const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
/// Maximum number of messages in one chat: about half of what its limit in bytes holds.
const CHAT: u64 = 20_000;
/// The members who write in a big store.
const CROWD: [&str; 5] =
    [ALICE, BOB, "carol-sun-wind-rain", "dave-snow-field-moss", "erin-leaf-cloud-dawn"];

pub fn run(context: &Context, args: DemoArgs) -> Result<Report> {
    let dir = folder(args.dir)?;
    match args.messages {
        Some(messages) => big(context, &dir, messages, args.seed),
        None => journey(context, &dir),
    }
}

/// A step of the tour: a line of a shell script. `M=` in front keeps the id that the command prints
/// in a variable; `$M` uses it.
enum DemoStep {
    Say(&'static str),
    Run(&'static str),
}

use DemoStep::{Run, Say};

const STEPS: &[DemoStep] = &[
    Say("Alice makes a replica on her laptop, and a group in it."),
    Run("init alice --as alice-river-stone-sky"),
    Run("-s alice entity create group:ocean-forest-moon-star --name 'Ocean friends'"),
    Run("-s alice member add bob-hill-lake-tree"),
    Run("FIRST=-s alice chat send 'Welcome to the harbour'"),
    Run("SPAM=-s alice chat send 'Cheap anchors, only today'"),
    Say("Bob gets all of it on a USB stick, and answers. Neither has a network."),
    Run("init bob --as bob-hill-lake-tree"),
    Run("-s alice sync export --out usb/to-bob.crdt"),
    Run("-s bob sync import usb/to-bob.crdt"),
    Run("-s bob chat send 'Good to be here'"),
    Say("Now both work at once: Alice deletes one message and edits another, Bob writes on."),
    Run("-s alice chat delete $SPAM"),
    Run("-s alice chat edit $FIRST 'Welcome to the harbour, all of you'"),
    Run("-s bob chat send 'Who has the ferry times?'"),
    Run("-s alice tombstone list"),
    Say("The deleted message waits for Bob. The stick goes there and back; only news travels."),
    Run("-s alice sync export --for bob-hill-lake-tree --out usb/to-bob-2.crdt"),
    Run("-s bob sync import usb/to-bob-2.crdt"),
    Run("-s bob sync export --for alice-river-stone-sky --out usb/to-alice.crdt"),
    Run("-s alice sync import usb/to-alice.crdt"),
    Say("Bob has seen the deletion, so the tombstone is gone. Both hold the same."),
    Run("-s alice chat list"),
    Run("-s bob chat list"),
    Run("-s alice tombstone list"),
    Run("-s alice digest -o id"),
    Run("-s bob digest -o id"),
    Run("-s alice sync status"),
];

/// Runs the steps through the normal command-line parser and shows what a terminal would.
fn journey(context: &Context, dir: &Path) -> Result<Report> {
    let usb = dir.join("usb");
    std::fs::create_dir_all(&usb)
        .map_err(|e| Error::io(format!("cannot make {}", usb.display()), e))?;
    let terminal = Terminal {
        format: Format::Table,
        quiet: false,
        header: true,
        fields: None,
        template: None,
        ..context.terminal.clone()
    };
    let steps = i64::try_from(STEPS.len()).unwrap_or(0);
    let mut clock = context.now().saturating_sub(steps.saturating_mul(60));
    let mut shown = String::new();
    let mut script = String::new();
    let mut variables: Vec<(&str, String)> = Vec::new();
    for step in STEPS {
        match step {
            Say(text) => {
                shown.push_str(&format!("\n# {text}\n"));
                script.push_str(&format!("# {text}\n"));
            }
            Run(line) => {
                clock = clock.saturating_add(60);
                let (variable, line) = assignment(line);
                shown.push_str(&format!("\n$ {}\n", written(variable, line)));
                script.push_str(&format!("{}\n", written(variable, line)));
                let words = words(line, &variables);
                let output = execute(context, &words, dir, clock, &terminal)?;
                if let Some(name) = variable {
                    let id = output.lines().next().unwrap_or_default().to_owned();
                    variables.push((name, id));
                }
                shown.push_str(&output);
            }
        }
    }
    shown.push_str(&format!(
        "\n# That was it. Both replicas are in {}. The same again by hand:\n\n\
         mkdir -p crdtctl-tour/usb && cd crdtctl-tour\n{script}",
        dir.display()
    ));
    Ok(Report::text(shown.trim_start_matches('\n')))
}

/// Splits `NAME=…` into the variable and the rest.
fn assignment(line: &'static str) -> (Option<&'static str>, &'static str) {
    match line.split_once('=') {
        Some((name, rest)) if name.bytes().all(|b| b.is_ascii_uppercase()) => (Some(name), rest),
        _ => (None, line),
    }
}

/// A step as a person types it.
fn written(variable: Option<&str>, line: &str) -> String {
    match variable {
        Some(name) => format!("{name}=$(crdtctl {line})"),
        None => format!("crdtctl {line}"),
    }
}

/// Splits a line as a shell does: single quotes and variables.
fn words(line: &str, variables: &[(&str, String)]) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
            continue;
        }
        words.extend(part.split_whitespace().map(|word| {
            let value = word.strip_prefix('$').and_then(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
            });
            value.unwrap_or_else(|| word.to_owned())
        }));
    }
    words
}

/// Runs one command in this process, below `dir`, and returns what it printed.
fn execute(
    context: &Context,
    words: &[String],
    dir: &Path,
    clock: i64,
    terminal: &Terminal,
) -> Result<String> {
    let mut line: Vec<OsString> = vec!["crdtctl".into(), format!("--now={clock}").into()];
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| words.get(before));
        let is_path = word.starts_with("usb/")
            || before.is_some_and(|before| before == "-s" || before == "init");
        line.push(if is_path { dir.join(word).into() } else { word.into() });
    }
    let mut invocation =
        super::parse(line).map_err(|e| Error::bug("a step of the demo").because(e))?;
    let globals = &invocation.context.globals;
    let named = globals.output.filter(|_| globals.format_named);
    let terminal = Terminal { format: named.unwrap_or(terminal.format), ..terminal.clone() };
    invocation.adopt(context, &terminal);
    let report = invocation.run()?;
    let mut printed = Vec::new();
    let mut said = Vec::new();
    ui::render(&report, &terminal, &mut printed, &mut said)
        .map_err(|_| Error::bug("a step of the demo printed nothing"))?;
    printed.extend(said);
    let text = String::from_utf8_lossy(&printed).into_owned();
    Ok(text.replace(&format!("{}/", dir.display()), ""))
}

/// Makes one store with a group of five who wrote much in half a year, in as many chats as it takes
/// to stay below the limit of each.
fn big(context: &Context, dir: &Path, messages: u64, seed: u64) -> Result<Report> {
    let members = CROWD.iter().map(|id| MemberId::parse(id)).collect::<Result<Vec<_>>>()?;
    let environment = sample::environment(&context.environment(), seed);
    let owner = members.first().ok_or_else(|| Error::bug("the demo has no members"))?;
    let (store, _) = Store::init(dir, environment.into(), Some(owner))?;
    let progress = context.progress("writing messages", Some(messages));
    let mut chance = Chance::new(seed);
    let chats = messages.div_ceil(CHAT).max(1);
    for chat in 0..chats {
        let (id, name) = match chat {
            0 => (GROUP.to_owned(), "Ocean friends".to_owned()),
            _ => (format!("channel:ocean-forest-moon-{chat}"), format!("Channel {chat}")),
        };
        let entity = EntityId::parse(&id)?;
        people(&store, &entity, name, &members)?;
        // The first chats take the remainder.
        let share = messages / chats + u64::from(chat < messages % chats);
        sample::fill(&store, &entity, &members, share, &mut chance, || progress.advance(1))?;
    }
    drop(progress);
    let where_to = if chats == 1 { String::new() } else { format!(" in {chats} chats") };
    Ok(Report::text(format!("{}\n", dir.display())).note(format!(
        "wrote {}{where_to}; try: crdtctl -s {} chat list --limit 5",
        counted(messages, "message"),
        dir.display()
    )))
}

fn people(store: &Store, entity: &EntityId, name: String, members: &[MemberId]) -> Result<()> {
    let now = store.environment().machine.clock.now();
    store.environment().machine.clock.set(now.saturating_sub(sample::SPAN));
    let open = Open { command: "demo", member: members.first(), dry_run: false };
    let mut session = store.session(open)?;
    let create = core::Create { entity: entity.clone(), name, description: String::new() };
    operation::run(&mut session, &Operation::EntityCreate(create))?;
    for member in members.iter().skip(1) {
        let add = core::AddMember {
            entity: entity.clone(),
            member: member.clone(),
            role: Some(Role::Member),
        };
        operation::run(&mut session, &Operation::MemberAdd(add))?;
    }
    if entity.as_str() == GROUP {
        session.state().set_setting(DEFAULT_ENTITY, Some(GROUP))?;
    }
    session.commit()?;
    store.environment().machine.clock.set(now);
    Ok(())
}

/// The folder to work in: the named one, if it is free, or the next free one here.
fn folder(named: Option<PathBuf>) -> Result<PathBuf> {
    let dir = match named {
        Some(dir) => dir,
        None => (1u32..)
            .map(|n| if n == 1 { "crdtctl-demo".into() } else { format!("crdtctl-demo-{n}") })
            .map(PathBuf::from)
            .find(|dir| !dir.exists())
            .ok_or_else(|| Error::refused("no free name for a folder"))?,
    };
    files::outside(&dir)?;
    if !Store::is_free(&dir)? {
        return Err(Error::refused(format!("{} exists and is not empty", dir.display()))
            .hint("name another folder: crdtctl demo DIR"));
    }
    std::fs::create_dir_all(&dir)
        .map_err(|e| Error::io(format!("cannot make {}", dir.display()), e))?;
    Ok(dir)
}
