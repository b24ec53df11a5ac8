//! A bot that answers messages: whoever writes `!help` or `!members` gets an answer in the thread.
//!
//! It answers the messages that have no answer yet and exits: run it from a timer after each import.
//!
//! ```text
//! cargo run --example bot -- STORE group:ocean-forest-moon-star
//! ```

use anyhow::{Context, bail};
use crdtctl::Store;
use crdtctl::error::Result;
use crdtctl::query::chat::MessageFilter;

/// Answers every command that has no answer yet, and returns how many there were. The bot is the member of
/// the store, and does not answer itself.
pub fn answer(store: &Store, entity: &str) -> Result<usize> {
    let entity = store.entity(entity)?;
    let mut answers = 0;
    for message in entity.chat().list(&MessageFilter::default())? {
        let answer = match message.content.trim() {
            "!help" => "I know !help and !members.".to_owned(),
            "!members" => {
                let members = entity.members().list()?;
                let members: Vec<&str> = members.iter().map(|one| one.member_id.as_str()).collect();
                format!("{} are here: {}", members.len(), members.join(", "))
            }
            _ => continue,
        };
        // Another replica of the bot may have answered already; its answer then came with the import.
        let answered = entity.chat().thread(&message.id)?.replies;
        if !answered.iter().any(|reply| reply.content == *answer) {
            entity.chat().reply(&message.id, &answer)?;
            answers += 1;
        }
    }
    Ok(answers)
}

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let (Some(dir), Some(entity)) = (words.next(), words.next()) else {
        bail!("say which store and which entity: bot STORE ENTITY");
    };
    let store = Store::open(&dir).with_context(|| format!("opening {dir}"))?;
    let answers = answer(&store, &entity).with_context(|| format!("answering in {entity}"))?;
    println!("{answers} answered");
    Ok(())
}
