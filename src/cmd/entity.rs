use super::context::DEFAULT_ENTITY;
use super::{Context, DryRun};
use crate::concern::{self, core};
use crate::disk;
use crate::error::{Error, Result, counted};
use crate::id::EntityId;
use crate::operation::Operation;
use crate::query::entity as query;
use crate::ui::{Column, Report, Section, Written, row, rows};
use clap::Subcommand;

/// Create, list, show and rename entities: groups, channels, projects, organizations
#[derive(clap::Args)]
pub struct EntityArgs {
    #[command(subcommand)]
    verb: EntityVerb,
}

#[derive(Subcommand)]
enum EntityVerb {
    /// Create an entity; its creator becomes its owner
    ///
    /// If only a type is given, the id is a random UUID. Prints the entity as TYPE:ID.
    #[command(after_help = "Examples:
  crdtctl entity create group:ocean-forest-moon-star --name 'Ocean friends'
  project=$(crdtctl entity create project --name Website)")]
    Create {
        /// TYPE:ID, or only a TYPE: group, channel, project, organization
        #[arg(value_name = "TYPE[:ID]")]
        entity: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// Its description
        #[arg(long, default_value = "")]
        description: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List the entities of the store
    #[command(after_help = "Examples:\n  crdtctl entity list\n  crdtctl entity list -o id")]
    List,
    /// Show one entity: its metadata, members and documents
    #[command(after_help = "Examples:\n  crdtctl entity show\n  crdtctl entity show ocean --json")]
    Show {
        /// The entity; by default the current one
        entity: Option<String>,
    },
    /// Rename an entity
    #[command(after_help = "Example:\n  crdtctl entity rename 'Ocean friends, old and new'")]
    Rename {
        /// The new name
        name: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Set the default entity, for commands that do not name one
    #[command(after_help = "Examples:
  crdtctl entity use ocean
  crdtctl entity use --none")]
    Use {
        /// The entity
        #[arg(required_unless_present = "none")]
        entity: Option<String>,
        /// Clear the default
        #[arg(long, conflicts_with = "entity")]
        none: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

/// The types that can be created; existing entities may be of any type.
pub(super) const TYPES: &[&str] = &["group", "channel", "project", "organization"];

const LIST: &[Column] = &[
    Column::text("entity", "entity"),
    Column::prose("name", "name"),
    Column::number("members", "members"),
    Column::list("documents", "documents"),
    Column::time("created_at", "created").wide(),
    Column::text("entity_id", "entity id").asked(),
    Column::text("entity_type", "entity type").asked(),
    Column::prose("description", "description").asked(),
    Column::text("four_words", "four words").asked(),
    Column::text("created_by", "created by").asked(),
    Column::text("website_root", "website root").asked(),
];

const SHOW: &[Column] = &[
    Column::text("entity", "entity"),
    Column::text("name", "name"),
    Column::text("description", "description"),
    Column::text("created_by", "created by"),
    Column::time("created_at", "created"),
    Column::time("updated_at", "updated"),
];

const SECTIONS: &[Section] = &[
    Section { key: "members", title: "members", columns: super::member::COLUMNS },
    Section {
        key: "documents",
        title: "documents",
        columns: &[
            Column::text("doc_id", "document"),
            Column::bytes("bytes", "size"),
            Column::bytes("limit_bytes", "limit"),
        ],
    },
];

pub fn run(context: &Context, args: EntityArgs) -> Result<Report> {
    match args.verb {
        EntityVerb::Create { entity, name, description, .. } => {
            let entity = new_entity(context, &entity)?;
            let create = core::Create { entity, name, description };
            context.perform(&Operation::EntityCreate(create))
        }
        EntityVerb::List => list(context),
        EntityVerb::Show { entity } => show(context, entity.as_deref()),
        EntityVerb::Rename { name, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::EntityRename(core::Rename { entity, name }))
        }
        EntityVerb::Use { entity, .. } => choose(context, entity.as_deref()),
    }
}

/// Returns the entity that `TYPE:ID` names, or a new one of a type.
pub(super) fn new_entity(context: &Context, text: &str) -> Result<EntityId> {
    let kind = text.split(':').next().unwrap_or(text);
    if !TYPES.contains(&kind) {
        return Err(Error::usage(format!("not a type of entity: {kind:?}"))
            .hint(format!("one of {}", TYPES.join(", "))));
    }
    match text.contains(':') {
        true => EntityId::parse(text),
        false => EntityId::parse(&format!("{text}:{}", context.environment().machine.ids.uuid()?)),
    }
}

fn list(context: &Context) -> Result<Report> {
    let reader = context.reader()?;
    let entities = context.whole(query::list(&reader)?)?;
    let strange = reader.documents()?.iter().filter(|d| concern::of(&d.id).is_none()).count();
    if strange > 0 {
        let is = if strange == 1 { "is" } else { "are" };
        let documents = counted(strange as u64, "document");
        context.note(format!("{documents} {is} of an unknown kind: `crdtctl doc list`"));
    }
    let empty = "no entities; `crdtctl entity create` makes one";
    Ok(Report::list(rows(&entities)?, LIST, Some("entity"), empty))
}

fn show(context: &Context, named: Option<&str>) -> Result<Report> {
    let reader = context.reader()?;
    let entity = context.entity_named(&reader, named)?;
    let overview = query::show(&reader, &entity)?;
    let report = Report::object(row(&overview)?, SHOW, Some("entity")).sections(SECTIONS);
    // Unreadable disks are reported by the disk commands.
    Ok(match disk::unpublished(&reader, &entity) {
        Ok(true) => report.note(
            "the website has changed since it was published: `crdtctl disk publish` publishes it as it \
             is now",
        ),
        _ => report,
    })
}

fn choose(context: &Context, named: Option<&str>) -> Result<Report> {
    let entity = match named {
        Some(_) => Some(context.entity_named(&context.reader()?, named)?),
        None => None,
    };
    let session = context.session()?;
    let chosen = entity.as_ref().map(EntityId::as_str);
    let changed = session.state().setting(DEFAULT_ENTITY)?.as_deref() != chosen;
    session.state().set_setting(DEFAULT_ENTITY, chosen)?;
    let committed = session.commit()?;
    let sentence = match chosen {
        Some(entity) => format!("{entity} is now the default entity"),
        None => "there is no default entity any more".to_owned(),
    };
    let written =
        Written { changed, sentence, id: chosen.map(str::to_owned), ..Written::default() };
    Ok(context.written(written, committed))
}
