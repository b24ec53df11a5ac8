//! A board as a file: its columns with their cards.

use crate::cmd::Context;
use crate::cmd::export::{self, PageArgs};
use crate::error::Result;
use crate::query::board::{self as query, Card, CardFilter};
use crate::ui::{PageEntry, Report};

pub fn run(
    context: &Context,
    all: bool,
    args: &PageArgs,
    list: impl FnOnce(&[Card]) -> Result<Report>,
) -> Result<Report> {
    let entity = context.entity()?;
    let reader = context.reader()?;
    let filter = CardFilter { archived: all, ..CardFilter::default() };
    let cards = query::list(&reader, &entity, &filter)?;
    let page = || {
        let mut page = export::page(context, &reader, &entity, "board")?;
        let entry = |heading: String, cards: &mut dyn Iterator<Item = &Card>| {
            let inside = cards.map(|card| card_entry(context, card)).collect();
            PageEntry { heading, inside, ..PageEntry::default() }
        };
        for lane in query::lanes(&reader, &entity)? {
            page.entries.push(entry(lane.title, &mut lane.cards.iter()));
        }
        if cards.iter().any(|card| card.archived) {
            let mut archived = cards.iter().filter(|card| card.archived);
            page.entries.push(entry("archived".to_owned(), &mut archived));
        }
        Ok(page)
    };
    export::deliver(context, args, &format!("the board of {entity}"), page, || list(&cards))
}

fn card_entry(context: &Context, card: &Card) -> PageEntry {
    PageEntry {
        heading: card.title.to_string(),
        facts: vec![
            ("assignee", card.assignee_id.to_string()),
            ("priority", card.priority.to_string()),
            ("added", export::time(context, card.created_at)),
            ("archived", export::time(context, card.archived_at)),
        ],
        text: card.description.to_string(),
        inside: Vec::new(),
    }
}
