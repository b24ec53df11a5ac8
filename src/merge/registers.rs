//! Rule R4 over the schema: which clock a field goes by, who wins, and what is kept of the losers.

use super::attributed::{self, AttributedChange};
use super::incoming::{AppliedUpdate, Merge, sides};
use crate::concern::{self};
use crate::crdt::doc::Txn;
use crate::crdt::register::{Arrival, Carriers, Contest, MergeSide, News, Write, order};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, Field, FieldKind, FieldRole, Removal, Spec, place};
use crate::store::{Conflict, ConflictClaim, Session};
use crate::wire::Value;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The later clock.
pub const LATER: &str = "later";
/// Equal clocks: the greater value in byte order.
pub const GREATER: &str = "greater";
/// No clock: whichever yrs put last.
pub const UNCLOCKED: &str = "unclocked";
/// The record was deleted meanwhile.
pub const DELETED: &str = "deleted";
/// The record is no longer there.
pub const PRUNED: &str = "pruned";

/// The rule's decisions about the registers of one document.
#[derive(Default)]
pub struct RegisterPlan {
    /// Fields to be written once more: the winners that yrs did not choose, and their clocks.
    pub again: Vec<(DocPath, Value)>,
    /// The losing values.
    pub lost: Vec<Conflict>,
    /// What the import did to the document, for the audit.
    pub attributed: Vec<AttributedChange>,
}

/// Decides the registers of one document that an import brought into conflict, and writes the winners that
/// yrs did not choose. Returns what it found.
pub fn decide(
    session: &mut Session,
    doc: &DocId,
    before: Option<&View>,
    parts: &[AppliedUpdate<'_>],
) -> Result<RegisterPlan> {
    let Some(after) = session.at_hand(doc)? else { return Ok(RegisterPlan::default()) };
    let sides = sides(parts);
    let by: Vec<Option<String>> = parts.iter().map(|part| part.by.clone()).collect();
    let now = session.now();
    let member = session.member().map(ToString::to_string);
    let own = (session.client(), member.as_deref());
    let plan = plan(&Merge { doc, before, after: &after, sides: &sides, by: &by, own, now })?;
    if !plan.again.is_empty() {
        session.edit(doc, |txn| plan.write(txn))?;
    }
    Ok(plan)
}

/// Finds out what the rule asks for. Writes nothing.
///
/// # Errors
/// `Bug` if the document is not valid.
pub fn plan(merge: &Merge<'_>) -> Result<RegisterPlan> {
    let Some(spec) = concern::of(merge.doc) else { return Ok(RegisterPlan::default()) };
    let mut plan = RegisterPlan {
        attributed: attributed::new_records(spec, merge),
        ..RegisterPlan::default()
    };
    removals(spec, merge, &mut plan);
    let roots = concern::roots(merge.doc);
    let Some(news) = News::of(merge.before, merge.after, merge.sides, roots)? else {
        return Ok(plan);
    };
    let again = BTreeMap::new();
    let mut decided = Decided { spec, merge, news: &news, again, lost: plan.lost };
    for contest in news.contests() {
        decided.contest(&contest);
    }
    decided.deletions();
    plan.attributed.extend(attributed::changes(merge, &news));
    Ok(RegisterPlan {
        again: decided.again.into_iter().collect(),
        lost: decided.lost,
        attributed: plan.attributed,
    })
}

impl RegisterPlan {
    /// Writes the winners again, each with its clock.
    pub fn write(&self, txn: &mut Txn<'_>) -> Result<()> {
        for (path, value) in &self.again {
            if let Some((key, parent)) = path.steps().split_last() {
                txn.set_again(parent, key, value)?;
            }
        }
        Ok(())
    }
}

/// Keeps what was written here to records that somebody removed for good without having seen it.
fn removals(spec: &'static Spec, merge: &Merge<'_>, plan: &mut RegisterPlan) {
    let Some(before) = merge.before else { return };
    let deleters = OnceCell::new();
    for collection in spec.collections.iter().filter(|c| c.tombstone.is_some()) {
        for record in collection.records(before) {
            let item = before.container(&record.steps());
            let Some(item) =
                item.filter(|item| merge.after.container(&record.steps()) != Some(*item))
            else {
                continue;
            };
            let deleters = deleters.get_or_init(|| Carriers::of_deletions(merge.sides));
            let removers = deleters.carrying(item);
            let removers = || removers.iter().filter_map(|side| merge.sides.get(*side));
            for path in fields(before, &record) {
                let Some(write) = standing(before, &path) else { continue };
                let target = Target::of(spec, &path)
                    .filter(|target| target.is_content() && !target.is_flag());
                let known = |side: &MergeSide<'_>| !side.is_known() || side.saw(write.id);
                if let (Some(target), false) =
                    (target, removers().any(known) || removers().next().is_none())
                {
                    plan.lost.push(lost(
                        merge,
                        Some((&target, &path)),
                        PRUNED,
                        ConflictClaim::default(),
                        &write,
                        None,
                    ));
                }
            }
        }
    }
}

/// Returns the paths of a record's fields.
fn fields(source: &View, record: &[String]) -> Vec<DocPath> {
    let path = |key: String| record.iter().cloned().chain([key]).collect();
    source.keys(&record.steps()).into_iter().map(path).collect()
}

/// Returns what a view shows at a path, if it is a plain value.
fn standing(view: &View, path: &[String]) -> Option<Write> {
    let steps = path.steps();
    let id = view.item(&steps).filter(|_| view.container(&steps).is_none())?;
    Some(Write { id, value: view.value(&steps)?, sides: Vec::new() })
}

fn claim(merge: &Merge<'_>, write: &Write, at: Option<i64>) -> ConflictClaim {
    ConflictClaim::of(&write.value, at, by(merge, write))
}

fn by(merge: &Merge<'_>, write: &Write) -> Option<String> {
    let sender = write.sides.iter().find_map(|side| merge.by.get(*side)?.clone());
    let (client, member) = merge.own;
    sender.or_else(|| member.filter(|_| write.id.client == client).map(str::to_owned))
}

fn lost(
    merge: &Merge<'_>,
    place: Option<(&Target, &[String])>,
    rule: &str,
    winner: ConflictClaim,
    loser: &Write,
    at: Option<i64>,
) -> Conflict {
    Conflict {
        id: 0,
        at: merge.now,
        doc: merge.doc.clone(),
        noun: place.map(|(target, _)| target.collection.noun.to_owned()),
        path: place.map(|(_, path)| DocPath::from(path)).unwrap_or_default(),
        rule: rule.to_owned(),
        winner,
        loser: claim(merge, loser, at),
        item: (loser.id.client, loser.id.clock),
        restored: None,
    }
}

/// Returns a losing value whose place was found out, or `None` if people do not write what is there.
pub fn placed(lost: Conflict, path: DocPath) -> Option<Conflict> {
    let Some(target) = concern::of(&lost.doc).and_then(|spec| Target::of(spec, &path)) else {
        return Some(lost);
    };
    let is_content = target.is_content() && !target.is_flag();
    let noun = Some(target.collection.noun.to_owned());
    is_content.then_some(Conflict { noun, path, ..lost })
}

struct Decided<'d> {
    spec: &'static Spec,
    merge: &'d Merge<'d>,
    news: &'d News<'d>,
    /// By path, so that a clock that covers several fields is written once.
    again: BTreeMap<DocPath, Value>,
    lost: Vec<Conflict>,
}

/// A field of a record, and what is known of it.
struct Target {
    collection: &'static Collection,
    record: DocPath,
    field: Option<&'static Field>,
}

impl Target {
    fn of(spec: &'static Spec, path: &[String]) -> Option<Target> {
        let (collection, steps) = place(spec, path)?;
        let record = DocPath::from(path.get(..steps)?);
        let name = path.get(steps)?;
        let field = collection.field(name);
        Some(Target { collection, record, field })
    }

    fn below(&self, name: &str) -> DocPath {
        self.record.child(name)
    }

    fn is(&self, name: Option<&str>) -> bool {
        name.is_some() && self.field.map(|field| field.name) == name
    }

    /// Returns whether it is the clock of the record or of one of its fields.
    fn is_clock(&self) -> bool {
        self.is(self.collection.clock)
            || self.collection.fields.iter().any(|field| self.is(field.clock))
    }

    /// Returns whether a deletion writes it beside its flag.
    fn goes_with_the_flag(&self) -> bool {
        self.collection.tombstone.as_ref().is_some_and(|t| self.is(Some(t.at)) || self.is(t.by))
    }

    fn is_flag(&self) -> bool {
        self.collection.tombstone.as_ref().is_some_and(|t| self.is(Some(t.flag)))
    }

    /// Returns whether people wrote it: it is neither a time, nor a set or a sequence, which unite, nor a
    /// cache.
    fn is_content(&self) -> bool {
        let kind = self.field.map_or(FieldKind::Text, |field| field.kind);
        !self.goes_with_the_flag() && (kind.is_content() || kind == FieldKind::Flag)
    }

    /// Returns whether rule R4 decides it.
    fn is_register(&self) -> bool {
        let kind = self.field.map(|field| field.kind);
        !self.goes_with_the_flag() && (self.is_content() || kind == Some(FieldKind::Time))
    }

    /// Returns whether its clock tells when it was written, and not when another field was.
    fn has_clock_alone(&self) -> bool {
        let shares =
            |field: &&Field| field.kind.is_content() && field.clock.is_none() && !field.is_fixed();
        self.is_flag()
            || self.field.is_some_and(|field| field.clock.is_some())
            || self.collection.fields.iter().filter(shares).count() == 1
    }

    /// Returns the deletion flag of its record, if that is garbage, not content.
    fn flag(&self) -> Option<DocPath> {
        let tombstone = self.collection.tombstone.as_ref()?;
        (tombstone.removal == Removal::AtOnce).then(|| self.below(tombstone.flag))
    }
}

impl Decided<'_> {
    fn contest(&mut self, contest: &Contest) {
        let Some(target) = Target::of(self.spec, &contest.path) else { return };
        if !target.is_register() {
            return;
        }
        // Next to a deletion nothing is decided; `deletions` keeps what it took along.
        if let Some(flag) = target.flag()
            && !target.is_flag()
            && self.merge.after.flag(&flag.steps())
        {
            return;
        }
        if target.is_clock() {
            return self.later_clock(contest);
        }
        let clocked_write = |write| (self.clock(&target, write), write);
        let mut writes: Vec<(Option<i64>, &Write)> =
            [&contest.shown].into_iter().chain(&contest.rivals).map(clocked_write).collect();
        let clocked = target.collection.clock.is_some() || self.own_clock(&target).is_some();
        let judged = contest.judged.iter().map(|write| (self.clock(&target, write), write));
        let judged: Vec<(Option<i64>, &Write)> = judged.collect();
        // Bare updates need not follow these rules, e.g. from an application that merged by client ids: then
        // its decisions are made again, if the field's clock tells when it was written.
        let again = clocked && self.is_bare(&contest.shown) && target.has_clock_alone();
        if again {
            writes.extend(&judged);
        }
        let winner = match clocked {
            true => writes.iter().max_by(|a, b| later(**a, **b)),
            false => writes.first(),
        };
        let Some((at, winner)) = winner.copied() else { return };
        if !winner.value.same(&contest.shown.value) {
            self.write_again(&target, &contest.path, winner, at);
        }
        if target.is_flag() && winner.value.same(&Value::Bool(true)) {
            self.last_deletion(&target, &writes);
        }
        if !target.is_content() {
            return;
        }
        if !again {
            writes.extend(&judged);
        }
        for (lost_at, loser) in writes {
            if loser.value.same(&winner.value) {
                continue;
            }
            let rule = match clocked {
                false => UNCLOCKED,
                true if at == lost_at => GREATER,
                true => LATER,
            };
            let winner = claim(self.merge, winner, at);
            self.keep(Some((&target, &contest.path)), rule, winner, loser, lost_at);
        }
    }

    /// Returns whether a write came only in updates without any statement about their maker.
    fn is_bare(&self, write: &Write) -> bool {
        let bare = |side: &usize| self.merge.sides.get(*side).is_some_and(|s| s.seen.is_none());
        !write.sides.is_empty() && write.sides.iter().all(bare)
    }

    /// A clock follows its own rule: the latest wins.
    fn later_clock(&mut self, contest: &Contest) {
        let clock = |write: &Write| write.value.as_i64();
        let latest = contest.rivals.iter().filter_map(clock).max();
        if latest > clock(&contest.shown)
            && let Some(latest) = latest
        {
            self.clock_again(contest.path.clone(), latest);
        }
    }

    fn write_again(&mut self, target: &Target, path: &[String], winner: &Write, at: Option<i64>) {
        self.again.insert(path.into(), winner.value.clone());
        if target.is_flag()
            && let Some(tombstone) = &target.collection.tombstone
        {
            for name in [Some(tombstone.at), tombstone.by].into_iter().flatten() {
                let path = target.below(name);
                if let Some(value) = self.news.said(winner, &path.steps()) {
                    self.again.insert(path, value);
                }
            }
        }
        let clock = self.own_clock(target).or(target.collection.clock);
        if let (Some(clock), Some(at)) = (clock, at.filter(|_| !target.is_flag())) {
            self.clock_again(target.below(clock), at);
        }
    }

    /// Of several concurrent deletions of a record the last one says when it was, and by whom; of equally
    /// late ones, the greater name.
    fn last_deletion(&mut self, target: &Target, writes: &[(Option<i64>, &Write)]) {
        let Some(marks) = &target.collection.tombstone else { return };
        let path = |name: &str| target.below(name);
        let said = |write: &Write, name: &str| self.news.said(write, &path(name).steps());
        let last = writes
            .iter()
            .filter(|(_, write)| write.value.same(&Value::Bool(true)))
            .map(|(_, write)| (said(write, marks.at), marks.by.map(|by| said(write, by))))
            .max_by(|a, b| {
                let at = |of: &Option<Value>| of.as_ref().and_then(Value::as_i64);
                let by = |of: &Option<Option<Value>>| of.clone().flatten().unwrap_or(Value::Null);
                at(&a.0).cmp(&at(&b.0)).then_with(|| order(&by(&a.1), &by(&b.1)))
            });
        let Some((at, by)) = last else { return };
        for (name, value) in [Some((marks.at, at)), marks.by.zip(by)].into_iter().flatten() {
            let path = path(name);
            let shown = self.merge.after.value(&path.steps());
            if let Some(value) = value
                && !shown.is_some_and(|shown| shown.same(&value))
            {
                self.again.insert(path, value);
            }
        }
    }

    /// Writes a clock again, at least as late as everything known of it.
    fn clock_again(&mut self, path: DocPath, at: i64) {
        let planned = self.again.get(&path).and_then(Value::as_i64);
        let at =
            at.max(planned.unwrap_or(at)).max(self.merge.after.int(&path.steps()).unwrap_or(at));
        self.again.insert(path, Value::Int(at));
    }

    fn own_clock(&self, target: &Target) -> Option<&'static str> {
        target.field.and_then(|field| field.clock)
    }

    /// Returns the clock of a write: that of its field, else that of its record, as its side had it. What a
    /// deletion writes is as late as the deletion, and what undoes one is as late as the record that was made
    /// again: its clock may reflect later writes to other fields.
    fn clock(&self, target: &Target, write: &Write) -> Option<i64> {
        let said = |name: &str| {
            self.news.said(write, &target.below(name).steps()).and_then(|value| value.as_i64())
        };
        let own = self.own_clock(target).and_then(said);
        let clock = own.or_else(|| target.collection.clock.and_then(said));
        let Some(tombstone) = target.collection.tombstone.as_ref().filter(|_| target.is_flag())
        else {
            return clock;
        };
        let made = || target.collection.named(FieldRole::Created).and_then(said);
        match write.value.same(&Value::Bool(true)) {
            true => clock.max(said(tombstone.at)),
            false if tombstone.removal == Removal::AtOnce => made().or(clock),
            false => clock,
        }
    }

    fn keep(
        &mut self,
        place: Option<(&Target, &[String])>,
        rule: &str,
        winner: ConflictClaim,
        loser: &Write,
        at: Option<i64>,
    ) {
        self.lost.push(lost(self.merge, place, rule, winner, loser, at));
    }

    /// Keeps what was written to records that others deleted without knowing of it.
    fn deletions(&mut self) {
        let (news, before) = (self.news, self.merge.before);
        let mut deleted: BTreeMap<DocPath, Write> = BTreeMap::new();
        for Arrival { path, write, .. } in news.arrivals() {
            let Some(target) = path.as_ref().and_then(|path| Target::of(self.spec, path)) else {
                continue;
            };
            let Some(flag) = target.flag().filter(|flag| self.merge.after.flag(&flag.steps()))
            else {
                continue;
            };
            let Some(deletion) = news.shown(&flag.steps()) else { continue };
            if let Some(path) = path.filter(|_| target.is_content() && !target.is_flag()) {
                let is_news = before
                    .and_then(|before| before.value(&path.steps()))
                    .is_none_or(|old| !old.same(&write.value));
                if is_news && unseen(news, &deletion, &write) {
                    self.took_along(&target, &path, &deletion, &write);
                }
            }
            if !deletion.sides.is_empty() {
                deleted.insert(target.record, deletion);
            }
        }
        for (record, deletion) in deleted {
            let Some(before) = before else { continue };
            for path in fields(before, &record) {
                self.our_edit(before, &path, &deletion);
            }
        }
        for (path, write) in news.strays() {
            let path = path.unwrap_or_default();
            let target = Target::of(self.spec, &path);
            let is_content = match &target {
                Some(target) => target.is_content() && !target.is_flag(),
                None => may_be_content(self.spec, &write.value),
            };
            if is_content {
                let place = target.as_ref().map(|target| (target, &path[..]));
                self.keep(place, PRUNED, ConflictClaim::default(), write, None);
            }
        }
        news.stray_maps().iter().for_each(|fields| self.stray_element(fields));
    }

    /// Keeps what somebody wrote as a new element of a list, such as a comment, if the list is gone: its own
    /// fields tell what it is, and nothing tells the record around it.
    fn stray_element(&mut self, fields: &BTreeMap<&str, Write>) {
        let has_all = |of: &&Collection| fields.keys().all(|name| of.field(name).is_some());
        let Some(of) = listed(self.spec).find(has_all) else { return };
        let field = |name: Option<&str>| fields.get(name?);
        let id = field(of.named(FieldRole::Id)).and_then(|id| id.value.as_str());
        let (Some(id), Some(heading), Some(said)) = (id, of.heading(), field(of.heading())) else {
            return;
        };
        let around = of.path.iter().map(|step| if *step == "*" { "" } else { step });
        let path: DocPath = around.chain([id, heading]).map(str::to_owned).collect();
        if let Some(target) = Target::of(self.spec, &path) {
            let at = field(of.clock).and_then(|clock| clock.value.as_i64());
            self.keep(Some((&target, &path)), PRUNED, ConflictClaim::default(), said, at);
        }
    }

    /// Keeps what was here of a record deleted by somebody who had not seen it.
    fn our_edit(&mut self, before: &View, path: &[String], deletion: &Write) {
        let target = Target::of(self.spec, path).filter(|t| t.is_content() && !t.is_flag());
        if let (Some(target), Some(ours)) = (target, standing(before, path))
            && self.news.is_known(deletion)
            && !self.news.saw(deletion, ours.id)
        {
            self.took_along(&target, path, deletion, &ours);
        }
    }

    fn took_along(&mut self, target: &Target, path: &[String], deletion: &Write, lost: &Write) {
        let at = target.collection.tombstone.as_ref().map(|tombstone| tombstone.at);
        let at = at.and_then(|at| self.merge.after.int(&target.below(at).steps()));
        let winner = ConflictClaim { at, by: by(self.merge, deletion), ..ConflictClaim::default() };
        let clock = self.clock(target, lost);
        self.keep(Some((target, path)), DELETED, winner, lost, clock);
    }
}

/// Returns whether people can have written a value whose place is unknown: where no record has numbers, a number
/// is a time.
fn may_be_content(spec: &Spec, value: &Value) -> bool {
    let mut fields = spec.collections.iter().flat_map(|of| of.fields);
    let is_number = |field: &Field| matches!(field.kind, FieldKind::Number | FieldKind::Map);
    value.as_i64().is_none() || fields.any(is_number)
}

/// Returns the collections whose records are the elements of a list in another record.
fn listed(spec: &'static Spec) -> impl Iterator<Item = &'static Collection> {
    spec.collections.iter().filter(|of| {
        let Some(field) = of.path.last() else { return false };
        let around = of.path.len().checked_sub(2).and_then(|end| of.path.get(..end));
        let mut around = spec.collections.iter().filter(|other| Some(other.path) == around);
        around.any(|other| other.field(field).is_some_and(|field| field.kind == FieldKind::List))
    })
}

/// Returns whether a deletion and an edit were made without knowledge of each other.
fn unseen(news: &News<'_>, deletion: &Write, edit: &Write) -> bool {
    !news.saw(deletion, edit.id) && !news.saw(edit, deletion.id)
}

/// Returns which of two writes is later; of equally late ones, the greater.
fn later(a: (Option<i64>, &Write), b: (Option<i64>, &Write)) -> Ordering {
    a.0.cmp(&b.0).then_with(|| order(&a.1.value, &b.1.value))
}
