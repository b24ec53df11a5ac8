//! Replicas that went on as others. A store that was copied, restored or interrupted gets a new
//! replica id, and its bundles say which it had before: nobody is to wait for those any more.

use super::manifest::Manifest;
use crate::error::{Error, Result};
use crate::limits;
use crate::store::{Peer, State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SETTING: &str = "peer.succeeded";

/// What one replica said of another: that it goes on from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Succeeded {
    by: String,
    /// When that was said first, on the clock of the store that both are.
    at: i64,
    /// The other spoke later than that: it lives, in the place that the store was copied from, and
    /// no word to the contrary counts any more.
    #[serde(default)]
    lives: bool,
}

/// Notes what the sender of a bundle says that it was, and that it speaks.
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

/// The replicas that are gone, by the one that goes on from each: of the same member, both known
/// here, and nothing came from the old one since.
pub fn succeeded(state: &State) -> Result<BTreeMap<String, String>> {
    let peers = state.peers()?;
    let member = |id: &String| peers.iter().find(|peer| peer.replica_id == *id).map(|p| &p.member);
    let holds = |(old, said): (String, Succeeded)| {
        let of_one = member(&old).is_some() && member(&old) == member(&said.by);
        (of_one && !said.lives).then_some((old, said.by))
    };
    Ok(known(state)?.into_iter().filter_map(holds).collect())
}

/// The peers without those that are gone, the one that was heard of last first.
pub fn living(state: &State) -> Result<Vec<Peer>> {
    let gone = succeeded(state)?;
    let mut peers = state.peers()?;
    peers.retain(|peer| !gone.contains_key(&peer.replica_id));
    Ok(peers)
}

fn known(state: &State) -> Result<BTreeMap<String, Succeeded>> {
    // Another program's rubbish is as if nothing had been said: more peers are listed than need be.
    let text = state.setting(SETTING)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}
