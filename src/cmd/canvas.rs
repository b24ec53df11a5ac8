mod feed;

use super::failure::word;
use super::{Context, DryRun, OutFile, words_of};
use crate::concern::canvas::{self, ElementKind};
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::inspect::picture;
use crate::operation::Operation;
use crate::query::canvas as query;
use crate::ui::{Column, Report, row, rows};
use crate::wire::Value as Held;
use clap::Subcommand;
use feed::Point;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Draw on the whiteboard of an entity, view it, and connect it to a live relay
#[derive(clap::Args)]
pub struct CanvasArgs {
    #[command(subcommand)]
    verb: CanvasVerb,
}

#[derive(Subcommand)]
enum CanvasVerb {
    /// Put an element on the canvas, above all others; prints its id
    ///
    /// The application keeps these keys in `data`: for a text `content`, `font_size`, `color`; for a
    /// shape `shape` (rectangle, ellipse, triangle, diamond, line, arrow), `fill`, `stroke`; for an
    /// image `src`, its path on the virtual disk; for a chart `chart_type` (bar, line, pie) and `data`
    /// with `labels` and `values`.
    #[command(after_help = "Examples:
  crdtctl canvas add text --at 40,30 --size 200,40 --data '{\"content\":\"Harbour plan\"}'
  crdtctl canvas add shape --at -20,100 --size 80,80 --data '{\"shape\":\"ellipse\",\"fill\":\"#ff8800\"}'
  crdtctl canvas add chart --at 300,30 --size 200,120 \\
    --data '{\"chart_type\":\"bar\",\"data\":{\"labels\":[\"a\",\"b\"],\"values\":[1,2.5]}}'")]
    Add {
        #[arg(value_parser = words_of(&ElementKind::ALL, ElementKind::as_str))]
        kind: ElementKind,
        /// The upper left corner
        #[arg(long, value_name = "X,Y", value_parser = pair, allow_hyphen_values = true)]
        at: Point,
        /// Width and height
        #[arg(long, value_name = "W,H", value_parser = pair, allow_hyphen_values = true)]
        size: Point,
        /// Its content, as a JSON object
        #[arg(long, value_name = "JSON", value_parser = object)]
        data: Option<JsonObject>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Set fields of an element
    ///
    /// The fields are x, y, width, height, rotation (radians, clockwise about the centre), z_index
    /// (higher lies above), element_type, and the keys of `data`, as in data.color. A value that parses
    /// as JSON is taken as JSON, any other as text; null removes a key of `data`.
    #[command(after_help = "Examples:
  crdtctl canvas set 3f2a width=120 rotation=0.785 data.fill=#336699
  crdtctl canvas set 3f2a data.content='\"42\"' data.note=null
  crdtctl canvas set 3f2a data='{\"content\":\"Harbour plan\",\"font_size\":20}'")]
    Set {
        /// The element's id, or a unique prefix of it
        element: String,
        /// Fields and their new values
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = assignment)]
        fields: Vec<(String, Value)>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Move an element
    #[command(after_help = "Examples:
  crdtctl canvas move 3f2a 120,80
  crdtctl canvas move 3f2a -40,12.5")]
    Move {
        /// The element's id, or a unique prefix of it
        element: String,
        /// The new position of its upper left corner
        #[arg(value_name = "X,Y", value_parser = pair, allow_hyphen_values = true)]
        to: Point,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Delete an element
    ///
    /// It stays as a tombstone until every active member has acknowledged it. A deletion wins over all
    /// concurrent changes to the element.
    #[command(after_help = "Example:\n  crdtctl canvas delete 3f2a")]
    Delete {
        /// The element's id, or a unique prefix of it
        element: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List the elements, lowest first
    #[command(after_help = "Examples:
  crdtctl canvas list
  crdtctl canvas list --json | jq -r '.[] | select(.element_type == \"text\") | .data.content'")]
    List {
        /// Include deleted elements
        #[arg(short, long)]
        all: bool,
    },
    /// Show one element, with every field of its record
    #[command(after_help = "Example:\n  crdtctl canvas show 3f2a")]
    Show {
        /// The element's id, or a unique prefix of it
        element: String,
    },
    /// Undo this replica's last change to the canvas
    ///
    /// Goes back up to 100 steps, one per call. An undo is a new edit, and says what it undid. A deleted
    /// element comes back under a new id, which is printed.
    #[command(after_help = "Examples:
  crdtctl canvas undo
  crdtctl canvas undo --force --json | jq .undid")]
    Undo {
        /// Even if later changes build on it
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Redo the last undone change
    #[command(after_help = "Example:\n  crdtctl canvas redo")]
    Redo {
        /// Even if later changes build on it
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Draw the canvas as an SVG, or as a PNG if the file name ends in .png
    ///
    /// The picture covers the board and everything on it; a PNG has at most 4096 pixels on its longer
    /// side. Images are drawn as boxes with their name. PNGs use built-in fonts for Latin, Greek,
    /// Cyrillic and emoji; other scripts show as boxes.
    #[command(after_help = "Examples:
  crdtctl canvas render -O board.svg
  crdtctl canvas render -O board.png")]
    Render {
        #[command(flatten)]
        out: OutFile,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Apply messages of a live relay as they arrive, one JSON object per line
    ///
    /// Prints one JSON object per message that says what became of it. If a message carries its change
    /// as an update, that is merged like a bundle, and waits if it builds on something missing here.
    /// Otherwise its fields are applied: the later write of a field wins, and a deletion always wins.
    /// Cursors are shown, never stored. A state request is answered by the next `canvas events`.
    /// Applying a message twice changes nothing. If a line is not a message, nothing that arrived with
    /// it is applied (exit code 6). If all messages are about canvases that are not here, the exit code
    /// is 3; `--canvas` maps an id that others use to a canvas here.
    ///
    /// The messages, by the application's own names:
    ///
    /// {"type":"canvas_operation","operation_id":"…","canvas_id":"group:…","element_id":"…",
    /// "operation_type":"add|update|remove","element_data":{…},"fields":["x","data.color"],
    /// "update_v1":"base64","vector_clock":{…},"lamport_clock":0,"origin_peer":"alice-…",
    /// "timestamp_ms":0}
    ///
    /// {"type":"canvas_cursor_update","canvas_id":"…","peer_id":"alice-…","display_name":"…",
    /// "x":0.5,"y":0.5,"hovered_element_id":null,"selected_elements":[],"tool":null,"color":null,
    /// "timestamp_ms":0}
    ///
    /// {"type":"canvas_state_request","canvas_id":"…","requester_peer_id":"bob-…",
    /// "since_vector_clock":null}
    ///
    /// {"type":"canvas_state_response","canvas_id":"…","responder_peer_id":"alice-…",
    /// "elements":[…],"vector_clock":{…},"is_incremental":false,"total_element_count":0,
    /// "state_v1":"base64"}
    ///
    /// `element_data` and `elements` hold elements with the schema's field names. crdtctl adds
    /// `fields` (what the operation wrote; without it, all of `element_data`), `update_v1` (the
    /// change as a Yrs update; empty if the previous message carried it) and `state_v1` (the
    /// document, or a part of it if `is_incremental`). Operation, CursorUpdate, StateRequest and
    /// StateResponse are also read, as the type or as a single key around the rest.
    #[command(after_help = "Examples:
  relay subscribe group:ocean | crdtctl canvas apply
  crdtctl canvas apply --canvas main-board=group:ocean-forest-moon-star messages.ndjson
  crdtctl canvas apply messages.ndjson | jq 'select(.result == \"shown\")'")]
    Apply {
        /// The messages; without a file, or with `-`, standard input
        file: Option<PathBuf>,
        /// The entity whose canvas others know by this id (repeatable)
        #[arg(long, value_name = "ID=ENTITY", value_parser = renaming)]
        canvas: Vec<(String, String)>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Print this replica's changes to the canvas as messages for a relay, until acknowledged
    ///
    /// Prints one JSON object per line, as in `canvas apply`, each with the change itself and its number
    /// as `seq`. Delivery is at least once: every call prints an event again until `--ack` acknowledges
    /// it, since writing to a pipe does not mean it was published. Applying an event twice changes
    /// nothing. Changes that the log no longer holds, or too many to keep (10,000 events, 64 MiB), are
    /// sent as the whole state.
    #[command(after_help = "Examples:
  crdtctl canvas events | relay publish group:ocean && crdtctl canvas events --ack
  crdtctl canvas events --ack 2
  crdtctl canvas events --since 2 | jq .seq
  crdtctl canvas events --request --cursor 120,80")]
    Events {
        /// Acknowledge the events up to this one, and print none; without a number, all that earlier
        /// calls printed completely
        #[arg(long, value_name = "NUMBER", num_args = 0..=1, conflicts_with_all = ["since", "cursor", "request"])]
        ack: Option<Option<i64>>,
        /// Print only the events after this one; acknowledges and records nothing
        #[arg(long, value_name = "NUMBER")]
        since: Option<i64>,
        /// Add the position of this member's cursor
        #[arg(long, value_name = "X,Y", value_parser = pair, allow_hyphen_values = true)]
        cursor: Option<Point>,
        /// Add a request for the canvas state of the other replicas
        #[arg(long)]
        request: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

const COLUMNS: &[Column] = &[
    Column::id("id", "id"),
    Column::text("element_type", "type"),
    Column::number("x", "x"),
    Column::number("y", "y"),
    Column::number("width", "width"),
    Column::number("height", "height"),
    Column::number("rotation", "rotation").wide(),
    Column::number("z_index", "z").wide(),
    Column::prose("data", "data"),
    Column::time("updated_at", "updated").wide(),
    Column::flag("deleted", "deleted").filled(),
    Column::time("created_at", "created").asked(),
    Column::time("deleted_at", "deleted at").asked(),
    Column::text("ack_vector", "acknowledged by").asked(),
];

const SHOW: &[Column] = &[
    Column::text("id", "id"),
    Column::text("element_type", "type"),
    Column::number("x", "x"),
    Column::number("y", "y"),
    Column::number("width", "width"),
    Column::number("height", "height"),
    Column::number("rotation", "rotation"),
    Column::number("z_index", "z"),
    Column::time("created_at", "created"),
    Column::time("updated_at", "updated"),
    Column::flag("deleted", "deleted"),
    Column::time("deleted_at", "deleted at"),
    Column::text("data", "data"),
];

pub fn run(context: &Context, args: CanvasArgs) -> Result<Report> {
    match args.verb {
        CanvasVerb::Add { kind, at, size, data, .. } => {
            let entity = context.entity()?;
            let ((x, y), (width, height)) = (at, size);
            let data = data.map(|data| data.0).unwrap_or_default();
            let (rotation, z_index) = (0.0, None);
            let add =
                canvas::AddElement { entity, kind, x, y, width, height, rotation, z_index, data };
            context.perform(&Operation::CanvasAdd(add))
        }
        CanvasVerb::Set { element, fields, .. } => {
            let entity = context.entity()?;
            let set: Map<String, Value> = fields.into_iter().collect();
            context.perform(&Operation::CanvasSet(canvas::Set { entity, element, set }))
        }
        CanvasVerb::Move { element, to: (x, y), .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::CanvasMove(canvas::MoveElement { entity, element, x, y }))
        }
        CanvasVerb::Delete { element, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::CanvasDelete(canvas::DeleteElement { entity, element }))
        }
        CanvasVerb::List { all } => list(context, all),
        CanvasVerb::Show { element } => show(context, &element),
        CanvasVerb::Undo { force, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::CanvasUndo(canvas::Undo { entity, force }))
        }
        CanvasVerb::Redo { force, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::CanvasRedo(canvas::Redo { entity, force }))
        }
        CanvasVerb::Render { out, .. } => render(context, &out),
        CanvasVerb::Apply { file, canvas, dry_run } => feed::apply(context, file, &canvas, dry_run),
        CanvasVerb::Events { ack: Some(upto), .. } => feed::acknowledge(context, upto),
        CanvasVerb::Events { ack: None, since, cursor, request, dry_run } => {
            feed::events(context, feed::Events { cursor, request, since, dry_run })
        }
    }
}

fn list(context: &Context, all: bool) -> Result<Report> {
    let entity = context.entity()?;
    let elements = query::list(&context.reader()?, &entity, all)?;
    Ok(Report::list(rows(&elements)?, COLUMNS, Some("id"), "no elements"))
}

fn show(context: &Context, prefix: &str) -> Result<Report> {
    let entity = context.entity()?;
    let element = query::find(&context.reader()?, &entity, prefix)?;
    Ok(Report::object(row(&element)?, SHOW, Some("id")))
}

#[cfg(feature = "png")]
use picture::png;

#[cfg(not(feature = "png"))]
fn png(_svg: &str) -> Result<(Vec<u8>, u32, u32)> {
    Err(Error::refused("this crdtctl was built without PNG support")
        .hint("draw it as SVG: `crdtctl canvas render -O board.svg`"))
}

fn view(context: &Context, entity: &EntityId) -> Result<View> {
    let view = context.reader()?.view(&entity.document(canvas::SPEC.name))?;
    view.ok_or_else(|| canvas::no_canvas(entity))
}

/// Maximum number of elements named as not drawn faithfully.
const STRANGE: usize = 8;

fn render(context: &Context, out: &OutFile) -> Result<Report> {
    context.knows_where(out)?;
    let named = out.file.as_deref().filter(|file| file.as_os_str() != "-");
    let ending = named.and_then(|file| file.extension()).map(|end| end.to_ascii_lowercase());
    let is_png = match (named, ending.as_deref().and_then(|end| end.to_str())) {
        (None, _) | (Some(_), Some("svg")) => false,
        (Some(_), Some("png")) => true,
        (Some(file), _) => {
            return Err(Error::usage(format!("{} is neither .svg nor .png", file.display()))
                .hint("the file extension chooses the format: `-O board.svg`"));
        }
    };
    let view = view(context, &context.entity()?)?;
    let svg = picture::svg(&view);
    let elements = picture::stacked(&view);
    let images = elements
        .iter()
        .filter(|(_, record)| record.get("element_type").and_then(Held::as_str) == Some("image"));
    let boxes = match images.count() {
        0 => String::new(),
        1 => ", the image as a box".to_owned(),
        some => format!(", {some} images as boxes"),
    };
    let drawn = match elements.len() {
        1 => "1 element".to_owned(),
        n => format!("{n} elements"),
    };
    let what = format!("drew {drawn}{boxes}");
    let strange = picture::strange(&elements);
    for (id, said) in strange.iter().take(STRANGE) {
        context.note(format!("{}: {said}", word(id)));
    }
    if strange.len() > STRANGE {
        context.note(format!("and {} more that are not drawn faithfully", strange.len() - STRANGE));
    }
    match is_png {
        false => context.deliver(svg.into_bytes(), out, &what),
        true => {
            let (png, width, height) = png(&svg)?;
            context.deliver(png, out, &format!("{what}, {width} × {height} pixels"))
        }
    }
}

/// Parses `ID=ENTITY`; an id may contain an equals sign, an entity may not.
fn renaming(text: &str) -> Result<(String, String)> {
    match text.rsplit_once('=') {
        Some((id, entity)) if !id.is_empty() && !entity.is_empty() => {
            Ok((id.to_owned(), entity.to_owned()))
        }
        _ => Err(Error::usage(format!("not ID=ENTITY: {text:?}"))),
    }
}

fn pair(text: &str) -> Result<Point> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    let both = text.split_once(',').and_then(|(a, b)| Some((number(a)?, number(b)?)));
    both.ok_or_else(|| Error::usage(format!("not two numbers: {text:?}")).hint("as in 120,80.5"))
}

/// A JSON object as an argument.
#[derive(Debug, Clone)]
struct JsonObject(Map<String, Value>);

fn object(text: &str) -> Result<JsonObject> {
    let parsed = serde_json::from_str(text);
    parsed.map(JsonObject).map_err(|e| Error::usage("not a JSON object").because(e))
}

/// Parses `key=value`; the value is JSON if it parses as JSON, else text.
fn assignment(text: &str) -> Result<(String, Value)> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(Error::usage(format!("not a field and a value: {text:?}"))
            .hint("as in width=120 or data.color=#ff8800"));
    };
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((key.to_owned(), value))
}
