//! Repairs the findings of a check: only those that were named, all in one commit or none.

use super::people::heir;
use super::{Edit, Finding, Repair};
use crate::archive;
use crate::concern::chat::Caches;
use crate::concern::{self, core, kanban, plain};
use crate::crdt::container;
use crate::crdt::doc::Txn;
use crate::error::{Error, Kind, Next, Result};
use crate::id::{self, DocId};
use crate::path::Keys;
use crate::store::check::{UNREAD_FILE, UNREADABLE_FILE};
use crate::store::{Committed, Session};
use std::collections::{BTreeMap, BTreeSet};

/// What a repair did.
#[derive(Debug)]
pub struct Repaired {
    /// The given findings, in their order: all of them are repaired.
    pub findings: Vec<Finding>,
    /// The commit that holds all of it; without a number if no document's content had to change.
    pub committed: Committed,
}

/// Returns the findings named by ids or unique prefixes of them.
///
/// # Errors
/// `NotFound`, `Ambiguous`; `Io` for an unknown name if a file could not be read, which may be what it is
/// about; `Refused` for a finding that cannot be repaired automatically, with the command that helps.
pub fn named<'f>(findings: &'f [Finding], names: &[String]) -> Result<Vec<&'f Finding>> {
    let is_unread = |kind: &str| [UNREAD_FILE.name, UNREADABLE_FILE.name].contains(&kind);
    let unread = findings.iter().find(|finding| is_unread(finding.kind.name));
    let mut picked: Vec<&Finding> = Vec::new();
    for name in names {
        let ids = findings.iter().map(|finding| finding.id.as_str());
        let id = id::resolve(name, ids, "finding").map_err(|e| match (e.kind, unread) {
            (Kind::NotFound, Some(unread)) => {
                Error::io(format!("could not look for finding {name:?}"), unread.message.as_str())
                    .hint(unread.fix.clone())
            }
            (Kind::NotFound, None) => {
                e.hint(Next::Check(None).and(" shows them; repaired findings are gone from it"))
            }
            _ => e,
        })?;
        for finding in findings.iter().filter(|finding| finding.id == id) {
            if !finding.is_repairable() {
                return Err(Error::refused(format!("{id} cannot be repaired by itself"))
                    .because(finding.message.as_str())
                    .hint(finding.fix.clone()));
            }
            // It may be named twice, and two findings may share an id.
            if !picked.iter().any(|other| std::ptr::eq(*other, finding)) {
                picked.push(finding);
            }
        }
    }
    Ok(picked)
}

/// Repairs findings in a session of [`crate::store::Store::repair_session`]. The replaced bytes go into the
/// quarantine of `crdtctl.db` first.
///
/// # Errors
/// Those of the session; nothing is written then, except if the error says "not everything".
pub fn repair(mut session: Session, findings: &[&Finding]) -> Result<Repaired> {
    rewrite_plain(&mut session, findings)?;
    for finding in findings {
        if matches!(finding.repair, Repair::Archive) {
            archive::show_again(&session)?;
        }
        let Some(doc) = &finding.doc else { continue };
        match &finding.repair {
            // Done already.
            Repair::Content(Edit::Plain(_)) => {}
            Repair::Files(repair) => session.repair(doc, &finding.id, *repair)?,
            Repair::Content(change) => {
                session.set_aside(doc, &finding.id)?;
                let now = session.now();
                session.edit(doc, |txn| edit(txn, change, now))?;
            }
            Repair::Archive | Repair::ByHand => {}
        }
    }
    let findings = findings.iter().map(|finding| (*finding).clone()).collect();
    Ok(Repaired { findings, committed: session.commit()? })
}

/// Replaces plain values by shared types: all of a document at once, since finding them requires a walk over
/// the whole document. Other things to be repaired may be inside them.
fn rewrite_plain(session: &mut Session, findings: &[&Finding]) -> Result<()> {
    let mut details: BTreeMap<&DocId, BTreeSet<&str>> = BTreeMap::new();
    for finding in findings {
        let (Some(doc), Repair::Content(Edit::Plain(detail))) = (&finding.doc, &finding.repair)
        else {
            continue;
        };
        let of_document = details.entry(doc).or_default();
        if of_document.is_empty() {
            session.set_aside(doc, &finding.id)?;
        }
        of_document.insert(detail);
    }
    for (doc, details) in details {
        let (Some(spec), Some(view)) = (concern::of(doc), session.view(doc)?) else { continue };
        let named = |found: &plain::PlainRecord| details.contains(found.detail().as_str());
        let found: Vec<plain::PlainRecord> =
            plain::find(spec, &view).into_iter().filter(named).collect();
        session.edit(doc, |txn| {
            for plain in &found {
                container::replace(txn, doc, &plain.stand, &plain.content(doc))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn edit(txn: &mut Txn<'_>, change: &Edit, now: i64) -> Result<()> {
    match change {
        Edit::ActiveMember(member) => match core::active(txn).contains_key(member) {
            true => txn.set(&[core::ACTIVE], member, true),
            false => txn.remove(&[core::ACTIVE], member).map(drop),
        },
        Edit::Owner => match heir(txn) {
            Some(heir) => core::appoint(txn, &heir, crate::policy::Role::Owner, now),
            None => Ok(()),
        },
        Edit::Thread(thread) => Caches::put_right(txn, thread),
        Edit::Card(card) => kanban::board::list_once(txn, card, now),
        Edit::Id(path, field) => match path.last() {
            Some(key) => txn.set(&path.steps(), field, key.as_str()),
            None => Ok(()),
        },
        Edit::Plain(_) => Ok(()),
    }
}
