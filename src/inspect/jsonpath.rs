//! Picking values out of a document with JSONPath (RFC 9535).

use crate::error::{Error, Result};
use serde_json::Value;
use serde_json_path::JsonPath;

/// What a path finds in a document's dump, in the document's order.
///
/// # Errors
/// `Usage` when it is no JSONPath.
pub fn find<'d>(dump: &'d Value, path: &str) -> Result<Vec<&'d Value>> {
    let parsed = JsonPath::parse(path).map_err(|e| {
        Error::usage(format!("{path:?} is not a JSONPath: {}", e.message()))
            .because(format!("at character {}", e.position().saturating_add(1)))
            .hint("one begins with `$`: `$.messages.*.content`, `$..author_id`")
    })?;
    Ok(parsed.query(dump).all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use serde_json::json;

    #[test]
    fn a_path_picks_values() {
        let dump = json!({"messages": {"a": {"n": 1}, "b": {"n": 2}}});
        assert_eq!(find(&dump, "$.messages.*.n").unwrap(), [&json!(1), &json!(2)]);
        assert_eq!(find(&dump, "$..[?@.n > 1]").unwrap(), [&json!({"n": 2})]);
        assert!(find(&dump, "$.nothing").unwrap().is_empty());
        assert_eq!(find(&dump, "messages").unwrap_err().kind, Kind::Usage);
    }
}
