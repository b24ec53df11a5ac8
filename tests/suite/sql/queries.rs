//! Queries: their answers in every format, parameters, plans, time limits, and reports about mistakes.

use super::*;
use serde_json::json;

#[test]
fn an_answer_comes_in_every_format() {
    let machine = Machine::new("sql formats");
    let store = furnished(&machine);
    let query = "SELECT id, content AS said, deleted, created_at, length(content) AS n, \
                 1.5 AS half, x'00ff' AS bytes, NULL AS none, attachments, id \
                 FROM messages WHERE content LIKE '%hurry%'";
    let id = store.column(&["sql", query], "id")[0].clone();
    let said = "The ferry leaves at 10:30; \"hurry\" — it's a 5 % chance\n\tof rain";
    let n = said.chars().count();
    // Columns keep their types if selected as such, and the second of two with one name gets another.
    let expected = json!([{"id": id, "said": said, "deleted": false, "created_at": START, "n": n,
        "half": 1.5, "bytes": "AP8=", "none": null, "attachments": [], "id:1": id}]);
    assert_eq!(store.json(&["sql", query]), expected);
    let line = store.ok(&["sql", query, "-o", "ndjson"]);
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected[0]);
    let header = "id\tsaid\tdeleted\tcreated_at\tn\thalf\tbytes\tnone\tattachments\tid:1";
    let tsv = store.ok(&["sql", query]);
    let escaped = said.replace('\n', "\\n").replace('\t', "\\t");
    let row = format!("{id}\t{escaped}\tfalse\t2026-01-01T00:00:00Z\t{n}\t1.5\tAP8=\t\t\t{id}");
    assert_eq!(tsv, format!("{header}\n{row}"));
    let csv = store.ok(&["sql", query, "-o", "csv"]);
    assert!(csv.starts_with(&header.replace('\t', ",")), "{csv}");
    assert!(csv.contains(&format!("\"{}\"", said.replace('"', "\"\""))), "{csv}");
    assert_eq!(store.ok(&["sql", query, "-o", "id"]), id);
    let table =
        store.ok(&["sql", "SELECT title, status FROM issues ORDER BY title", "-o", "table"]);
    assert!(table.starts_with("TITLE "), "{table}");
    assert!(table.contains("The crane squeaks"), "{table}");
    store.run(&["sql", "SELECT 1 AS one", "-o", "id"]).fails(2, "no ids");
    // No rows are an empty list.
    assert_eq!(store.json(&["sql", "SELECT * FROM cards WHERE 0"]), json!([]));
    assert_eq!(store.ok(&["sql", "SELECT id FROM cards WHERE 0"]), "id");
}

#[test]
fn a_query_comes_from_standard_input() {
    let machine = Machine::new("sql stdin");
    let store = furnished(&machine);
    let dir = text(&store.dir);
    let query = b"-- how many\nSELECT count(*) AS n\nFROM members\n;\n";
    let run = machine.run_with_stdin(&["-s", &dir, "sql", "-", "--json"], query);
    assert_eq!(run.json(), json!([{"n": 4}]));
    store.run(&["sql"]).exits(2);
    store.run(&["sql", ""]).fails(2, "there is no query in it");
}

#[test]
fn parameters_are_values_and_never_sql() {
    let machine = Machine::new("sql parameters");
    let store = furnished(&machine);
    let ask = |query: &str, given: &[&str]| {
        let given = given.iter().flat_map(|one| ["-p", one]);
        store.run(&["sql", query, "--json"].into_iter().chain(given).collect::<Vec<_>>())
    };
    let types = "SELECT typeof(:a) AS a, typeof(@b) AS b, typeof($c) AS c, typeof(?) AS d";
    let run = ask(types, &["a=41", "b=007", "c=2.5", "4="]);
    assert_eq!(run.json(), json!([{"a": "integer", "b": "text", "c": "real", "d": "text"}]));
    let hostile = "x' OR 1; DROP TABLE messages --";
    let run = ask("SELECT :a AS a FROM messages LIMIT 1", &[&format!("a={hostile}")]);
    assert_eq!(run.json(), json!([{"a": hostile}]));
    assert_eq!(ask("SELECT :now AS now", &[]).json(), json!([{"now": machine.now()}]));
    assert_eq!(ask("SELECT :now AS now", &["now=1"]).json(), json!([{"now": 1}]));
    let run = ask("SELECT count(*) AS n FROM messages WHERE created_at <= :t", &["t=1"]);
    assert_eq!(run.json(), json!([{"n": 0}]));
    ask("SELECT :a", &[]).fails(2, "the parameter :a has no value");
    ask("SELECT :a", &["a=1", "b=2"]).fails(2, "the query has no parameter :b");
    ask("SELECT 1", &["a"]).fails(2, "not NAME=VALUE");
}

#[test]
fn full_text_is_found_without_regard_to_case_and_accents() {
    let machine = Machine::new("sql fts");
    let store = furnished(&machine);
    let find = |words: &str| {
        let query = "SELECT content FROM messages_fts WHERE messages_fts MATCH :w ORDER BY rank";
        let found = store.json(&["sql", query, "-p", &format!("w={words}")]);
        column(&found, "content")
    };
    assert_eq!(find("CAFE"), ["Café at the café?"]);
    assert_eq!(find("ferry AND rain"), find("\"10:30\""));
    assert_eq!(find("harb*"), Vec::<String>::new());
    assert_eq!(find("orph*"), ["an orphan"]);
    let joined = "SELECT snippet(messages_fts, 2, '[', ']', '…', 3) AS found, m.author_id \
                  FROM messages_fts JOIN messages m ON m.rowid = messages_fts.rowid \
                  WHERE messages_fts MATCH 'ferry'";
    assert_eq!(rows(&store, joined), [json!({"found": "The [ferry] leaves…", "author_id": ALICE})]);
    let bad = "SELECT id FROM messages_fts WHERE messages_fts MATCH 'half-hour'";
    store.run(&["sql", bad]).exits(2);
    // As a table-valued function.
    assert_eq!(rows(&store, "SELECT count(*) AS n FROM messages_fts('map')"), [json!({"n": 1})]);
}

#[test]
fn a_plan_says_what_would_be_read() {
    let machine = Machine::new("sql explain");
    let store = furnished(&machine);
    let query = "SELECT author_id, count(*) FROM messages JOIN cards ON 1 GROUP BY 1";
    let run = store.run(&["sql", query, "--explain", "--json"]);
    let plan = run.json();
    assert_eq!(keys(&plan[0]), ["id", "parent", "detail"]);
    let details = column(&plan, "detail");
    assert!(details.iter().any(|detail| detail.contains("SCAN messages")), "{details:?}");
    assert_eq!(run.stderr, "it counts cards\nit reads messages: author_id\n");
}

/// A query reads the documents that it names and no other.
#[test]
fn only_what_is_named_is_read() {
    let machine = Machine::new("sql reads");
    let store = furnished(&machine);
    for concern in ["chat", "kanban", "issues", "canvas"] {
        std::fs::write(store.document(&format!("{PROJECT}:{concern}")), b"\xff\xff").unwrap();
    }
    let query = "SELECT member_id FROM members WHERE NOT deleted AND entity = :e ORDER BY 1";
    let run = store.run(&["sql", query, "-p", &format!("e={PROJECT}"), "-o", "csv"]);
    assert_eq!(run.ok(), format!("member_id\n{ALICE}\n{BOB}"));
    assert_eq!(store.json(&["sql", "SELECT 1 AS one"]), json!([{"one": 1}]));
    // The number of a document's writers is read from it; everything else about it is known without.
    store.run(&["sql", "SELECT doc_id, bytes FROM documents"]).exits(0);
    store.run(&["sql", "SELECT client_ids FROM documents"]).exits(5);
}

#[test]
fn mistakes_are_answered_with_what_there_is() {
    let machine = Machine::new("sql mistakes");
    let store = furnished(&machine);
    let hint = |query: &str, says: &str| {
        let run = store.run(&["sql", query, "--json"]);
        run.fails(2, says);
        run.error()["hint"].as_str().unwrap().to_owned()
    };
    let views = hint("SELECT * FROM msgs", "no such table: msgs");
    assert!(names(&store).iter().all(|view| views.contains(view)), "{views}");
    assert!(views.contains("`crdtctl sql --schema`"), "{views}");
    let columns = hint("SELECT title FROM messages", "no such column: title");
    assert!(columns.starts_with("messages has entity, id, author_id, "), "{columns}");
    let both = hint("SELECT c.x FROM cards c JOIN columns", "no such column: c.x");
    assert!(both.contains("cards has entity") && both.contains("columns has entity"), "{both}");
    hint("SELEC 1", "near \"SELEC\": syntax error");
    hint("SELECT frobnicate(1)", "no such function: frobnicate");
    hint("SELECT * FROM messages WHERE author_id = \"alice\"", "single-quotes");
    let run = store.run(&["sql", "SELECT * FROM msgs", "--json"]);
    assert_eq!(
        (run.error()["code"].clone(), run.error()["exit"].clone()),
        (json!("usage"), json!(2))
    );
}

#[test]
fn rows_go_out_as_they_come() {
    let machine = Machine::new("sql stream");
    let store = furnished(&machine);
    // Endless, and ended by its reader.
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let args = ["-s", &text(&store.dir), "sql", endless, "-o", "ndjson"];
    let run = machine.run_through_shell("\"$@\" | head -n 3", &args);
    assert_eq!(run.ok(), "{\"i\":1}\n{\"i\":2}\n{\"i\":3}");
    // More rows than are sent at once, all of them and in order.
    let many = format!("{endless} LIMIT 3000");
    let numbers: Vec<i64> =
        rows(&store, &many).iter().map(|row| row["i"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=3000).collect::<Vec<_>>());
    // A failure on the way is an error, whatever was printed before.
    let late = format!("SELECT CASE WHEN i = 2000 THEN json(i || '{{') ELSE i END FROM ({many})");
    let run = store.run(&["sql", &late]);
    run.exits(2);
    assert!(run.stderr.starts_with("error: malformed JSON"), "{}", run.stderr);
}
