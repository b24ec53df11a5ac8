//! Replicas that continue as others. A store that was copied, restored or interrupted gets a new replica id,
//! and its bundles list the earlier ones, so that nobody waits for those any more.

use super::manifest::Manifest;
use crate::error::{Error, Result};
use crate::limits;
use crate::store::{Peer, State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SETTING: &str = "peer.succeeded";

/// What one replica said of another: that it continues it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Succeeded {
    by: String,
    /// When that was said first, on the clock of the store that both are.
    at: i64,
    /// The other was heard from later than that: it lives on, where the store was copied from, and later
    /// statements to the contrary no longer count.
    #[serde(default)]
    lives: bool,
}

/// Records which replicas the sender of a bundle says it continues, and that it was heard from.
pub fn note(state: &State, manifest: &Manifest, ours: &str) -> Result<()> {
    let Some(sender) = &manifest.from.replica else { return Ok(()) };
    let before = known(state)?;
    let mut known = before.clone();
    if let Some(said) = known.get_mut(sender) {
        said.lives |= manifest.created_at > said.at;
    }
    for old in manifest.from.succeeds.iter().filter(|old| *old != sender && *old != ours) {
        if let Some(said) = known.get_mut(old) {
            said.by.clone_from(sender);
        } else if known.len() < limits::SUCCESSIONS {
            let said = Succeeded { by: sender.clone(), at: manifest.created_at, lives: false };
            known.insert(old.clone(), said);
        }
    }
    if known == before {
        return Ok(());
    }
    let text = serde_json::to_string(&known)
        .map_err(|e| Error::bug("what replicas succeed others does not encode").because(e))?;
    state.set_setting(SETTING, Some(&text))
}

/// Returns the replicas that are gone, each with the one that continues it: of the same member, both known
/// here, and with nothing from the old one since. This store itself continues what it was before.
pub fn succeeded(state: &State) -> Result<BTreeMap<String, String>> {
    let peers = state.peers()?;
    let member = |id: &String| peers.iter().find(|peer| peer.replica_id == *id).map(|p| &p.member);
    let holds = |(old, said): (String, Succeeded)| {
        let of_one = member(&old).is_some() && member(&old) == member(&said.by);
        (of_one && !said.lives).then_some((old, said.by))
    };
    let mut gone: BTreeMap<String, String> = known(state)?.into_iter().filter_map(holds).collect();
    let earlier = state.succeeded_replicas()?;
    // Few stores are in their second life: the others need not be asked since when.
    let mut ours = peers.iter().filter(|peer| earlier.contains(&peer.replica_id)).peekable();
    if ours.peek().is_some()
        && let (Some((us, ..)), Some(since)) = (state.replica()?, state.replica_since()?)
    {
        // Where this store was copied from, the other lives on.
        let gone_before = ours.filter(|peer| peer.last_seen <= since);
        gone.extend(gone_before.map(|peer| (peer.replica_id.clone(), us.clone())));
    }
    Ok(gone)
}

/// Returns the peer that continues a peer, or that peer itself if it is not gone.
pub fn continued(state: &State, peer: Peer) -> Result<Peer> {
    let (gone, peers) = (succeeded(state)?, state.peers()?);
    let mut last = &peer;
    for _ in 0..gone.len() {
        let by = gone.get(&last.replica_id);
        match by.and_then(|by| peers.iter().find(|peer| peer.replica_id == *by)) {
            Some(next) => last = next,
            None => break,
        }
    }
    Ok(last.clone())
}

/// Returns the peers that are not gone, most recently heard first.
pub fn living(state: &State) -> Result<Vec<Peer>> {
    let gone = succeeded(state)?;
    let mut peers = state.peers()?;
    peers.retain(|peer| !gone.contains_key(&peer.replica_id));
    Ok(peers)
}

fn known(state: &State) -> Result<BTreeMap<String, Succeeded>> {
    // Unreadable data of another program counts as nothing said: more peers are listed than need be.
    let text = state.setting(SETTING)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}
