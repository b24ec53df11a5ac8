//! Random changes of boards and issues, and what must hold for a board after a history.

use super::world::{Replica, World};
use crdtctl::concern::kanban::{self, Board};
use crdtctl::concern::{Priority, issues};
use crdtctl::crdt::source::Source;
use crdtctl::operation::Operation;
use crdtctl::sample::Chance;
use std::collections::BTreeSet;

/// Some cards and issues to conflict about.
pub fn beginning() -> Vec<Operation> {
    let titles = ["first", "second", "third", "fourth"];
    titles
        .iter()
        .flat_map(|title| [add((*title).to_owned(), None), open((*title).to_owned())])
        .collect()
}

fn add(title: String, column: Option<String>) -> Operation {
    Operation::KanbanAdd(kanban::AddCard {
        entity: World::entity(),
        title,
        description: String::new(),
        column,
        assignee: String::new(),
        priority: Priority::Medium,
        created_at: None,
    })
}

fn open(title: String) -> Operation {
    Operation::IssueOpen(issues::OpenIssue {
        entity: World::entity(),
        title,
        description: String::new(),
        priority: Priority::Low,
        assignee: String::new(),
        created_at: None,
        author: None,
    })
}

/// A change of what the replica holds. Some are refused: archived records cannot be moved.
pub fn operation(chance: &mut Chance, replica: &Replica, number: usize) -> Operation {
    let entity = World::entity();
    let title = format!("title {number}");
    let reader = replica.store.reader().expect("a reader");
    let ids = |concern: &str, path: &[&str]| {
        let view = reader.view(&World::doc(concern)).expect("a readable document");
        view.map(|view| view.keys(path)).unwrap_or_default()
    };
    let mut one =
        |ids: Vec<String>| chance.pick(&ids).cloned().unwrap_or_else(|| "none".to_owned());
    let (card, other) = (one(ids("kanban", &["cards"])), one(ids("kanban", &["cards"])));
    let (column, to) = (one(ids("kanban", &["columns"])), one(ids("kanban", &["columns"])));
    let issue = one(ids("issues", &["issues"]));
    let comment = one(ids("issues", &["issues", &issue, "comments"]));
    match chance.below(100) {
        0..16 => add(title, (chance.below(2) == 0 && column != "none").then_some(column)),
        16..22 => {
            let changes =
                kanban::CardChanges { title: Some(title), ..kanban::CardChanges::default() };
            Operation::KanbanEdit(kanban::EditCard { entity, card, changes })
        }
        22..44 => {
            let before = (chance.below(4) == 0).then_some(other);
            let top = before.is_none() && chance.below(2) == 0;
            let bottom = before.is_none() && !top && chance.below(3) == 0;
            Operation::KanbanMove(kanban::MoveCard { entity, card, column, before, top, bottom })
        }
        44..49 => Operation::KanbanArchive(kanban::Archive { entity, card }),
        49..54 => Operation::KanbanRestore(kanban::RestoreCard { entity, card }),
        54..58 => Operation::ColumnAdd(kanban::AddColumn { entity, title }),
        58..60 => Operation::ColumnRename(kanban::RenameColumn { entity, column, title }),
        60..63 => {
            let first = chance.below(2) == 0;
            Operation::ColumnMove(kanban::MoveColumn { entity, column, before: None, first })
        }
        63..66 => {
            let to = (chance.below(2) == 0).then_some(to);
            Operation::ColumnRemove(kanban::RemoveColumn { entity, column, to })
        }
        66..74 => open(title),
        74..77 => {
            let title = Some(title);
            Operation::IssueEdit(issues::EditIssue { entity, issue, title, description: None })
        }
        77..80 => {
            let status = *chance.pick(&issues::Status::ALL).expect("a status");
            Operation::IssueStatus(issues::SetStatus { entity, issue, status })
        }
        80..82 => {
            let priority = *chance.pick(&Priority::ALL).expect("a priority");
            Operation::IssuePriority(issues::SetPriority { entity, issue, priority })
        }
        82..89 => Operation::IssueComment(issues::AddComment {
            entity,
            issue,
            text: title,
            created_at: None,
            author: None,
        }),
        89..91 => {
            let text = title;
            Operation::CommentEdit(issues::EditComment { entity, issue, comment, text })
        }
        91..94 => Operation::CommentDelete(issues::DeleteComment { entity, issue, comment }),
        94..97 => Operation::IssueClose(issues::Close { entity, issue, end: None }),
        _ => Operation::IssueReopen(issues::Reopen { entity, issue }),
    }
}

/// Every card that was ever made exists; the board shows each that is not archived once.
pub fn every_card_stands_in_one_place(world: &World) {
    for (concern, id) in &world.facts.made {
        let document = world.replicas[0].document(concern);
        let record = document.and_then(|(_, view)| view.value(&[concern_root(concern), id]));
        // Some were made after a backup that was restored before anybody received them.
        assert!(record.is_some() || world.facts.restored, "{concern}/{id} is lost");
    }
    let Some((_, view)) = world.replicas[0].document("kanban") else { return };
    let board = Board::of(&view);
    let shown: Vec<&String> =
        board.columns.iter().flat_map(|column| &column.cards).chain(&board.unfiled).collect();
    let once: BTreeSet<&String> = shown.iter().copied().collect();
    assert_eq!(shown.len(), once.len(), "a card stands in two places: {board:#?}");
    let cards = view.keys(&["cards"]).into_iter();
    let live = cards.filter(|card| !view.flag(&["cards", card, "archived"]));
    assert!(live.eq(once.into_iter().cloned()), "{board:#?}");
}

fn concern_root(concern: &str) -> &str {
    if concern == "kanban" { "cards" } else { concern }
}
