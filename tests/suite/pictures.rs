//! What a picture of a canvas shows, and the reports about what it cannot show.

use crate::support::*;

fn added(store: &Store<'_>, kind: &str, data: &str) -> String {
    store.ok(&["canvas", "add", kind, "--at", "0,0", "--size", "300,200", "--data", data])
}

fn svg(store: &Store<'_>) -> Run {
    store.run(&["canvas", "render", "-O", "-"])
}

#[test]
fn a_chart_has_axes_with_round_values_below_zero_too() {
    let machine = Machine::new("axes");
    for (form, values, marks) in [
        ("bar", "[3, 12.5, 7]", &["0", "5", "10", "15"][..]),
        ("line", "[1000, 25000, -7000]", &["-10k", "0", "10k", "20k", "30k"]),
        ("area", "[0.01, 0.02]", &["0", "0.005", "0.01", "0.015", "0.02"]),
        ("bar", "[0, 0]", &[]),
    ] {
        let store = machine.group(&format!("{form}{}", values.len()), &[]);
        let data = format!(
            r#"{{"chart_type":"{form}","data":{{"labels":["Jan","Feb","Mar"],"values":{values}}}}}"#
        );
        added(&store, "chart", &data);
        let run = svg(&store);
        let picture = &run.exits(0).stdout;
        let said: Vec<&str> = picture
            .lines()
            .filter(|line| line.starts_with("<text"))
            .map(|line| line.split(['>', '<']).nth(2).unwrap())
            .collect();
        let labels = ["Jan", "Feb", "Mar"];
        let numbers: Vec<&str> = said.iter().copied().filter(|s| !labels.contains(s)).collect();
        assert_eq!(numbers, marks, "{form} {values}: {said:?}");
        // A line upwards and one of no length.
        assert!(picture.matches("<path").count() >= 2, "{picture}");
        assert!(!run.stderr.contains("drawn as"), "{}", run.stderr);
    }
    let store = machine.group("pie", &[]);
    let pie = r#"{"chart_type":"pie","data":{"labels":["x","y"],"values":[1,3]}}"#;
    added(&store, "chart", pie);
    let run = svg(&store);
    assert!(run.stdout.contains(">x 1<") && run.stdout.contains(">y 3<"), "{}", run.stdout);
}

#[test]
fn what_is_not_drawn_as_it_is_is_drawn_and_said() {
    let machine = Machine::new("strange");
    let store = machine.group("s", &[]);
    let many = format!(r#"{{"values":{:?}}}"#, [1; 201]);
    for (kind, data, drawn, said) in [
        ("shape", r#"{"shape":"hexagon"}"#, ">hexagon<", "shape \"hexagon\" is drawn as a box"),
        ("shape", r#"{"fill":"url(x)"}"#, "<rect", "fill \"url(x)\" is not a known colour"),
        ("shape", r#"{"shape":"circle","fill":"nocolour"}"#, "<ellipse", "fill \"nocolour\" is no"),
        ("chart", r#"{"chart_type":"radar"}"#, "<rect", "chart type \"radar\" is drawn as bars"),
        ("chart", r#"{"data":[{"value":3}]}"#, "<rect", "no `values`"),
        (
            "chart",
            r#"{"values":[3,"4",null]}"#,
            "<rect",
            "2 values of the chart that are not numbers",
        ),
        ("chart", many.as_str(), "<rect", "only the first 200 of 201 values are drawn"),
        (
            "text",
            r#"{"content":"hi","color":"blurple"}"#,
            ">hi<",
            "color \"blurple\" is not a known colour",
        ),
    ] {
        let id = added(&store, kind, data);
        let run = svg(&store);
        assert!(run.exits(0).stdout.contains(drawn), "{data}: {}", run.stdout);
        assert!(!run.stdout.contains("nocolour") && !run.stdout.contains("blurple"), "{data}");
        let line = run.stderr.lines().find(|line| line.starts_with(&id)).unwrap_or_default();
        assert!(line.contains(said), "{data}: {}", run.stderr);
        store.ok(&["canvas", "delete", &id]);
    }
    added(&store, "shape", r#"{"fill":"RebeccaPurple","stroke":"none"}"#);
    assert_eq!(svg(&store).exits(0).stderr, "drew 1 element\n");
}
