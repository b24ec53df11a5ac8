//! The same without crdtctl: plain yrs loads the document, edits it, encodes it and writes it back.

use super::place::{Place, RARE};
use super::{ALICE, NOW, timed};
use anyhow::{Context, bail};
use crdtctl::sample::Chance;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use yrs::updates::decoder::Decode;
use yrs::{Any, Map, MapPrelim, Out, ReadTxn, StateVector, Transact, WriteTxn};

impl Place {
    pub fn naive_send(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let mut txn = doc.transact_mut();
        let messages = txn.get_or_insert_map("messages");
        say(&mut txn, &messages, "one-more", "one more message");
        let state = txn.encode_state_as_update_v1(&StateVector::default());
        Ok(write_durably(&self.dir.join("naive.yrs"), &state)?)
    }

    /// Writes one field of one record.
    pub fn naive_set(&self, root: &str, key: &str, field: &str) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let mut txn = doc.transact_mut();
        let records = txn.get_or_insert_map(root);
        let Some(Out::YMap(record)) = records.get(&txn, key) else { bail!("no {key}") };
        record.insert(&mut txn, field, "said otherwise");
        let state = txn.encode_state_as_update_v1(&StateVector::default());
        Ok(write_durably(&self.dir.join("naive.yrs"), &state)?)
    }

    pub fn naive_search(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let txn = doc.transact();
        let messages = txn.get_map("messages").context("no messages")?;
        let found = messages.iter(&txn).filter(|(_, message)| match message {
            Out::YMap(message) => match message.get(&txn, "content") {
                Some(Out::Any(Any::String(text))) => text.to_lowercase().contains(RARE),
                _ => false,
            },
            _ => false,
        });
        assert_eq!(found.count(), 3);
        Ok(())
    }

    pub fn naive_show(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let txn = doc.transact();
        let messages = txn.get_map("messages").context("no messages")?;
        let found = messages.get(&txn, &self.shown).context("no such message")?;
        assert!(matches!(found, Out::YMap(message) if message.get(&txn, "content").is_some()));
        Ok(())
    }

    pub fn naive_list_last(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let txn = doc.transact();
        let messages = txn.get_map("messages").context("no messages")?;
        let mut times = Vec::new();
        for (id, message) in messages.iter(&txn) {
            if let Out::YMap(message) = message
                && let Some(Out::Any(Any::Number(yrs::Number::Int(at)))) =
                    message.get(&txn, "created_at")
            {
                times.push((at, id));
            }
        }
        times.sort_unstable();
        let last = times.iter().rev().take(20);
        let texts = last.filter_map(|(_, id)| match messages.get(&txn, id) {
            Some(Out::YMap(message)) => message.get(&txn, "content"),
            _ => None,
        });
        assert_eq!(texts.count(), 20);
        Ok(())
    }

    pub fn naive_list(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let txn = doc.transact();
        let messages = txn.get_map("messages").context("no messages")?;
        let mut seen = 0;
        for (_, message) in messages.iter(&txn) {
            if let Out::YMap(message) = message
                && let Some(Out::Any(Any::String(text))) = message.get(&txn, "content")
            {
                seen += text.len();
            }
        }
        assert!(seen > 0);
        Ok(())
    }

    pub fn naive_load(&self) -> anyhow::Result<()> {
        load(&std::fs::read(self.file()?)?).map(drop)
    }

    pub fn naive_export(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
        Ok(write_durably(&self.dir.join("naive.update"), &state)?)
    }

    pub fn naive_import_whole(&self, _: usize) -> anyhow::Result<Duration> {
        let state = std::fs::read(self.file()?)?;
        timed(|| {
            let doc = load(&state)?;
            let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
            Ok(write_durably(&self.dir.join("naive-import.yrs"), &state)?)
        })
    }
}

/// The state that other programs would have written.
pub fn large(count: u64) -> anyhow::Result<Vec<u8>> {
    let doc = yrs::Doc::with_client_id(7);
    let mut txn = doc.transact_mut();
    let messages = txn.get_or_insert_map("messages");
    let mut chance = Chance::new(7);
    for n in 0..count {
        let id = format!("{n:08x}-0000-4000-8000-000000000000");
        let text: String = chance.sentence().chars().take(40).collect();
        say(&mut txn, &messages, &id, &text);
    }
    Ok(txn.encode_state_as_update_v1(&StateVector::default()))
}

/// Writes a message as the guide's schema has it.
pub fn say(txn: &mut yrs::TransactionMut<'_>, messages: &yrs::MapRef, id: &str, text: &str) {
    let message = messages.insert(txn, id, MapPrelim::default());
    for (key, value) in [("id", id), ("author_id", ALICE), ("content", text)] {
        message.insert(txn, key, value);
    }
    for key in ["created_at", "updated_at", "deleted_at"] {
        message.insert(txn, key, NOW);
    }
    message.insert(txn, "deleted", false);
    for key in ["ack_vector", "reactions"] {
        message.insert(txn, key, MapPrelim::default());
    }
}

pub fn load(state: &[u8]) -> anyhow::Result<yrs::Doc> {
    let doc = yrs::Doc::new();
    doc.transact_mut().apply_update(yrs::Update::decode_v1(state)?)?;
    Ok(doc)
}

/// As durable as crdtctl writes: fsync, rename.
pub fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("tmp");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}
