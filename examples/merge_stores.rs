//! A merge of two stores: each imports what the other has, so that both hold the same.
//!
//! ```text
//! cargo run --example merge_stores -- LAPTOP DESKTOP
//! ```

use anyhow::{Context, bail};
use crdtctl::Store;
use crdtctl::error::Result;
use crdtctl::id::DocId;
use std::collections::BTreeMap;

/// Merges two stores, and returns whether they hold the same content afterwards.
pub fn merge(one: &Store, other: &Store) -> Result<bool> {
    let from_one = one.export()?;
    let brought = other.import(&from_one)?;
    println!("{} documents came over", brought.documents.len());
    // What the other store acknowledged and pruned comes back with the rest.
    one.import(&other.export()?)?;
    Ok(content(one)? == content(other)?)
}

/// The digest of each document of a store.
fn content(store: &Store) -> Result<BTreeMap<DocId, Option<[u8; 32]>>> {
    let reader = store.reader()?;
    let documents = reader.documents()?.into_iter();
    let digest = |id: DocId| Ok((id.clone(), reader.view(&id)?.map(|view| view.digest())));
    documents.map(|document| digest(document.id)).collect()
}

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let (Some(one), Some(other)) = (words.next(), words.next()) else {
        bail!("say which stores: merge_stores ONE OTHER");
    };
    let open = |dir: &str| Store::open(dir).with_context(|| format!("opening {dir}"));
    match merge(&open(&one)?, &open(&other)?).context("merging the two")? {
        true => println!("both hold the same now"),
        false => println!("they differ yet: something waits for what neither has"),
    }
    Ok(())
}
