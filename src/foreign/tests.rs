use super::{log, message_log};

/// Bytes that are the same in every run, each below `end`.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn take(&mut self, len: u64, end: u64) -> Vec<u8> {
        (0..len).map(|_| self.next(end) as u8).collect()
    }
}

/// Small numbers are what updates and messages are made of: such bytes are the most like them.
#[test]
fn random_bytes_are_no_log_that_begins_damaged() {
    let mut random = Bytes(0x9e37_79b9_7f4a_7c15);
    for round in 0..60_000 {
        let end = [3, 5, 12, 64, 256][round % 5];
        let len = random.next(96);
        let bytes = random.take(len, end);
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
    let mut random = Bytes(7);
    let mut bytes: Vec<u8> = b"\x00\x02\xff\xff\x7f".repeat(40_000);
    bytes.extend(b"\x01a\x00\x02\xff\xff\x3f\x01\x01".repeat(40_000));
    bytes.extend(random.take(200_000, 3));
    assert!(message_log::damaged(&bytes).is_none());
}
