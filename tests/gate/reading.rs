//! Reads bytes of any origin like a user's file: recognised, read whole, and any update in them stored as a
//! store does.

use crdtctl::crdt::types::{JsonForm, JsonOut, SharedTypes};
use crdtctl::error::Kind;
use crdtctl::foreign::{
    FileContent, FoundDocument, LevelFile, Named, identify, identify_as, is_level_file, level,
    why_not, with_log,
};
use crdtctl::gate::{Expected, Verdict, admit, storable_as};
use crdtctl::wire::{Update, from_v2, merge_with_gaps, to_v2};

/// Reads bytes in every way there is. Returns how many updates were found in them unencoded.
pub fn read(bytes: &[u8]) -> usize {
    for (_, named) in Named::ALL {
        if let Some(found) = identify_as(bytes, *named) {
            content(&found.found);
        }
    }
    // A database and its log, wherever the boundary is.
    let (database, log) = bytes.split_at(bytes.len() / 2);
    with_log(database, log);
    files(bytes);
    match identify(bytes) {
        Some(found) => content(&found.found),
        None => {
            assert!(!why_not(bytes).is_empty());
            0
        }
    }
}

/// The files of a LevelDB, each preceded by its name and its length, as in the seeds.
fn files(mut bytes: &[u8]) {
    let mut files = Vec::new();
    while let [name, high, low, rest @ ..] = bytes {
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (content, left) = rest.split_at(len);
        let name =
            ["CURRENT", "MANIFEST-000004", "000005.ldb", "000006.log"][usize::from(name % 4)];
        assert!(is_level_file(name));
        files.push(LevelFile { name: name.to_owned(), bytes: content.to_vec() });
        bytes = left;
    }
    if let Ok(found) = level(&files) {
        content(&found.found);
    }
}

fn content(found: &FileContent) -> usize {
    let FileContent::Documents(documents) = found else { return 0 };
    documents.iter().map(document).sum()
}

fn document(document: &FoundDocument) -> usize {
    let steps = document.steps.iter().map(|step| &*step.update);
    let updates: Vec<Update<'_>> =
        steps.map(|bytes| Update::walk(bytes).expect("what was found is an update")).collect();
    let whole = merge_with_gaps(&updates);
    let types = match SharedTypes::read(whole.clone()) {
        Ok(types) => types,
        Err(error) => {
            assert_eq!(error.kind, Kind::Refused, "{error}");
            return updates.len();
        }
    };
    let mut out = Vec::new();
    types
        .write_json(&mut JsonOut::new(&mut out, true), JsonForm::Tagged)
        .expect("a buffer takes it");
    serde_json::from_slice::<serde::de::IgnoredAny>(&out).expect("what is written is JSON");
    let walked = Update::walk(&whole).expect("what is merged is an update");
    if let Ok(v2) = to_v2(&walked) {
        let again = SharedTypes::read(from_v2(&v2).expect("our own v2")).expect("the same");
        assert_eq!(again.digest(), types.digest());
    }
    carry(&whole, &types);
    updates.len()
}

/// What a store accepts is stored unchanged, and shows the same.
fn carry(whole: &[u8], types: &SharedTypes) {
    let nothing = Update::checked(&[0, 0], Expected::Anything).expect("nothing");
    let Ok(update) = Update::checked(whole, Expected::Anything) else { return };
    for (_, verdict) in admit(&nothing, &[&update], Expected::Anything) {
        if let Verdict::New(news) = verdict {
            storable_as(&news, Expected::Anything).expect("what is taken may be stored");
            let stored = SharedTypes::read(news.into_owned()).expect("what is stored is read");
            assert_eq!(stored.digest(), types.digest());
        }
    }
}
