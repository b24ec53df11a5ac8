//! Which fields are shown, in which order, under which names; the display of times and colours.

use crate::support::*;
use serde_json::{Value, json};

/// Issues of every priority, and a message with a reply.
fn project(machine: &Machine) -> Store<'_> {
    let store = machine.project("s", &[]);
    store.ok(&["issue", "open", "The crane, again", "--priority", "high"]);
    machine.pass(60);
    store.ok(&["issue", "open", "Paint"]);
    store
}

#[test]
fn a_list_has_the_fields_that_were_asked_for_in_every_format() {
    let machine = Machine::new("fields");
    let store = project(&machine);
    let with = |format: &str| {
        let fields = ["--fields", "title,closed_at,priority", "--sort", "created"];
        store.ok(&[&["issue", "list"], &fields[..], &["-o", format]].concat())
    };
    let expected = json!([
        {"title": "The crane, again", "closed_at": 0, "priority": "high"},
        {"title": "Paint", "closed_at": 0, "priority": "medium"},
    ]);
    let list: Value = serde_json::from_str(&with("json")).unwrap();
    assert_eq!(list, expected);
    assert_eq!(keys(&list[0]), ["title", "closed_at", "priority"], "in this order");
    let lines = with("ndjson");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::Array(lines), expected);
    assert_eq!(
        with("tsv"),
        "title\tclosed_at\tpriority\nThe crane, again\t\thigh\nPaint\t\tmedium"
    );
    assert_eq!(with("csv"), "title,closed_at,priority\n\"The crane, again\",,high\nPaint,,medium");
    let table = with("table");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    assert_eq!(words(table.lines().next().unwrap()), ["TITLE", "CLOSED", "AT", "PRIORITY"]);
    assert_eq!(words(table.lines().last().unwrap()), ["Paint", "medium"]);
    // Ids are unaffected; an empty list has the same fields as any other.
    let ids = store.ok(&["issue", "list", "-o", "id", "--fields", "title"]);
    assert_eq!(ids, store.ok(&["issue", "list", "-o", "id"]));
    let none = |field| ["issue", "list", "--status", "done", "--fields", field];
    assert_eq!(store.ok(&none("updated_at")), "updated_at");
    store.run(&none("ack_vektor")).fails(2, "not a field: \"ack_vektor\"");
}

/// As on a board, it is the records inside that have the fields.
#[test]
fn the_messages_of_threads_have_the_fields_that_were_asked_for() {
    let machine = Machine::new("fields of threads");
    let store = machine.group("s", &[]);
    let id = store.send("hello");
    let reply = store.ok(&["chat", "send", "So do I", "--reply-to", &id]);
    let fields = ["--fields", "content,id"];
    let list = |more: &[&'static str]| [&["chat", "list", "--threads"], &fields[..], more].concat();
    let is_whole = |thread: &Value| {
        let names = ["parent_id", "reply_count", "last_reply_at", "message", "replies"];
        assert_eq!(keys(thread), names);
        assert_eq!(thread["message"], json!({"content": "hello", "id": id}));
        assert_eq!(keys(&thread["message"]), ["content", "id"], "in this order");
        assert_eq!(thread["replies"], json!([{"content": "So do I", "id": reply}]));
    };
    let threads = store.json(&list(&[]));
    assert_eq!(threads.as_array().unwrap().len(), 1);
    is_whole(&threads[0]);
    is_whole(&serde_json::from_str(&store.ok(&list(&["-o", "ndjson"]))).unwrap());
    is_whole(&store.json(&[&["chat", "thread", &id], &fields[..]].concat()));
    let tsv = format!("content\tid\nhello\t{id}\nSo do I\t{reply}");
    assert_eq!(store.ok(&list(&["-o", "tsv"])), tsv);
    for command in [&["chat", "list", "--threads"][..], &["chat", "thread", &id]] {
        for format in ["json", "ndjson", "tsv"] {
            let run = store.run(&[command, &["--fields", "id,titel", "-o", format]].concat());
            run.fails(2, "not a field: \"titel\"; one of id, ");
        }
    }
}

#[test]
fn a_field_that_is_not_there_is_refused_with_the_choices() {
    let machine = Machine::new("unknown");
    let store = project(&machine);
    let id = store.column(&["issue", "list"], "id")[0].clone();
    let card = store.ok(&["kanban", "add", "Caulk"]);
    store.send("hello");
    let commands: [(&[&str], &str); 6] = [
        (&["issue", "list"], "one of id, status, priority, title, assignee_id, created_at"),
        (&["issue", "show", &id], "one of id, title, status"),
        (&["kanban", "board"], "one of id, column, title"),
        (&["chat", "list"], "one of id, created_at, author_id, content"),
        (&["doc", "blocks", "core"], "one of "),
        (&["kanban", "show", &card], "one of id, title, column"),
    ];
    for (command, choices) in commands {
        for format in ["table", "tsv", "csv", "json", "ndjson"] {
            let run = store.run(&[command, &["--fields", "id,titel", "-o", format]].concat());
            run.fails(2, "not a field: \"titel\"");
            assert!(run.stderr.contains(choices), "{command:?}: {}", run.stderr);
        }
    }
    store.run(&["completions", "bash", "--fields", "id"]).fails(2, "has no fields to choose from");
}

/// Lists of every noun, most of them empty: an unknown field of a list is unknown in an empty one, too.
#[test]
fn an_unknown_field_is_refused_where_there_are_no_records_too() {
    let machine = Machine::new("empty");
    let store = machine.project("s", &[]);
    for command in [
        "archive list",
        "archive mode",
        "chat list",
        "chat search nothing",
        "check",
        "conflict list",
        "disk list",
        "doc blocks core",
        "doc diff core core",
        "doc list",
        "doc size",
        "doc tree core",
        "entity list",
        "issue list",
        "kanban board",
        "kanban list",
        "log",
        "member list",
        "sync peers",
        "sql --schema",
        "sync status",
        "tombstone list",
        "trash list",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        for format in ["tsv", "json", "table"] {
            let run = store.run(&[&words[..], &["--fields", "bogus", "-o", format]].concat());
            run.fails(2, "not a field: \"bogus\"; one of ");
        }
    }
}

#[test]
fn records_boards_streams_and_writes_have_fields_too() {
    let machine = Machine::new("records");
    let store = project(&machine);
    let id = store.column(&["issue", "list", "--sort", "title"], "id")[0].clone();
    let show = |more: &[&str]| store.ok(&[&["issue", "show", &id, "--fields"], more].concat());
    assert_eq!(show(&["priority,title"]), "field\tvalue\npriority\tmedium\ntitle\tPaint");
    assert_eq!(show(&["title", "--no-header"]), "Paint");
    assert_eq!(show(&["title", "--no-header", "-o", "table"]), "Paint");
    let card = store.ok(&["kanban", "add", "Caulk", "--priority", "urgent"]);
    let lanes = store.json(&["kanban", "board", "--fields", "title,id"]);
    assert_eq!(lanes[0]["cards"], json!([{"title": "Caulk", "id": card}]));
    assert_eq!(lanes[0]["title"], "Backlog", "lanes stay as they are");
    let cards = store.ok(&["kanban", "board", "--fields", "title,priority", "--no-header"]);
    assert_eq!(cards, "Caulk\turgent");
    let board = store.ok(&["kanban", "board", "--fields", "title", "-o", "table"]);
    assert!(board.contains("Caulk") && !board.contains("urgent"), "{board}");
    let blocks = store.json(&["doc", "blocks", "kanban", "--fields", "kind,bytes"]);
    assert!(blocks.as_array().unwrap().len() > 3, "{blocks}");
    assert!(blocks.as_array().unwrap().iter().all(|row| keys(row) == ["kind", "bytes"]));
    // A command that prints one value alone in a pipe prints others on request.
    let who = store.ok(&["whoami", "--fields", "member,dir", "--no-header"]);
    assert_eq!(who, format!("{ALICE}\n{}", text(&store.dir)));
    assert_eq!(store.ok(&["whoami"]), ALICE);
    let content = store.ok(&["digest"]);
    assert_eq!(store.ok(&["digest", "--fields", "content", "--no-header"]), content);
    let words = store.ok(&["digest", "--words", "--fields", "content,words", "--no-header"]);
    assert_eq!(words, format!("{content}\n{}", store.ok(&["digest", "--words"])));
    let moved = ["kanban", "move", &card, "Done", "--fields", "changed,id"];
    assert_eq!(store.ok(&moved), format!("field\tvalue\nchanged\ttrue\nid\t{card}"));
    assert_eq!(store.json(&moved), json!({"changed": false, "id": card}));
}

#[test]
fn headers_can_be_left_out() {
    let machine = Machine::new("header");
    let store = project(&machine);
    for format in ["tsv", "csv", "table"] {
        for list in [&["issue", "list"][..], &["doc", "blocks", "core"], &["doc", "list"]] {
            let run = |more: &[&str]| {
                let args = [list, &["-o", format], more].concat();
                machine.run_in(&store.dir, &[("COLUMNS", "300")], &args).ok()
            };
            let (whole, bare) = (run(&[]), run(&["--no-header"]));
            let rows = whole.split_once('\n').unwrap().1;
            let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(squeezed(&bare), squeezed(rows), "{list:?} -o {format}");
        }
    }
    let json = ["issue", "list", "--json"];
    assert_eq!(store.ok(&[&json[..], &["--no-header"]].concat()), store.ok(&json));
}

#[test]
fn people_choose_how_they_see_times_and_programs_do_not_notice() {
    let machine = Machine::new("time");
    let store = machine.group("s", &[]);
    store.send("hello");
    machine.pass(3 * 3_600 + 5);
    let list = ["chat", "list", "--fields", "created_at", "--no-header"];
    let seen = |style: &str| store.ok(&[&list[..], &["-o", "table", "--time", style]].concat());
    assert_eq!(seen("relative"), "3 hours ago");
    let utc = seen("utc");
    assert_eq!(utc.trim_end_matches('Z'), seen("local"), "this machine's zone is UTC");
    assert!(utc.ends_with('Z'), "{utc}");
    let environment = [("CRDTCTL_TIME", "relative"), ("TZ", "Asia/Tokyo")];
    let table = [&list[..], &["-o", "table"]].concat();
    assert_eq!(machine.run_in(&store.dir, &environment, &table).ok(), "3 hours ago");
    for format in ["tsv", "csv", "json", "ndjson"] {
        let in_format = [&list[..], &["-o", format]].concat();
        let relative = store.ok(&[&in_format[..], &["--time", "relative"]].concat());
        assert_eq!(relative, store.ok(&in_format), "{format}");
    }
    store.run(&["chat", "list", "--time", "lunar"]).fails(2, "relative");
}

#[test]
fn priority_and_status_have_colours_where_colours_are_wanted() {
    let machine = Machine::new("colour");
    let store = project(&machine);
    let id = store.column(&["issue", "list", "--sort", "created"], "id")[0].clone();
    store.ok(&["issue", "status", &id, "in-progress"]);
    store.ok(&["kanban", "add", "Caulk", "--priority", "urgent"]);
    let (yellow, cyan, red) = (
        "\u{1b}[33mhigh\u{1b}[0m",
        "\u{1b}[36min-progress\u{1b}[0m",
        "\u{1b}[1;31murgent\u{1b}[0m",
    );
    let commands: [(&[&str], &[&str]); 4] = [
        (&["issue", "list"], &[yellow, cyan]),
        (&["issue", "show", &id], &[yellow, cyan]),
        (&["kanban", "board"], &[red]),
        (&["kanban", "list"], &[red]),
    ];
    for (command, painted) in commands {
        for width in ["40", "80", "140"] {
            let table = [command, &["-o", "table"]].concat();
            let run = |color| {
                let args = [&table[..], &["--color", color]].concat();
                machine.run_in(&store.dir, &[("COLUMNS", width)], &args).ok()
            };
            let (colored, plain) = (run("always"), run("auto"));
            for word in painted {
                assert!(colored.contains(word), "{command:?} at {width}: {colored:?}");
            }
            assert!(!plain.contains('\u{1b}'), "{command:?}: {plain:?}");
            let bare = ["1;31", "33", "36", "2", "1", "0"]
                .iter()
                .fold(colored, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
            assert_eq!(bare, plain, "colour takes no room");
        }
    }
    for format in ["tsv", "csv", "json"] {
        let run = store.ok(&["issue", "list", "-o", format, "--color", "always"]);
        assert!(!run.contains('\u{1b}'), "{format}: {run:?}");
    }
}

#[test]
fn records_go_through_a_template() {
    let machine = Machine::new("template");
    let store = project(&machine);
    let list = ["issue", "list", "--sort", "created", "--template"];
    let with = |template: &str| store.run(&[&list[..], &[template]].concat());
    assert_eq!(
        with("{{ title|upper }}\t{{ priority }}").ok(),
        "THE CRANE, AGAIN\thigh\nPAINT\tmedium"
    );
    assert_eq!(with("- {{ title }}").ok(), "- The crane, again\n- Paint", "a list of Markdown");
    assert_eq!(with("{% if priority == 'high' %}{{ title }}{% endif %}").ok(), "The crane, again");
    // Whatever the format, the fields are those of JSON, and errors are for people.
    let run = store.run(&[&list[..], &["{{ created_at }}", "-o", "csv"]].concat());
    assert_eq!(run.ok().lines().next(), Some(&*START.to_string()));
    let before = store.files();
    let wrong = with("{{ id }}\n{{ titel }}");
    wrong.fails(2, "in line 2");
    assert!(wrong.stderr.contains("the fields are id, ") && !wrong.stderr.contains("{\"error"));
    // An invalid template is refused before anything is done.
    store.run(&["chat", "send", "hi", "--template", "{{ id"]).fails(2, "line 1");
    assert_eq!(store.files(), before);
    let id = store.ok(&["chat", "send", "<b>\u{1b}[2J", "--template", "{{ id }}"]);
    let show = ["chat", "show", &id, "--template", "{{ content }} {{ author_id }}"];
    assert_eq!(store.ok(&show), format!("<b>\\u{{1b}}[2J {ALICE}"));
    store.ok(&["chat", "send", "So do I", "--reply-to", &id]);
    let threads = "{% for reply in replies %}{{ reply.content }}{% endfor %}";
    assert_eq!(store.ok(&["chat", "list", "--threads", "--template", threads]), "So do I");
    store.ok(&["kanban", "add", "Caulk"]);
    assert_eq!(store.ok(&["kanban", "board", "--template", "{{ title }}"]), "Caulk");
    let blocks = store.ok(&["doc", "blocks", "kanban", "--template", "{{ kind }}"]);
    assert!(blocks.lines().any(|line| line == "map"), "{blocks}");
    store.run(&["doc", "dump", "core", "--template", "x"]).fails(2, "no fields for a template");
}

/// `in_archive` can always be requested, whether any record is archived or not.
#[test]
fn where_a_record_lives_is_a_field_of_every_list_that_can_be_archived() {
    let machine = Machine::new("in archive");
    let store = machine.group("s", &[]);
    let commands: [&[&str]; 4] = [
        &["chat", "list"],
        &["chat", "search", "word"],
        &["issue", "list", "--all"],
        &["kanban", "list", "--all"],
    ];
    let fields = ["--fields", "in_archive"];
    for command in commands {
        assert_eq!(store.ok(&[command, &fields].concat()), "in_archive", "{command:?}");
    }
    store.send("a word");
    let issue = store.ok(&["issue", "open", "Paint"]);
    let card = store.ok(&["kanban", "add", "Caulk"]);
    for command in commands {
        assert_eq!(store.ok(&[command, &fields].concat()), "in_archive\nfalse", "{command:?}");
        assert_eq!(store.json(&[command, &fields].concat()), json!([{"in_archive": false}]));
        // It is not shown unless requested.
        let header = store.ok(&[command, &["-o", "tsv"]].concat());
        assert!(!header.contains("in_archive"), "{header}");
    }
    store.ok(&["issue", "close", &issue]);
    store.ok(&["kanban", "archive", &card]);
    machine.pass(100 * 86_400);
    assert_eq!(store.json(&["archive", "run"])["archived"], 3);
    for command in commands {
        assert_eq!(store.ok(&[command, &fields].concat()), "in_archive\ntrue", "{command:?}");
    }
}
