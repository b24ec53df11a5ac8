use super::identified::NAMED;
use super::{log, message_log};
use crate::crdt::testing::Rng;

fn bytes_below(rng: &mut Rng, len: usize, end: usize) -> Vec<u8> {
    (0..len).map(|_| rng.below(end) as u8).collect()
}

/// Small numbers are what updates and messages are made of: such bytes are the most like them.
#[test]
fn random_bytes_are_no_log_that_begins_damaged() {
    let mut random = Rng::new(0x9e37_79b9_7f4a_7c15);
    for round in 0..60_000 {
        let end = [3, 5, 12, 64, 256][round % 5];
        let len = random.below(96);
        let bytes = bytes_below(&mut random, len, end);
        assert!(message_log::damaged(&bytes).is_none(), "{bytes:?}");
        let found = log::damaged(&bytes);
        let problem = found.as_ref().and_then(|it| it.found.documents().first()?.left_out());
        let begins = problem.is_none_or(|problem| !problem.contains("record 1 at byte 0"));
        assert!(begins, "{bytes:?}: {found:?}");
    }
}

/// Each damaged message is searched for its end, and each search is cut off.
#[test]
fn a_search_for_messages_is_bounded() {
    let mut random = Rng::new(7);
    let mut bytes: Vec<u8> = b"\x00\x02\xff\xff\x7f".repeat(40_000);
    bytes.extend(b"\x01a\x00\x02\xff\xff\x3f\x01\x01".repeat(40_000));
    bytes.extend(bytes_below(&mut random, 200_000, 3));
    assert!(message_log::damaged(&bytes).is_none());
}

/// A message of a document, with an update of a block.
fn message(name: &str, client: u8) -> Vec<u8> {
    let update = [1, 1, client, 0, 8, 1, 1, b'a', 1, 0x7d, 5, 0];
    let mut message = vec![name.len() as u8];
    message.extend(name.as_bytes());
    message.extend([0, 2, update.len() as u8]);
    message.extend(update);
    message
}

/// Damage of which nobody knows whose it is may be that of each of many documents: each is told of all, and
/// names no more than the first. A message for each pair of the two would take hours.
#[test]
fn damage_of_unknown_documents_is_counted_for_each_and_named_a_few_times() {
    const DOCUMENTS: usize = 40_000;
    let mut bytes = Vec::new();
    let mut places = Vec::new();
    for at in 0..DOCUMENTS {
        bytes.extend(message(&format!("d{at}"), 1));
        if at % 2 == 1 {
            places.push(bytes.len());
            bytes.extend([0, 0]);
        }
    }
    let found = message_log::damaged(&bytes).unwrap();
    let documents = found.found.documents();
    assert_eq!(documents.len(), DOCUMENTS);
    for document in [&documents[0], &documents[DOCUMENTS - 1]] {
        assert_eq!((document.steps.len(), document.unread), (1, DOCUMENTS / 2));
        assert_eq!(document.more_places.len(), NAMED - 1);
        let told = document.left_out().unwrap();
        for (number, at) in places.iter().take(NAMED).enumerate() {
            let place = format!("message {} at byte {at}", 3 * (number + 1));
            assert!(told.contains(&place), "{place}: {told}");
        }
        let rest = format!("and {} more", DOCUMENTS / 2 - NAMED);
        assert!(told.ends_with(&rest), "{told}");
    }
}
