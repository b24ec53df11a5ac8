//! Options and arguments that take one of a few fixed words.

use crate::error::Error;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Returns a parser for one of a few words, which help and completion list.
pub fn words_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    parser(PossibleValuesParser::new(all.iter().map(|one| word(*one))), all, word)
}

/// The same, with a help text for each word.
pub fn described<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
    says: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let words = all.iter().map(|one| PossibleValue::new(word(*one)).help(says(*one)));
    parser(PossibleValuesParser::new(words), all, word)
}

fn parser<T: Copy + Send + Sync + 'static>(
    words: PossibleValuesParser,
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    words.try_map(move |text| {
        let found = all.iter().copied().find(|one| word(*one) == text);
        found.ok_or_else(|| Error::usage(format!("unknown value: {text:?}")))
    })
}
