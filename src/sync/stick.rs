//! Sneakernet: what goes onto a stick that is carried round among replicas, as bundles and names.
//!
//! Nobody is asked what they lack: that follows from the receipts that came. Each replica keeps one
//! bundle there for each peer that lacks something, one whole one for all of whom nothing was heard
//! yet, and one receipt. No files here.

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

/// How the names of files on a stick begin and end.
const PREFIX: &str = "crdtctl_";
const SUFFIX: &str = ".crdt";
/// The bundles that were read from sticks: their ids, the latest last.
const READ: &str = "stick.read";
/// How many of those are remembered. One that is forgotten is read again, which changes nothing.
const REMEMBERED: usize = 1000;
/// Characters of a member and of a replica that a name holds.
const MEMBER_CHARS: usize = 24;
const REPLICA_CHARS: usize = 8;

/// For whom something goes onto the stick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// A replica that was heard of.
    Replica {
        /// The id of the replica.
        replica: String,
        /// The member that it acts as; None where it has none.
        member: Option<String>,
    },
    /// Everybody of whom nothing was heard: these members, and whoever else comes.
    Unheard(Vec<String>),
    /// Whoever reads it: what is here, without updates.
    Anybody,
}

/// One file for the stick.
pub struct StickFile {
    /// For whom it is.
    pub to: Recipient,
    /// Its name, always the same for the same two ends.
    pub file: String,
    /// The bundle to write, and what had to be left out of it.
    pub exported: Exported,
    /// The contents of files that it carries.
    pub contents: OutgoingContents,
}

/// All that belongs onto a stick.
pub struct Load {
    /// One for each replica that lacks something, and last one for everybody else.
    pub outgoing: Vec<StickFile>,
    /// Who gets nothing: replicas whose members have left every entity.
    pub departed: Vec<String>,
    /// What could not be read on the way.
    pub damaged: Vec<Error>,
}

/// Whether a name is one that this program gives to files on a stick.
pub fn is_named(file: &str) -> bool {
    file.starts_with(PREFIX) && file.ends_with(SUFFIX)
}

/// What belongs onto a stick as the store stands, archived rows included where they are wanted.
/// Writes nothing.
///
/// # Errors
/// `Usage` for a store that is no replica; as [`super::export::export`].
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
            Some(of) if !members.is_empty() && !members.contains(of) => {
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

/// The store's state, and who it is.
fn identity(reader: &Reader) -> Result<(&State, String, Option<String>)> {
    if let Some(state) = reader.state()
        && let Some((replica, member, _)) = state.replica()?
    {
        return Ok((state, replica, member.map(|member| member.to_string())));
    }
    Err(Error::usage("this store is not a replica yet, so nobody could answer it")
        .hint(Next::SetMember.and(" says who it is")))
}

/// A replica as part of a file's name: letters that every file system takes.
fn label(replica: &str, member: Option<&str>) -> String {
    let plain = |text: &str, most| -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
        text.chars().take(most).map(plain).collect()
    };
    let member = plain(member.unwrap_or("replica"), MEMBER_CHARS);
    format!("{member}_{}", plain(replica, REPLICA_CHARS))
}

/// Which bundles of a stick were read before, and which say something about ourselves only.
pub struct Memory {
    /// How our own names on sticks begin.
    prefix: String,
    replica: String,
    log_end: i64,
    read: Vec<String>,
}

impl Memory {
    /// What is remembered.
    ///
    /// # Errors
    /// `Usage` for a store that is no replica.
    pub fn of(reader: &Reader) -> Result<Self> {
        let (state, replica, member) = identity(reader)?;
        let prefix = format!("{PREFIX}{}_", label(&replica, member.as_deref()));
        Ok(Memory { prefix, replica, log_end: state.log_end()?, read: read(state)? })
    }

    /// Whether this replica made it. What it made before it had to go on as a new one counts as
    /// somebody else's: where the store is a copy, that other one lives.
    pub fn is_own(&self, manifest: &Manifest) -> bool {
        manifest.from.replica.as_ref() == Some(&self.replica)
    }

    /// Whether a file's name is one that this replica gives.
    pub fn names(&self, file: &str) -> bool {
        file.starts_with(&self.prefix)
    }

    /// Whether there is nothing to learn from a bundle. One of our own says something where it
    /// knows more of us than we do: then we were put back to an earlier state.
    pub fn knows(&self, manifest: &Manifest) -> bool {
        match self.is_own(manifest) {
            true => manifest.seq <= self.log_end,
            false => self.read.contains(&manifest.bundle),
        }
    }
}

/// Remembers that bundles were read. The session is to be committed.
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

/// Whether two bundles say the same: apart from when each was made, and as which.
pub fn says_the_same(one: &Bundle, other: &Bundle) -> bool {
    let said = |bundle: &Bundle| Manifest {
        bundle: String::new(),
        created_at: 0,
        ..bundle.manifest().clone()
    };
    // The parts are as equal as the hashes that the manifests hold of them.
    said(one) == said(other)
}
