//! Statements that would write, escape or run for ever, each with the words that refuse it.

use super::*;

const READS: &str = "a query can only read: ";

/// Statements with side effects, and what of them is refused.
const DOES: &[(&str, &str)] = &[
    ("VACUUM", "VACUUM"),
    ("VACUUM INTO 'copy.sqlite'", "VACUUM"),
    ("EXPLAIN VACUUM INTO 'copy.sqlite'", "EXPLAIN"),
    ("PRAGMA query_only = 0", "PRAGMA query_only"),
    ("PRAGMA writable_schema = 1", "PRAGMA writable_schema"),
    ("PRAGMA journal_mode = wal", "PRAGMA journal_mode"),
    ("PRAGMA hard_heap_limit = 0", "PRAGMA hard_heap_limit"),
    ("PRAGMA temp_store_directory = '/'", "PRAGMA temp_store_directory"),
    ("PRAGMA data_version", "PRAGMA data_version"),
    ("ATTACH 'other.sqlite' AS other", "ATTACH"),
    ("ATTACH ':memory:' AS other", "ATTACH"),
    ("ATTACH 'file:other.sqlite?mode=rwc' AS other", "ATTACH"),
    ("DETACH main", "DETACH"),
    ("INSERT INTO messages (id) VALUES ('x')", "INSERT INTO messages"),
    ("REPLACE INTO messages (id) VALUES ('x')", "INSERT INTO messages"),
    ("INSERT INTO messages_fts(messages_fts) VALUES ('delete-all')", "INSERT INTO messages_fts"),
    ("INSERT INTO messages_fts(messages_fts) VALUES ('rebuild')", "INSERT INTO messages_fts"),
    (
        "INSERT INTO messages_fts(messages_fts, rank) VALUES ('rank', 'bm25(0)')",
        "INSERT INTO messages_fts",
    ),
    ("UPDATE messages SET content = 'x'", "UPDATE messages"),
    ("UPDATE messages SET content = 'x' RETURNING id", "UPDATE messages"),
    ("DELETE FROM messages", "DELETE FROM messages"),
    ("WITH x AS (SELECT 1) DELETE FROM messages RETURNING id", "DELETE FROM messages"),
    ("CREATE TABLE x (y)", "CREATE"),
    ("CREATE TABLE x AS SELECT * FROM messages", "CREATE"),
    ("CREATE TEMP TABLE x (y)", "CREATE"),
    ("CREATE VIEW x AS SELECT 1", "CREATE"),
    ("CREATE TEMP VIEW x AS SELECT 1", "CREATE"),
    ("CREATE INDEX x ON messages(id)", "CREATE"),
    ("CREATE VIRTUAL TABLE x USING fts5(y)", "CREATE"),
    ("CREATE VIRTUAL TABLE temp.x USING fts5vocab(main, messages_fts, row)", "CREATE"),
    ("CREATE TRIGGER x AFTER INSERT ON messages BEGIN SELECT 1; END", "a change of the schema"),
    ("DROP TABLE messages", "DROP"),
    ("ALTER TABLE messages ADD COLUMN x", "ALTER TABLE"),
    ("REINDEX messages", "REINDEX"),
    ("ANALYZE messages", "CREATE"),
    ("BEGIN IMMEDIATE", "a transaction"),
    ("COMMIT", "a transaction"),
    ("ROLLBACK", "a transaction"),
    ("SAVEPOINT x", "a savepoint"),
    ("RELEASE x", "a savepoint"),
    ("VACUUM main INTO '/tmp/copy.sqlite'", "VACUUM"),
    ("PRAGMA main.user_version = 1", "PRAGMA user_version"),
    ("PRAGMA optimize", "PRAGMA optimize"),
    ("PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint"),
    ("PRAGMA table_info(messages)", "PRAGMA table_info"),
    ("PRAGMA trusted_schema = 1", "PRAGMA trusted_schema"),
    ("INSERT INTO messages DEFAULT VALUES RETURNING *", "INSERT INTO messages"),
    ("INSERT INTO sqlite_schema VALUES (1, 2, 3, 4, 5)", "CREATE"),
    ("EXPLAIN QUERY PLAN DELETE FROM messages", "DELETE FROM messages"),
    (
        "CREATE TEMP TRIGGER x AFTER INSERT ON messages BEGIN SELECT 1; END",
        "a change of the schema",
    ),
    ("CREATE TABLE IF NOT EXISTS messages (x)", "CREATE"),
    ("ALTER TABLE messages RENAME TO x", "ALTER TABLE"),
    ("END", "a transaction"),
    ("SELECT 1; DROP TABLE messages", "DROP"),
    ("SELECT 1; VACUUM INTO 'copy.sqlite'; SELECT 2", "one query at a time"),
];

/// Queries that would see or call something that is no view, and the answers to them.
const SEES: &[(&str, &str)] = &[
    ("SELECT 1; SELECT 2", "one query at a time"),
    (";;", "there is no query in it"),
    ("SELECT load_extension('x')", "a query may not call load_extension()"),
    ("SELECT fts3_tokenizer('simple')", "a query may not call fts3_tokenizer()"),
    ("SELECT readfile('/etc/passwd')", "no such function: readfile"),
    ("SELECT writefile('x', 'y')", "no such function: writefile"),
    ("SELECT edit('x')", "no such function: edit"),
    ("SELECT zeroblob(1000000000)", "a query may not call zeroblob()"),
    ("SELECT randomblob(1000000000)", "a query may not call randomblob()"),
    ("SELECT sqlite_compileoption_get(1)", "a query may not call sqlite_compileoption_get()"),
    ("SELECT sqlite_log(1, 'x')", "a query may not call sqlite_log()"),
    ("SELECT last_insert_rowid()", "a query may not call last_insert_rowid()"),
    ("SELECT fts5_source_id()", "a query may not call fts5_source_id()"),
    ("SELECT sqlite_version()", "a query may not call sqlite_version()"),
    ("SELECT fts5(NULL)", "a query may not call fts5()"),
    ("SELECT jsonb('[1]')", "a query may not call jsonb()"),
    ("SELECT json_group_array(zeroblob(1))", "a query may not call zeroblob()"),
    (
        "SELECT sqlite_rename_table(0, 0, 0, 0, 0, 0, 0)",
        "a query may not call sqlite_rename_table()",
    ),
    ("SELECT sqlite_filename('main')", "no such function: sqlite_filename"),
    ("SELECT 'a' REGEXP 'a'", "no such function: REGEXP"),
    ("UPDATE sqlite_schema SET sql = ''", "table sqlite_master may not be modified"),
    ("DELETE FROM sqlite_schema", "table sqlite_master may not be modified"),
    ("SELECT * FROM sqlite_schema", "no such view: sqlite_master"),
    ("SELECT * FROM temp.sqlite_schema", "no such view: sqlite_temp_master"),
    ("SELECT (SELECT count(*) FROM sqlite_schema)", "no such view: sqlite_schema"),
    ("SELECT * FROM pragma_query_only(0)", "no such view: pragma_query_only"),
    ("SELECT name FROM pragma_module_list", "no such view: pragma_module_list"),
    (
        "SELECT 1 WHERE EXISTS (SELECT * FROM pragma_compile_options)",
        "no such view: pragma_compile_options",
    ),
    ("SELECT * FROM jsonb_tree('[1]')", "no such view: jsonb_tree"),
    ("SELECT * FROM bytecode('SELECT 1')", "no such table: bytecode"),
    ("SELECT * FROM main.messages_fts_data", "no such table: main.messages_fts_data"),
    (
        "WITH x AS (DELETE FROM messages RETURNING *) SELECT * FROM x",
        "near \"DELETE\": syntax error",
    ),
    (".schema", "near \".\": syntax error"),
    (".shell id", "near \".\": syntax error"),
    ("/* x */ -- y", "there is no query in it"),
    ("SELECT json(printf('%.*c', 100000, '['))", "malformed JSON"),
    ("SELECT count(*) FROM sqlite_temp_schema", "no such view: sqlite_temp_schema"),
    ("SELECT * FROM pragma_database_list", "no such view: pragma_database_list"),
    ("SELECT count(*) FROM pragma_function_list", "no such view: pragma_function_list"),
    ("SELECT * FROM pragma_table_info('messages')", "no such view: pragma_table_info"),
    ("SELECT count(*) FROM dbstat", "no such view: dbstat"),
    ("SELECT count(*) FROM fts3tokenize('simple', 'x')", "no such view: fts3tokenize"),
    ("SELECT * FROM messages_fts_data, messages_fts", "no such view: messages_fts_data"),
    ("SELECT count(*) FROM messages_fts_idx, messages_fts", "no such view: messages_fts_idx"),
    ("SELECT * FROM sqlite_dbpage", "no such table: sqlite_dbpage"),
    ("SELECT * FROM main.crdtctl", "no such table: main.crdtctl"),
    ("SELECT * FROM generate_series(1, 1e12)", "no such table: generate_series"),
    ("SELECT ?1000000", "variable number must be between ?1 and ?1000"),
    ("SELECT 'a' LIKE printf('%.*c', 5000, '%')", "LIKE or GLOB pattern too complex"),
    ("SELECT id FROM messages_fts WHERE messages_fts MATCH '\"'", "unterminated string"),
];

/// Queries that are refused because they take too much.
const TAKES: &[(&str, &str)] = &[
    ("SELECT printf('%.*c', 1000000000, 'x')", "a value or a row gets longer than 64 MiB"),
    ("SELECT format('%1000000000d', 1)", "a value or a row gets longer than 64 MiB"),
    ("SELECT format('%.*f', 100000000, 1.0)", "a value or a row gets longer than 64 MiB"),
    ("SELECT hex(printf('%.*c', 60000000, 'x'))", "a value or a row gets longer than 64 MiB"),
    (
        "WITH RECURSIVE t(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM t) SELECT length(s) FROM t",
        "a value or a row gets longer than 64 MiB",
    ),
    // One value in many columns.
    (
        "WITH a AS MATERIALIZED (SELECT printf('%.*c', 30000000, 'x') AS x) SELECT x, x, x, x FROM a",
        "a value or a row gets longer than 64 MiB",
    ),
    // Held for sorting: 100 MB and more.
    (
        "WITH RECURSIVE t(n, s) AS (SELECT 1, printf('%.*c', 1000000, 'x') UNION ALL \
         SELECT n + 1, s || n FROM t LIMIT 2000) SELECT count(*) FROM (SELECT s FROM t ORDER BY s)",
        "the query takes more than 512 MiB of memory",
    ),
];

/// Queries that never end, or not within any reasonable time.
const LASTS: &[&str] = &[
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT sum(n) FROM t",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT (n * 7 + 1) % 1000000007 FROM t) \
     SELECT count(*) FROM t",
    // A window over all of it.
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT sum(n) OVER \
     (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM t",
    // One instruction, during which SQLite cannot be interrupted.
    "SELECT instr(printf('%.*c', 60000000, 'x'), printf('%.*c', 30000000, 'x') || 'y')",
    "SELECT trim(printf('%.*c', 5000000, 'x'), printf('%.*c', 5000000, 'y') || 'x')",
    "SELECT count(*) FROM json_each('[1,2,3,4,5,6,7,8,9]') a, json_each('[1,2,3,4,5,6,7,8,9]') b, \
     json_each('[1,2,3,4,5,6,7,8,9]') c, json_each('[1,2,3,4,5,6,7,8,9]') d, \
     json_each('[1,2,3,4,5,6,7,8,9]') e, json_each('[1,2,3,4,5,6,7,8,9]') f, \
     json_each('[1,2,3,4,5,6,7,8,9]') g, json_each('[1,2,3,4,5,6,7,8,9]') h, \
     json_each('[1,2,3,4,5,6,7,8,9]') i, json_each('[1,2,3,4,5,6,7,8,9]') j",
];

/// A store, and everything else on its machine: nothing of it may change.
fn with_untouched(name: &str, test: impl FnOnce(&Store<'_>)) {
    let machine = Machine::new(name);
    let store = machine.fixture("real-store");
    let before = files(&machine.path(""));
    test(&store);
    assert_eq!(files(&machine.path("")), before, "something was written");
}

#[test]
fn whatever_does_something_is_refused() {
    with_untouched("sql does", |store| {
        for (query, refused) in DOES {
            let said = match *refused {
                "one query at a time" => refused.to_string(),
                action => format!("{READS}{action} is refused"),
            };
            let run = store.run(&["sql", query]);
            run.fails(2, &format!("error: {said}\n"));
        }
    });
}

#[test]
fn whatever_is_no_view_is_not_seen() {
    with_untouched("sql sees", |store| {
        for (query, said) in SEES {
            store.run(&["sql", query]).fails(2, &format!("error: {said}\n"));
        }
        // However long the wrong part is.
        let query = "SELECT * FROM json_tree('[1]', '$' || printf('%.*c', 100000, '['))";
        let said = format!("error: bad JSON path: '${}…\n", "[".repeat(183));
        store.run(&["sql", query]).fails(2, &said);
    });
}

#[test]
fn whatever_takes_too_much_is_refused() {
    with_untouched("sql takes", |store| {
        for (query, said) in TAKES {
            store.run(&["sql", query]).fails(1, &format!("error: {said}\n"));
        }
    });
}

#[test]
fn whatever_does_not_end_is_ended() {
    with_untouched("sql lasts", |store| {
        for query in LASTS {
            let run = store.run(&["sql", query, "--timeout", "300ms"]);
            run.fails(1, "error: the query takes longer than 300 ms\n");
        }
        // The limit applies to the whole command: rows that are always available do not evade it.
        for query in ["SELECT 1", "SELECT a.id FROM messages a, messages b, messages c, messages d"]
        {
            let run = store.run(&["sql", query, "--timeout", "0s", "-o", "tsv"]);
            run.fails(1, "error: the query takes longer than 0 s\n");
            assert_eq!(run.stdout, "");
        }
        // Nothing is executed in order to be explained.
        store.run(&["sql", LASTS[0], "--explain", "--timeout", "300ms"]).exits(0);
    });
}

#[test]
fn depth_and_length_have_an_end() {
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("SELECT {}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let froms = format!("{}messages{}", "SELECT * FROM (".repeat(3000), ")".repeat(3000));
    let doubled =
        |at: usize| format!(", a{} AS (SELECT * FROM a{at} UNION ALL SELECT * FROM a{at})", at + 1);
    let doublings: String = (0..40).map(doubled).collect();
    let cases = [
        (nested("(", "1", ")", 3000), "the query is nested too deeply"),
        (nested("NOT ", "1", "", 5000), "the query is nested too deeply"),
        (nested("abs(", "1", ")", 3000), "the query is nested too deeply"),
        (froms, "the query is nested too deeply"),
        (nested("1+", "1", "", 5000), "Expression tree is too large (maximum depth 500)"),
        (nested("1 UNION SELECT ", "1", "", 300), "too many terms in compound SELECT"),
        (nested("1,", "1", "", 2000), "too many columns in result set"),
        (format!("SELECT max({}1)", "1,".repeat(200)), "too many arguments on function max"),
        (format!("SELECT '{}'", "x".repeat(100_000)), "the query is longer than 100000 bytes"),
        (
            format!("WITH a0 AS (SELECT 1){doublings} SELECT count(*) FROM a40"),
            "VIEWs and/or subqueries nested too deep",
        ),
        (
            format!("SELECT 1 FROM {}messages", "messages, ".repeat(70)),
            "at most 64 tables in a join",
        ),
        (
            format!(
                "SELECT id FROM messages_fts WHERE messages_fts MATCH '{}a{}'",
                "(".repeat(500),
                ")".repeat(500)
            ),
            "fts5: parser stack overflow",
        ),
        (";".repeat(90_000), "there is no query in it"),
        ("SELECT 1;".repeat(10_000), "one query at a time"),
        ("SELECT 1\0; DROP TABLE messages".to_owned(), "the query holds a NUL character"),
    ];
    with_untouched("sql depth", |store| {
        for (query, said) in &cases {
            let args = ["-s", &text(&store.dir), "sql", "-"];
            let run = store.machine.run_with_stdin(&args, query.as_bytes());
            run.fails(2, &format!("error: {said}\n"));
        }
    });
}
