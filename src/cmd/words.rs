//! Digests as words, for people who compare them over a telephone.
//!
//! `words.txt` is the English list of BIP 39, as the crate `bip39` publishes it under CC0-1.0: 2048
//! common words that differ in their first four letters.

/// Number of words for a digest, of 11 bits each.
const WORDS: usize = 4;
const BITS: u32 = 11;

/// Returns the first 44 bits of a digest as four words.
///
/// This is enough to notice an accident: two different contents agree with a chance of one in 17
/// million million. Not promised: any protection against somebody who searches for two contents that
/// agree.
pub fn words(digest: &[u8; 32]) -> String {
    let list: Vec<&str> = include_str!("words.txt").lines().collect();
    let bits = digest.iter().take(8).fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    let word = |n: usize| {
        let shift = u64::BITS - BITS * (n as u32 + 1);
        list.get((bits >> shift) as usize % (1 << BITS)).copied().unwrap_or_default()
    };
    (0..WORDS).map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_is_whole_and_four_letters_tell_its_words_apart() {
        let list: Vec<&str> = include_str!("words.txt").lines().collect();
        assert_eq!(list.len(), 1 << BITS);
        assert!(list.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase())));
        let begins: BTreeSet<&str> =
            list.iter().map(|word| word.get(..4).unwrap_or(word)).collect();
        assert_eq!(begins.len(), list.len());
    }

    #[test]
    fn each_of_the_first_44_bits_counts_and_no_other() {
        assert_eq!(words(&[0; 32]), "abandon abandon abandon abandon");
        assert_eq!(words(&[255; 32]), "zoo zoo zoo zoo");
        let mut seen = BTreeSet::from([words(&[0; 32])]);
        for bit in 0..256 {
            let mut digest = [0u8; 32];
            digest[bit / 8] |= 0x80 >> (bit % 8);
            assert_eq!(seen.insert(words(&digest)), bit < 44, "bit {bit}");
        }
    }
}
