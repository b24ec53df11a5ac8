use super::identified::{Depth, Identified, NAMED};
use super::recognize::look;
use super::{Named, identify, identify_as, log, message_log};
use crate::crdt::testing::Rng;

fn at_depth<'b>(
    bytes: &'b [u8],
    find: impl Fn(&'b [u8], Depth<'_>) -> Option<Identified>,
) -> Option<Identified> {
    let left = Depth::allowed(bytes.len() as u64);
    find(bytes, Depth::of(bytes.len() as u64, &left, look))
}

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
        assert!(at_depth(&bytes, message_log::damaged).is_none(), "{bytes:?}");
        let found = at_depth(&bytes, log::damaged);
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
    assert!(at_depth(&bytes, message_log::damaged).is_none());
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
    let found = at_depth(&bytes, message_log::damaged).unwrap();
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

/// Words, dates and numbers decode to a few bytes, and nearly any few bytes are a state vector, a message or
/// an empty update.
#[test]
fn words_and_numbers_are_nothing_of_yjs() {
    let words = [
        "Detail",
        "Actions",
        "AuthType",
        "AttachmentId",
        "AwsApiGatewayV2Stage",
        "BackupVaultEvent",
        "CHR_START_END_REF_ALT_ZERO_BASE",
        "ATHENA",
        "AAA",
        "AQEF",
        "00",
        "03",
        "0000",
        "010013",
        "010203",
        "00010105",
        "0000\n0000\n",
        "AAA\nAAA\n",
        "[0]",
        "[3]",
        "[0, 0]",
        "[1, 2, 3]",
        "[0, 1, 0]",
        "[[0, 0], [0, 0]]",
        "{\"0\": 0, \"1\": 0}",
        "{\"p\": [0, 0]}",
        "{\"p\": [0]}",
        "{\"a\": \"0000\"}",
        "{\"a\": [3]}",
        "{\"pos\": [0, 1, 0]}",
        "{\"a\": [0, 0], \"b\": [0, 0]}",
        "{\"size\": [1, 5, 0]}",
        "{\"shapes\": {\"one\": {\"type\": \"Detail\"}, \"enum\": [\"ATHENA\", \"AuthType\"]}}",
        "{\"at\": [0, 0]}\n{\"at\": [0, 0]}\n",
    ];
    for word in words {
        let found = identify(word.as_bytes());
        assert!(found.is_none(), "{word:?}: {found:?}");
    }
}

/// What says that it is bytes, or holds a client id as Yjs draws them, is what it seems to be.
#[test]
fn few_bytes_in_text_are_known_by_their_marks() {
    let drawn = [1, 0xd2, 0x85, 0xd8, 0xcc, 0x04, 5];
    let hex = data_encoding::HEXLOWER.encode(&drawn);
    let base64 = data_encoding::BASE64_NOPAD.encode(&drawn);
    let texts = [
        "AAA=".to_owned(),
        "AA==".to_owned(),
        "\\x0000".to_owned(),
        "0x00".to_owned(),
        "X'0000'".to_owned(),
        "data:application/octet-stream;base64,AAA=".to_owned(),
        "{\"type\": \"Buffer\", \"data\": [0, 0]}".to_owned(),
        "{\"state\": \"AAA=\"}".to_owned(),
        format!("{drawn:?}"),
        format!("{{\"vector\": {drawn:?}}}"),
        format!("{{\"vector\": {base64:?}}}"),
        hex.clone(),
        base64.clone(),
        format!("{{\"vector\": {hex:?}}}"),
        // An empty update in a log that holds more.
        format!("[[0, 0], {:?}]", &message("d", 1)[5..]),
        format!("0000\n{}\n", data_encoding::HEXLOWER.encode(&message("d", 1)[5..])),
    ];
    for text in texts {
        assert!(identify(text.as_bytes()).is_some(), "{text}");
    }
    for (text, named) in [("0000", Named::Hex), ("AQEF", Named::Base64), ("[0, 0]", Named::Json)] {
        assert!(
            identify(text.as_bytes()).is_none() && identify_as(text.as_bytes(), named).is_some()
        );
    }
}

/// Every document in JSON is named by its path, and a long key can be at the beginning of many.
#[test]
fn documents_in_json_are_named_by_paths_that_stay_small_together() {
    let update = data_encoding::BASE64.encode(&message("d", 1)[5..]);
    let of = |key: &str, count: usize| {
        let all = vec![format!("{update:?}"); count].join(",");
        identify(format!("{{\"docs\": {{{key:?}: [{all}], \"b\": {update:?}}}}}").as_bytes())
    };
    let found = of("a", 3).unwrap();
    let names: Vec<_> = found.found.documents().iter().map(|one| one.name.as_deref()).collect();
    let expected = ["docs.a.0", "docs.a.1", "docs.a.2", "docs.b"];
    assert_eq!(names, expected.map(Some));
    assert!(of(&"a".repeat(1 << 20), 3).is_some());
    assert!(of(&"a".repeat(1 << 20), 30_000).is_none());
}

/// A length that is damaged covers much of the file, and little of it is read in vain.
#[test]
fn many_damaged_lengths_do_not_use_up_the_search() {
    const COUNT: usize = 4_000;
    let mut bytes = Vec::new();
    for at in 0..COUNT {
        let mut one = message("page", 1);
        if at % 100 == 50 {
            // 29,987 instead of 12, which ends inside another message.
            one.splice(7..8, [0xa3, 0xea, 0x01]);
        }
        bytes.extend(one);
    }
    let found = at_depth(&bytes, message_log::damaged).unwrap();
    let document = &found.found.documents()[0];
    assert_eq!((document.steps.len(), document.unread), (COUNT - COUNT / 100, COUNT / 100));
}

/// An update in v2 of a few bytes can be millions of blocks, and a log can hold thousands of those.
#[test]
fn what_all_parts_of_a_file_unpack_to_is_bounded() {
    const BLOCKS: u32 = 1_000_000;
    let mut length = vec![0x41];
    crate::wire::write_var(&mut length, u64::from(BLOCKS - 2));
    let mut v2 = vec![0, 0, 1, 7, 0, 0, 1, 0, 2, 0, 0, 0, 0, length.len() as u8];
    v2.extend(length);
    v2.push(1);
    crate::wire::write_var(&mut v2, u64::from(BLOCKS));
    v2.extend([0, 0]);
    assert!(identify(&v2).is_some());
    let kept = |bytes: &[u8]| -> usize {
        let found = identify(bytes);
        let documents = found.iter().flat_map(|found| found.found.documents());
        documents.flat_map(|document| &document.steps).map(|step| step.update.len()).sum()
    };
    let size = |bytes: &[u8]| 2 * ((64 << 20) + 64 * bytes.len());
    let framed = [vec![v2.len() as u8], v2.clone()].concat().repeat(100);
    let messages = [vec![0, 2, v2.len() as u8], v2.clone()].concat().repeat(100);
    let lines = format!("{}\n", data_encoding::BASE64.encode(&v2)).repeat(100).into_bytes();
    for bytes in [&framed, &messages, &lines] {
        assert!(kept(bytes) <= size(bytes), "{}", kept(bytes));
    }
    // Ten of them are not too many.
    assert_eq!(kept(&framed[..framed.len() / 10]), 10 * (2 * BLOCKS as usize + 7));
}
