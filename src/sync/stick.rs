//! Sneakernet: the bundles, with their names, for a stick that is carried around among replicas.
//!
//! No peer is asked what it lacks: that follows from the receipts it gave. Each replica keeps on the stick
//! one bundle for each peer that lacks something, one full bundle for everyone from whom nothing was heard
//! yet, and one receipt. No files are written here.

use super::bundle::Bundle;
use super::content::{self, ContentChoice, OutgoingContents};
use super::export::{ContentDigests, Exported, Request, export_with};
use super::manifest::Manifest;
use super::peer::KnownPeer;
use super::status;
use super::succession;
use crate::error::{Error, Next, Result};
use crate::store::{Environment, Reader, Session, State};
use std::collections::BTreeSet;

/// The prefix and suffix of the names of files on a stick.
const PREFIX: &str = "crdtctl_";
const SUFFIX: &str = ".crdt";
/// The ids of the bundles that were read from sticks, the latest last.
const READ: &str = "stick.read";
/// How many of those are remembered. A forgotten one is read again, which changes nothing.
const REMEMBERED: usize = 1000;
/// Characters of a member and of a replica in a name.
const MEMBER_CHARS: usize = 24;
const REPLICA_CHARS: usize = 8;

/// The recipient of a file on the stick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// A replica that was heard from.
    Replica {
        /// The id of the replica.
        replica: String,
        /// The member it acts as; `None` if it has none.
        member: Option<String>,
    },
    /// Everybody from whom nothing was heard: these members, and anyone else.
    Unheard(Vec<String>),
    /// Whoever reads it: a receipt of what is here, without updates.
    Anybody,
}

/// One file for the stick.
pub struct StickFile {
    /// The recipient.
    pub to: Recipient,
    /// Its name, always the same for the same two ends.
    pub file: String,
    /// The bundle to write, and what had to be left out of it.
    pub exported: Exported,
    /// The contents of files it carries.
    pub contents: OutgoingContents,
}

/// Everything that belongs onto a stick.
pub struct Load {
    /// One file for each replica that lacks something, and lastly one for everybody else.
    pub outgoing: Vec<StickFile>,
    /// The replicas that get nothing because their members have left every entity.
    pub departed: Vec<String>,
    /// What could not be read on the way.
    pub damaged: Vec<Error>,
}

/// Returns whether this program gives such a name to files on a stick.
pub fn is_named(file: &str) -> bool {
    file.starts_with(PREFIX) && file.ends_with(SUFFIX)
}

/// Returns what belongs onto a stick for the store's current state, with archived rows if `archive` is set.
/// Writes nothing.
///
/// # Errors
/// `Usage` for a store that is not a replica; those of [`super::export::export`].
pub fn load(reader: &Reader, environment: &Environment, archive: bool) -> Result<Load> {
    let (state, replica, member) = identity(reader)?;
    let own = label(&replica, member.as_deref());
    let mut load = Load { outgoing: Vec::new(), departed: Vec::new(), damaged: Vec::new() };
    let members = status::members(reader, &mut load.damaged)?;
    let mut unheard = members.clone();
    unheard.retain(|one| Some(one) != member.as_ref());
    let digests = ContentDigests::default();
    let carry = |exported: &mut Exported, peer: Option<&KnownPeer>| {
        content::carry(exported, reader, environment, peer, ContentChoice::All)
    };
    let peers = succession::living(state)?;
    let alone = peers.is_empty();
    for peer in peers {
        match &peer.member {
            Some(of) if status::has_left(&members, of) => {
                load.departed.push(of.clone());
                continue;
            }
            Some(of) => drop(unheard.remove(of)),
            None => {}
        }
        let known = KnownPeer::of_peer(state, &peer.replica_id)?;
        let request = Request { peer: Some(&known), archive, ..Request::default() };
        let mut exported = export_with(reader, environment, &request, &digests)?;
        let contents = carry(&mut exported, Some(&known))?;
        if exported.bundle.has_updates() {
            let to = label(&peer.replica_id, peer.member.as_deref());
            let to_peer = Recipient::Replica { replica: peer.replica_id, member: peer.member };
            load.outgoing.push(StickFile {
                to: to_peer,
                file: format!("{PREFIX}{own}_to_{to}{SUFFIX}"),
                exported,
                contents,
            });
        }
    }
    let whole = alone || !unheard.is_empty();
    let (kind, to) = match whole {
        true => ("to_everyone", Recipient::Unheard(unheard.into_iter().collect())),
        false => ("receipt", Recipient::Anybody),
    };
    let request = Request { receipt: !whole, archive, ..Request::default() };
    let mut exported = export_with(reader, environment, &request, &digests)?;
    let contents = match whole {
        true => carry(&mut exported, None)?,
        false => OutgoingContents::default(),
    };
    let file = format!("{PREFIX}{own}_{kind}{SUFFIX}");
    load.outgoing.push(StickFile { to, file, exported, contents });
    load.departed.sort();
    load.departed.dedup();
    Ok(load)
}

/// Returns the store's state, and its replica and member.
fn identity(reader: &Reader) -> Result<(&State, String, Option<String>)> {
    if let Some(state) = reader.state()
        && let Some((replica, member, _)) = state.replica()?
    {
        return Ok((state, replica, member.map(|member| member.to_string())));
    }
    Err(Error::usage("this store is not a replica yet, so nobody could answer it")
        .hint(Next::SetMember.and(" says who it is")))
}

/// Returns a replica as part of a file name, in characters that every file system accepts.
fn label(replica: &str, member: Option<&str>) -> String {
    let plain = |text: &str, most| -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
        text.chars().take(most).map(plain).collect()
    };
    let member = plain(member.unwrap_or("replica"), MEMBER_CHARS);
    format!("{member}_{}", plain(replica, REPLICA_CHARS))
}

/// Remembers which bundles of a stick were read before, and which are our own.
pub struct Memory {
    /// The prefix of our own names on sticks.
    prefix: String,
    replica: String,
    log_end: i64,
    read: Vec<String>,
}

impl Memory {
    /// Reads what is remembered.
    ///
    /// # Errors
    /// `Usage` for a store that is not a replica.
    pub fn of(reader: &Reader) -> Result<Self> {
        let (state, replica, member) = identity(reader)?;
        let prefix = format!("{PREFIX}{}_", label(&replica, member.as_deref()));
        Ok(Memory { prefix, replica, log_end: state.log_end()?, read: read(state)? })
    }

    /// Returns whether this replica made it. Bundles made under an earlier replica id count as somebody
    /// else's: if the store is a copy, the original lives on.
    pub fn is_own(&self, manifest: &Manifest) -> bool {
        manifest.from.replica.as_ref() == Some(&self.replica)
    }

    /// Returns whether this replica gives files that name.
    pub fn names(&self, file: &str) -> bool {
        file.starts_with(&self.prefix)
    }

    /// Returns whether there is nothing to learn from a bundle. One of our own tells something if it knows
    /// more of us than we do: then we were restored to an earlier state.
    pub fn knows(&self, manifest: &Manifest) -> bool {
        match self.is_own(manifest) {
            true => manifest.seq <= self.log_end,
            false => self.read.contains(&manifest.bundle),
        }
    }
}

/// Remembers that bundles were read. The caller commits the session.
pub fn remember(session: &Session, bundles: impl Iterator<Item = String>) -> Result<()> {
    let new: BTreeSet<String> = bundles.collect();
    let mut read = read(session.state())?;
    read.retain(|old| !new.contains(old));
    read.extend(new);
    let from = read.len().saturating_sub(REMEMBERED);
    let kept = read.get(from..).unwrap_or_default().join(" ");
    session.state().set_setting(READ, Some(&kept))
}

fn read(state: &State) -> Result<Vec<String>> {
    let read = state.setting(READ)?.unwrap_or_default();
    Ok(read.split_whitespace().map(str::to_owned).collect())
}

/// Returns whether two bundles say the same, apart from when each was made and its id.
pub fn says_the_same(one: &Bundle, other: &Bundle) -> bool {
    let said = |bundle: &Bundle| Manifest {
        bundle: String::new(),
        created_at: 0,
        ..bundle.manifest().clone()
    };
    // The parts are equal if the hashes in the manifests are.
    said(one) == said(other)
}
