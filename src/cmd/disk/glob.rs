//! Glob patterns for paths.

/// Whether a text is a pattern: paths cannot contain these characters.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether a path matches a pattern: `*` and `?` stay within a name, `**` crosses directories. Takes time
/// proportional to at most the product of both lengths.
pub fn matches(pattern: &str, path: &str) -> bool {
    let path: Vec<char> = path.chars().collect();
    // Which prefixes of the path the pattern so far can match.
    let mut can = vec![false; path.len() + 1];
    if let Some(first) = can.first_mut() {
        *first = true;
    }
    let mut pattern = pattern.chars().peekable();
    while let Some(part) = pattern.next() {
        let deep = part == '*' && pattern.next_if_eq(&'*').is_some();
        // `**/` also matches no directory.
        let skips = deep && pattern.next_if_eq(&'/').is_some();
        let mut next = vec![false; path.len() + 1];
        let mut open = false;
        for at in 0..=path.len() {
            let here = can.get(at).copied().unwrap_or(false);
            let before = at.checked_sub(1).and_then(|last| path.get(last)).copied();
            let came = at.checked_sub(1).and_then(|last| can.get(last)).copied().unwrap_or(false);
            let is_so = match part {
                '*' => {
                    open = here || open && (deep || before != Some('/'));
                    open && (!skips || here || before == Some('/'))
                }
                '?' => came && before.is_some_and(|c| c != '/'),
                c => came && before == Some(c),
            };
            if let Some(slot) = next.get_mut(at) {
                *slot = is_so;
            }
        }
        can = next;
    }
    can.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_paths() {
        for (pattern, path) in [
            ("/shared/*.md", "/shared/a.md"),
            ("/shared/**", "/shared/a/b.md"),
            ("/shared/**/*.md", "/shared/a/b/c.md"),
            ("/shared/**/*.md", "/shared/c.md"),
            ("/*/?.md", "/public/é.md"),
            ("**/b", "/shared/b"),
            ("/shared/a*b*c", "/shared/aXbYc"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/shared/*.md", "/shared/a/b.md"),
            ("/shared/*", "/shared"),
            ("/shared/?", "/shared/ab"),
            ("/shared/**/c", "/shared/abc"),
            ("a*", "/a"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
        assert!(is_pattern("a*") && !is_pattern("/shared/a.md"));
        assert!(!matches(&"*a".repeat(500), &"a".repeat(499)));
    }
}
