//! `canvas apply` and `canvas events`: the two ends of a live relay.

use crate::cmd::context::lost;
use crate::cmd::{Context, DryRun, failure, files, resolve};
use crate::concern::canvas::relay::{CursorUpdate, RelayMessage, StateRequest};
use crate::concern::canvas::{self, SPEC};
use crate::error::{Error, Kind, Result};
use crate::id::{EntityId, MemberId};
use crate::limits;
use crate::store::{Handed, Open, Session, State, Store};
use crate::sync::intake::{Intake, MessageOutcome, Notice, Reception};
use crate::ui::{self, Report, Row, Written, row};
use serde_json::json;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

/// Two numbers, as in `--at 10,20`.
pub type Point = (f64, f64);

/// The bytes read at once: lines that arrive together form one commit.
const BUFFER: usize = 1 << 20;

/// What both commands need from the command line while the relay runs.
struct Around {
    store: Store,
    member: Option<MemberId>,
    dry_run: bool,
    quiet: bool,
}

impl Around {
    fn of(context: &Context, dry_run: DryRun) -> Result<Around> {
        Ok(Around {
            store: context.store()?,
            member: context.named_member()?.cloned(),
            dry_run: dry_run.dry_run,
            quiet: context.terminal.quiet,
        })
    }

    fn session(&self, command: &str) -> Result<Session> {
        let member = self.member.as_ref();
        self.store.session(Open { command, member, dry_run: self.dry_run })
    }

    fn say(&self, notes: &[String]) {
        if !self.quiet {
            notes.iter().for_each(|note| ui::say(&mut std::io::stderr(), note));
        }
    }
}

impl Around {
    /// Takes in lines that arrived together; `first` is the number of the first one.
    fn take(
        &self,
        known: &KnownCanvases,
        source: &str,
        first: usize,
        lines: &[Vec<u8>],
    ) -> Result<Vec<MessageOutcome>> {
        let member = self.member.as_ref();
        let open = Open { command: "canvas apply", member, dry_run: self.dry_run };
        let notify = |notice: Notice<'_>| match notice {
            Notice::Said(notes) => self.say(notes),
            Notice::Lost(records) => self.say(&[lost(records)]),
            Notice::LeftOut(error) => self.say(failure::leaves_out(error).as_slice()),
            Notice::Waiting => self.say(&["some messages wait for earlier ones; `crdtctl canvas \
                 events --request` asks others for all of the canvas"
                .to_owned()]),
        };
        let store = &self.store;
        let KnownCanvases { entities, canvases } = known;
        let intake = Intake { store, open, entities, canvases, source, first, notify: &notify };
        let read = intake.read(lines).map_err(|e| {
            let before = match first {
                1 => "nothing was applied".to_owned(),
                first => format!("the lines up to {} were applied", first - 1),
            };
            e.hint(format!("{before}; `crdtctl canvas apply --help` shows the messages"))
        })?;
        intake.apply(&read)
    }
}

/// The printed outcome of a message.
fn shown(outcome: &MessageOutcome) -> Result<Row> {
    let mut row = row(outcome)?;
    if outcome.result == Reception::Answered {
        row.insert("why".into(), json!("the answer waits for `canvas events`"));
    }
    Ok(row)
}

/// The entities with canvases here, and the ids that others use for them.
struct KnownCanvases {
    entities: Vec<EntityId>,
    canvases: BTreeMap<String, EntityId>,
}

impl KnownCanvases {
    /// Resolves the entities; `renamed` maps each canvas id that others use to an entity here (`ID=ENTITY`).
    fn of(context: &Context, renamed: &[(String, String)]) -> Result<KnownCanvases> {
        let documents = context.reader()?.documents()?;
        let entities: Vec<EntityId> = context.entities(&documents)?.into_iter().collect();
        let all: BTreeSet<EntityId> = entities.iter().cloned().collect();
        let known = |(id, entity): &(String, String)| {
            Ok((id.clone(), resolve::entity(Some(entity.as_str()), None, &all)?))
        };
        let canvases = renamed.iter().map(known).collect::<Result<_>>()?;
        Ok(KnownCanvases { entities, canvases })
    }
}

pub fn apply(
    context: &Context,
    file: Option<PathBuf>,
    renamed: &[(String, String)],
    dry_run: DryRun,
) -> Result<Report> {
    let file = file.unwrap_or_else(|| PathBuf::from("-"));
    let input = RefCell::new(Lines::of(files::open(&file)?));
    let around = Around::of(context, dry_run)?;
    let known = KnownCanvases::of(context, renamed)?;
    let report = Report::feed(
        move |take| {
            let mut input = input.try_borrow_mut().map_err(|e| Error::bug(e.to_string()))?;
            let (mut upto, mut about_us, mut passed) = (0, false, None);
            while let Some(lines) = input.together()? {
                let outcomes = around.take(&known, &files::name(&file), upto + 1, &lines)?;
                upto += lines.len();
                for outcome in outcomes {
                    match outcome.result {
                        Reception::Passed => passed = passed.or(Some(outcome.canvas_id.clone())),
                        _ => about_us = true,
                    }
                    if !take(shown(&outcome)?)? {
                        return Ok(());
                    }
                }
            }
            match passed.filter(|_| !about_us) {
                Some(canvas) => Err(nothing_for_us(&canvas)),
                None => Ok(()),
            }
        },
        &[],
    );
    Ok(match dry_run.dry_run {
        true => report.note("dry run, nothing is written"),
        false => report,
    })
}

/// The error if every message was about canvases that are not here.
fn nothing_for_us(canvas: &str) -> Error {
    let what = format!("every message was skipped: no canvas here is {canvas:?}");
    Error::new(Kind::Findings, what)
        .hint("`--canvas ID=ENTITY` maps the id that others use for a canvas to an entity here")
}

/// Reads the lines of a relay.
struct Lines {
    input: BufReader<Box<dyn Read>>,
    /// The start of a line that is not complete yet.
    begun: Vec<u8>,
}

impl Lines {
    fn of(input: Box<dyn Read>) -> Lines {
        Lines { input: BufReader::with_capacity(BUFFER, input), begun: Vec::new() }
    }

    /// Waits for lines, and returns those that arrived together; `None` at the end.
    fn together(&mut self) -> Result<Option<Vec<Vec<u8>>>> {
        loop {
            let failed = |e| Error::io("cannot read the messages", e);
            let came = self.input.fill_buf().map_err(failed)?;
            let taken = came.len();
            if taken == 0 {
                let last = std::mem::take(&mut self.begun);
                return Ok((!last.is_empty()).then(|| vec![last]));
            }
            self.begun.extend_from_slice(came);
            self.input.consume(taken);
            if let Some(end) = self.begun.iter().rposition(|byte| *byte == b'\n') {
                let rest = self.begun.split_off(end + 1);
                let whole = std::mem::replace(&mut self.begun, rest);
                let lines = whole.strip_suffix(b"\n").unwrap_or(&whole);
                return Ok(Some(lines.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()));
            }
            if self.begun.len() > limits::MESSAGE_LINE_BYTES {
                return Err(Error::untrusted(format!(
                    "a line of more than {} bytes",
                    limits::MESSAGE_LINE_BYTES
                )));
            }
        }
    }
}

/// The options of `canvas events`.
pub struct Events {
    /// The position of the cursor.
    pub cursor: Option<Point>,
    /// Adds a request for the others' state.
    pub request: bool,
    /// The event after which to start; by default the last acknowledged one.
    pub since: Option<i64>,
    pub dry_run: DryRun,
}

/// Hands out the events that are not acknowledged, and keeps them until they are: output taken by a pipe is
/// not yet published.
pub fn events(context: &Context, asked: Events) -> Result<Report> {
    let around = Around::of(context, asked.dry_run)?;
    let (entity, member) = (context.entity()?, context.acting_member()?);
    let doc = entity.document(SPEC.name);
    let mut now = Vec::new();
    now.extend(asked.cursor.map(|at| cursor_of(&entity, &member, at, context.now())));
    now.extend(asked.request.then(|| {
        RelayMessage::CanvasStateRequest(StateRequest {
            canvas_id: entity.to_string(),
            requester_peer_id: member.to_string(),
            since_vector_clock: None,
        })
    }));
    let from = |state: &State| -> Result<(Handed, Vec<(i64, String)>)> {
        let handed = state.handed(&doc)?;
        Ok((handed, state.events(&doc, asked.since.unwrap_or(handed.acknowledged))?))
    };
    let reader = context.reader()?;
    let (handed, events) = match canvas::outgoing(&reader, &entity, &member)?.is_empty() {
        true => reader.state().map(from).transpose()?.unwrap_or_default(),
        false => {
            // Look again under the lock: nobody else assigns numbers now.
            let mut session = around.session("canvas events")?;
            let new = canvas::outgoing(&context.reader()?, &entity, &member)?;
            new.collect(&mut session, &entity, &member)?;
            let found = from(session.state())?;
            around.say(&session.commit()?.notes);
            found
        }
    };
    let again = events.iter().filter(|(number, _)| *number <= handed.printed).count();
    let last = events.last().map_or(0, |(number, _)| *number);
    let report = Report::feed(
        move |take| {
            for message in &now {
                if !take(message.fields()?)? {
                    return Ok(());
                }
            }
            for (number, line) in &events {
                if !take(canvas::event(*number, line)?)? {
                    return Ok(());
                }
            }
            if last <= handed.printed || around.dry_run || asked.since.is_some() {
                return Ok(());
            }
            // Everything was written: `--ack` without a number acknowledges up to here.
            let session = around.session("canvas events")?;
            let handed = session.state().handed(&doc)?;
            let printed = handed.printed.max(last);
            session.state().put_handed(&doc, Handed { printed, ..handed })?;
            around.say(&session.commit()?.notes);
            Ok(())
        },
        &[],
    );
    Ok(match again {
        0 => report,
        again => report.note(format!(
            "{again} of them were handed out before; `crdtctl canvas events --ack` acknowledges them"
        )),
    })
}

/// Acknowledges events up to a number; without one, all that were handed out.
pub fn acknowledge(context: &Context, upto: Option<i64>) -> Result<Report> {
    let doc = context.entity()?.document(SPEC.name);
    let session = context.session()?;
    let handed = session.state().handed(&doc)?;
    let upto = upto.unwrap_or(handed.printed);
    if upto > handed.last {
        return Err(Error::usage(format!(
            "there is no event {upto} yet, the last is {}",
            handed.last
        ))
        .hint("`crdtctl canvas events` shows each with its number, `seq`"));
    }
    let changed = upto > handed.acknowledged;
    let acknowledged = handed.acknowledged.max(upto);
    if changed {
        session.state().put_handed(&doc, Handed { acknowledged, ..handed })?;
    }
    let committed = session.commit()?;
    let sentence = format!("the events up to {acknowledged} are acknowledged");
    let written = Written { changed, sentence, doc: Some(doc.to_string()), ..Written::default() };
    Ok(context.written(written.with("acknowledged", acknowledged), committed))
}

fn cursor_of(entity: &EntityId, member: &MemberId, (x, y): Point, now: i64) -> RelayMessage {
    RelayMessage::CanvasCursorUpdate(CursorUpdate {
        canvas_id: entity.to_string(),
        peer_id: member.to_string(),
        display_name: member.to_string(),
        x,
        y,
        hovered_element_id: None,
        selected_elements: Vec::new(),
        tool: None,
        color: None,
        timestamp_ms: u64::try_from(now).unwrap_or(0).saturating_mul(1000),
    })
}
