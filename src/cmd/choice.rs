//! Options and arguments that are one of a few words.

use crate::error::Error;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Reads one of a few words, which help and completion name.
pub fn words_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let words = PossibleValuesParser::new(all.iter().map(|one| word(*one)));
    words.try_map(move |text| {
        let found = all.iter().copied().find(|one| word(*one) == text);
        found.ok_or_else(|| Error::usage(format!("not known: {text:?}")))
    })
}
