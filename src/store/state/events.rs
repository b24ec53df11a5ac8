//! What waits for a live relay: messages from operations on a canvas, and events, which are numbered and
//! handed out until they are acknowledged.

use super::State;
use crate::error::Result;
use crate::id::DocId;
use crate::limits;
use rusqlite::params;

/// A message that waits for the relay and has not been handed out yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEvents {
    /// Its number among all messages of the store, in the order in which they were made; it is not an event
    /// number.
    pub id: i64,
    /// The command in the log that it is about; `None` for an answer.
    pub seq: Option<i64>,
    /// One line of JSON.
    pub message: String,
}

/// How far the events of a canvas have got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Handed {
    /// The log was turned into events up to here.
    pub seq: i64,
    /// The number of the last event.
    pub last: i64,
    /// The number of the last event that was acknowledged; it and all before it are deleted.
    pub acknowledged: i64,
    /// The number of the last event that was printed.
    pub printed: i64,
}

impl State {
    /// Queues a message for the relay, about the command with this number in the log. The oldest beyond
    /// [`limits::OUTBOX_MESSAGES`] are deleted: the change itself is in the log.
    pub fn put_out(&self, doc: &DocId, seq: Option<i64>, message: &str) -> Result<()> {
        self.run(
            "INSERT INTO canvas_outbox (doc_id, seq, message) VALUES (?1, ?2, ?3)",
            params![doc.as_str(), seq, message],
        )?;
        self.run(
            "DELETE FROM canvas_outbox
             WHERE event IS NULL AND id <= (SELECT max(id) FROM canvas_outbox) - ?1",
            params![limits::OUTBOX_MESSAGES],
        )
    }

    /// Returns the messages of a canvas that are not events yet, oldest first.
    pub fn outbox(&self, doc: &DocId) -> Result<Vec<WaitingEvents>> {
        let new = match self.knows_canvases()? {
            None => return Ok(Vec::new()),
            Some(true) => "AND event IS NULL",
            Some(false) => "",
        };
        let sql = format!(
            "SELECT id, seq, message FROM canvas_outbox WHERE doc_id = ?1 {new} ORDER BY id"
        );
        self.all(&sql, params![doc.as_str()], |row| {
            Ok(WaitingEvents { id: row.get(0)?, seq: row.get(1)?, message: row.get(2)? })
        })
    }

    /// Returns how far the events of a canvas have got.
    pub fn handed(&self, doc: &DocId) -> Result<Handed> {
        let columns = match self.knows_canvases()? {
            None => return Ok(Handed::default()),
            Some(true) => "seq, last, acknowledged, printed",
            Some(false) => "seq, 0, 0, 0",
        };
        let sql = format!("SELECT {columns} FROM canvas_handed WHERE doc_id = ?1");
        let handed = self.one(&sql, params![doc.as_str()], |row| {
            Ok(Handed {
                seq: row.get(0)?,
                last: row.get(1)?,
                acknowledged: row.get(2)?,
                printed: row.get(3)?,
            })
        })?;
        Ok(handed.unwrap_or_default())
    }

    /// Records how far the events of a canvas have got. Acknowledged events are deleted.
    pub fn put_handed(&self, doc: &DocId, handed: Handed) -> Result<()> {
        let Handed { seq, last, acknowledged, printed } = handed;
        self.run(
            "INSERT OR REPLACE INTO canvas_handed (doc_id, seq, last, acknowledged, printed)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![doc.as_str(), seq, last, acknowledged, printed],
        )?;
        self.run(
            "DELETE FROM canvas_outbox WHERE doc_id = ?1 AND event <= ?2",
            params![doc.as_str(), acknowledged],
        )
    }

    /// Deletes the messages of a canvas that became events, up to one.
    pub fn clear_outbox(&self, doc: &DocId, upto: Option<i64>) -> Result<()> {
        self.run(
            "DELETE FROM canvas_outbox WHERE doc_id = ?1 AND event IS NULL AND id <= ?2",
            params![doc.as_str(), upto],
        )
    }

    /// Stores a whole event, replacing any with its number.
    pub fn put_event(&self, doc: &DocId, number: i64, message: &str) -> Result<()> {
        self.run(
            "DELETE FROM canvas_outbox WHERE doc_id = ?1 AND event = ?2",
            params![doc.as_str(), number],
        )?;
        self.run(
            "INSERT INTO canvas_outbox (doc_id, event, message) VALUES (?1, ?2, ?3)",
            params![doc.as_str(), number, message],
        )
    }

    /// Returns the events of a canvas after a number, in order, with their numbers.
    pub fn events(&self, doc: &DocId, after: i64) -> Result<Vec<(i64, String)>> {
        if self.knows_canvases()? != Some(true) {
            return Ok(Vec::new());
        }
        let sql = "SELECT event, message FROM canvas_outbox
                   WHERE doc_id = ?1 AND event > ?2 ORDER BY event";
        self.all(sql, params![doc.as_str(), after], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Returns the last event of a canvas that is too old to be kept: more than [`limits::OUTBOX_MESSAGES`]
    /// or [`limits::OUTBOX_BYTES`] came after it. It and all before it are deleted.
    pub fn overflow(&self, doc: &DocId) -> Result<Option<i64>> {
        let sql = "SELECT max(event) FROM (
                       SELECT event,
                              count(*) OVER later AS messages,
                              sum(length(CAST(message AS BLOB))) OVER later AS bytes
                       FROM canvas_outbox WHERE doc_id = ?1 AND event IS NOT NULL
                       WINDOW later AS (ORDER BY event DESC)
                   ) WHERE messages > ?2 OR (bytes > ?3 AND messages > 1)";
        let limits = params![doc.as_str(), limits::OUTBOX_MESSAGES, limits::OUTBOX_BYTES];
        let oldest = self.one(sql, limits, |row| row.get::<_, Option<i64>>(0))?.flatten();
        if let Some(oldest) = oldest {
            self.run(
                "DELETE FROM canvas_outbox WHERE doc_id = ?1 AND event <= ?2",
                params![doc.as_str(), oldest],
            )?;
        }
        Ok(oldest)
    }

    /// Returns whether the tables exist, and have events: a reader finds them as an older crdtctl left them.
    fn knows_canvases(&self) -> Result<Option<bool>> {
        let columns = self.columns("canvas_outbox")?;
        Ok((!columns.is_empty()).then(|| columns.iter().any(|column| column == "event")))
    }

    fn columns(&self, table: &str) -> Result<Vec<String>> {
        let sql = "SELECT name FROM pragma_table_info(?1)";
        self.all(sql, params![table], |row| row.get(0))
    }

    /// Returns whether a table has a column; one left by an older crdtctl lacks some.
    pub(super) fn has_column(&self, table: &str, column: &str) -> Result<bool> {
        Ok(self.columns(table)?.iter().any(|found| found == column))
    }
}
