use super::*;
use crate::error::Kind;
use serde_json::{Value, json};

const COLUMNS: &[Column] = &[
    Column::id("id", "id"),
    Column::text("text", "text"),
    Column::time("at", "at"),
    Column::bytes("bytes", "size"),
    Column::text("path", "path").wide(),
    Column::text("kind", "kind").data(),
];

fn row(value: Value) -> Row {
    value.as_object().unwrap().clone()
}

fn rows() -> Vec<Row> {
    vec![
        row(json!({"id": "3f2a1b2c-0000-4000-8000-000000000001", "text": "hi\t\"you\", \u{1b}[2J",
            "at": 1_795_366_800, "bytes": 664_321, "path": "p".repeat(60), "kind": "a\nb",
            "hidden": {"deep": [1]}})),
        row(json!({"id": "77777777-0000-4000-8000-000000000001", "text": "word ".repeat(60),
            "at": 0, "bytes": 0, "path": null})),
    ]
}

fn list() -> Report {
    Report::list(rows(), COLUMNS, Some("id"), "no messages")
}

fn terminal(format: Format, width: usize) -> Terminal {
    Terminal {
        format,
        width,
        height: 24,
        pages: false,
        interactive: format == Format::Table,
        color_out: false,
        color_err: false,
        quiet: false,
        full: false,
        header: true,
        times: Times::default(),
        fields: None,
        template: None,
        ask: false,
        progress: Signs::None,
    }
}

/// Standard output and standard error of a report.
fn rendered(report: &Report, terminal: &Terminal) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    render(report, terminal, &mut out, &mut err).unwrap();
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn out(report: &Report, format: Format) -> String {
    rendered(report, &terminal(format, 80)).0
}

#[test]
fn a_table_is_no_wider_than_the_terminal() {
    use unicode_width::UnicodeWidthStr;
    for width in [40, 60, 80, 120, 300] {
        let (text, _) = rendered(&list(), &terminal(Format::Table, width));
        let widest = text.lines().map(|line| line.width()).max().unwrap();
        assert!(widest <= width, "{widest} > {width}:\n{text}");
    }
}

#[test]
fn a_table_is_for_people() {
    let text = out(&list(), Format::Table);
    assert!(text.starts_with("ID "), "{text}");
    assert!(text.contains("3f2a1b2c  "), "{text}");
    assert!(text.contains("664 KB"), "{text}");
    assert!(text.contains("\\u{1b}[2J"), "{text}");
    assert!(!text.contains("PATH") && !text.contains("KIND"), "{text}");
    assert!(rendered(&list(), &terminal(Format::Table, 300)).0.contains("PATH"));
}

#[test]
fn colour_is_in_the_titles_only() {
    let mut painted = terminal(Format::Table, 80);
    painted.color_out = true;
    let text = rendered(&list(), &painted).0;
    assert!(text.lines().next().unwrap().contains("\u{1b}["));
    assert!(!text.lines().skip(1).any(|line| line.contains('\u{1b}')));
    painted.format = Format::Json;
    assert!(!rendered(&list(), &painted).0.contains('\u{1b}'));
}

#[test]
fn json_shows_every_field() {
    let text = out(&list(), Format::Json);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value, Value::Array(rows().into_iter().map(Value::Object).collect()));
    assert_eq!(text.lines().count(), 4);
    let lines = out(&list(), Format::Ndjson);
    assert_eq!(lines.lines().count(), 2);
    assert_eq!(serde_json::from_str::<Row>(lines.lines().next().unwrap()).unwrap(), rows()[0]);
}

#[test]
fn tsv_has_a_header_and_a_line_per_record() {
    let text = out(&list(), Format::Tsv);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "id\ttext\tat\tbytes\tpath\tkind");
    assert_eq!(
        lines[1],
        format!(
            "3f2a1b2c-0000-4000-8000-000000000001\thi\\t\"you\", \\u{{1b}}[2J\t\
             2026-11-22T17:00:00Z\t664321\t{}\ta\\nb",
            "p".repeat(60)
        )
    );
    assert!(lines[2].ends_with("\t\t0\t\t"), "{:?}", lines[2]);
    assert_eq!(lines.len(), 3);
}

#[test]
fn csv_is_quoted() {
    let text = out(&list(), Format::Csv);
    let first = text.lines().nth(1).unwrap();
    assert!(first.contains(",\"hi\t\"\"you\"\", \\u{1b}[2J\","), "{first}");
    assert!(first.contains(",2026-11-22T17:00:00Z,664321,"), "{first}");
}

#[test]
fn ids_stand_alone() {
    let text = out(&list(), Format::Id);
    assert_eq!(text.lines().next(), Some("3f2a1b2c-0000-4000-8000-000000000001"));
    let nameless = Report::list(rows(), COLUMNS, None, "");
    let failed =
        render(&nameless, &terminal(Format::Id, 80), &mut Vec::new(), &mut Vec::new()).unwrap_err();
    assert!(matches!(failed, Closed::Failed(e) if e.kind == crate::error::Kind::Usage));
}

#[test]
fn an_empty_list_is_empty_in_every_format() {
    let empty = Report::list(Vec::new(), COLUMNS, Some("id"), "no messages");
    assert_eq!(out(&empty, Format::Json), "[]\n");
    assert_eq!(out(&empty, Format::Ndjson), "");
    assert_eq!(out(&empty, Format::Tsv), "id\ttext\tat\tbytes\tpath\tkind\n");
    let said = rendered(&empty, &terminal(Format::Table, 80));
    assert_eq!(said, (String::new(), "no messages\n".to_owned()));
}

#[test]
fn an_object_shows_its_fields_tables_and_prose() {
    const FIELDS: &[Column] = &[
        Column::id("id", "id"),
        Column::time("at", "sent"),
        Column::prose("text", "text"),
        Column::list("replies", "replies"),
    ];
    const REPLIES: &[Section] = &[Section {
        key: "replies",
        title: "replies",
        columns: &[Column::id("id", "id"), Column::text("text", "text")],
    }];
    let fields = row(json!({
        "text": "one\ntwo\u{1b}", "id": "3f2a1b2c-0000-4000-8000-000000000001", "at": 0,
        "unknown": "kept", "replies": [{"id": "a", "text": "yes"}],
    }));
    let object = Report::object(fields, FIELDS, Some("id")).sections(REPLIES);
    assert_eq!(
        out(&object, Format::Table),
        "id       3f2a1b2c-0000-4000-8000-000000000001\n\
         unknown  kept\n\n  one\n  two\\u{1b}\n\nreplies\nID  TEXT\na   yes\n"
    );
    assert_eq!(
        out(&object, Format::Tsv),
        "field\tvalue\nid\t3f2a1b2c-0000-4000-8000-000000000001\nat\t\ntext\tone\\ntwo\\u{1b}\n\
         replies\t[{\"id\":\"a\",\"text\":\"yes\"}]\nunknown\tkept\n"
    );
    assert_eq!(out(&object, Format::Id), "3f2a1b2c-0000-4000-8000-000000000001\n");
    assert!(out(&object, Format::Json).starts_with("{\n  \"text\""));
}

#[test]
fn a_write_prints_the_new_id_alone() {
    let written = Written {
        seq: Some(41),
        changed: true,
        doc: Some("group:a:chat".into()),
        id: Some("3f2a".into()),
        creates: true,
        bytes_before: 7,
        bytes_after: 9,
        sentence: "sent".into(),
        ..Written::default()
    };
    let report = Report::written(written.clone()).note("near its limit");
    let said = rendered(&report, &terminal(Format::Tsv, 80));
    assert_eq!(said, ("3f2a\n".to_owned(), "sent\nnear its limit\n".to_owned()));
    assert_eq!(
        out(&report, Format::Json),
        "{\"seq\":41,\"changed\":true,\"doc\":\"group:a:chat\",\"id\":\"3f2a\",\
         \"bytes_before\":7,\"bytes_after\":9}\n"
    );
    let mut quiet = terminal(Format::Table, 80);
    quiet.quiet = true;
    assert_eq!(rendered(&report, &quiet).1, "");
    let report = Report { left_out: vec!["left out: bad".to_owned()], ..report };
    assert_eq!(rendered(&report, &quiet).1, "left out: bad\n");
    let edited = Report::written(Written { creates: false, ..written });
    assert_eq!(out(&edited, Format::Table), "");
    assert_eq!(out(&edited, Format::Id), "3f2a\n");
}

#[test]
fn errors_are_said_to_people_and_programs() {
    let failure = Failure {
        code: "not-found",
        exit: 4,
        message: "no message \"x\u{1b}\"".to_owned(),
        causes: vec!["why".to_owned()],
        hint: Some("`crdtctl x`".to_owned()),
        done: None,
    };
    let mut said = Vec::new();
    error(&mut said, &failure, true, false);
    let said = String::from_utf8(said).unwrap();
    let (people, program) = said.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(people, "error: no message \"x\\u{1b}\"\n  caused by: why\n  hint: `crdtctl x`");
    let program: Value = serde_json::from_str(program).unwrap();
    assert_eq!(program["error"]["code"], "not-found");
    assert_eq!(program["error"]["exit"], 4);
    assert_eq!(program["error"]["hint"], "`crdtctl x`");
}

#[test]
fn a_reader_that_went_away_is_told_apart() {
    struct Gone(io::ErrorKind);
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for format in [Format::Table, Format::Json, Format::Ndjson, Format::Csv] {
        let terminal = terminal(format, 80);
        let mut gone = Gone(io::ErrorKind::BrokenPipe);
        assert!(matches!(
            render(&list(), &terminal, &mut gone, &mut Vec::new()),
            Err(Closed::Pipe)
        ));
        let mut full = Gone(io::ErrorKind::StorageFull);
        assert!(matches!(
            render(&list(), &terminal, &mut full, &mut Vec::new()),
            Err(Closed::Unwritten(e)) if e.kind == Kind::Io
        ));
    }
}
