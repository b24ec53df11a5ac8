use super::failure::word;
use super::{Context, DryRun, resolve};
use crate::concern::core;
use crate::error::{Next, Result, listed};
use crate::id::MemberId;
use crate::operation::Operation;
use crate::policy::Role;
use crate::query::member as query;
use crate::store::Peer;
use crate::sync::{peer, status};
use crate::ui::{Column, Report, row, rows};
use clap::Subcommand;

/// Add, remove and list the members of an entity
#[derive(clap::Args)]
pub struct MemberArgs {
    #[command(subcommand)]
    verb: MemberVerb,
}

#[derive(Subcommand)]
enum MemberVerb {
    /// Add a member, or add a removed one again
    ///
    /// Owners can add anybody; admins can add members, viewers and guests. Prints the member's id.
    #[command(after_help = "Examples:
  crdtctl member add bob-hill-lake-tree
  crdtctl member add carol-sun-wind-rain --role admin")]
    Add {
        #[arg(value_parser = MemberId::parse)]
        member: MemberId,
        /// owner, admin, member, viewer or guest; by default `member`
        #[arg(long, value_name = "ROLE", value_parser = Role::parse)]
        role: Option<Role>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Remove a member; removing yourself means leaving
    ///
    /// The record stays as a tombstone until every active member has acknowledged it.
    #[command(after_help = "Examples:
  crdtctl member remove bob-hill-lake-tree
  crdtctl member remove carol-")]
    Remove {
        /// The member's id, or a unique prefix of it
        member: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Give a member another role
    #[command(after_help = "Example:\n  crdtctl member role bob-hill-lake-tree admin")]
    Role {
        /// The member's id, or a unique prefix of it
        member: String,
        /// owner, admin, member, viewer or guest
        #[arg(value_name = "ROLE", value_parser = Role::parse)]
        role: Role,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List the members
    #[command(after_help = "Examples:
  crdtctl member list
  crdtctl member list --all --json")]
    List {
        /// Include removed members
        #[arg(short, long)]
        all: bool,
    },
    /// Show one member, with every field of its record
    #[command(after_help = "Example:\n  crdtctl member show bob-")]
    Show {
        /// The member's id, or a unique prefix of it
        member: String,
    },
}

pub(super) const COLUMNS: &[Column] = &[
    Column::text("member_id", "member"),
    Column::text("role", "role"),
    Column::time("joined_at", "joined"),
    Column::flag("deleted", "removed").filled(),
    Column::time("deleted_at", "removed at").wide(),
    Column::text("deleted_by", "removed by").wide(),
    Column::time("updated_at", "updated").data(),
    Column::text("ack_vector", "acknowledged by").asked(),
];

pub fn run(context: &Context, args: MemberArgs) -> Result<Report> {
    match args.verb {
        MemberVerb::Add { member, role, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::MemberAdd(core::AddMember { entity, member, role }))
        }
        MemberVerb::Remove { member, .. } => {
            let entity = context.entity()?;
            let report =
                context.perform(&Operation::MemberRemove(core::Remove { entity, member }))?;
            forgettable(context, report)
        }
        MemberVerb::Role { member, role, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::MemberRole(core::SetRole { entity, member, role }))
        }
        MemberVerb::List { all } => {
            let entity = context.entity()?;
            let members = query::list(&context.reader()?, &entity, all)?;
            Ok(Report::list(rows(&members)?, COLUMNS, Some("member_id"), "no members"))
        }
        MemberVerb::Show { member } => show(context, &member),
    }
}

/// Notes which replicas of former members can be forgotten: until then everybody waits to hear from
/// them.
fn forgettable(context: &Context, report: Report) -> Result<Report> {
    let reader = context.reader()?;
    let Some(state) = reader.state() else { return Ok(report) };
    let members = status::members(&reader, &mut Vec::new())?;
    let gone = |peer: &Peer| peer.member.as_ref().is_some_and(|member| !members.contains(member));
    let mut peers = peer::list(Some(state))?;
    peers.retain(gone);
    let commands: Vec<String> = peers
        .iter()
        .map(|peer| {
            let of = peer.member.as_ref();
            let is_one = peers.iter().filter(|other| other.member.as_ref() == of).count() == 1;
            let name = of.filter(|_| is_one).unwrap_or(&peer.replica_id);
            format!("`crdtctl sync forget {}`", word(name))
        })
        .collect();
    Ok(match commands.as_slice() {
        [] => report,
        _ => report.note(format!(
            "`crdtctl sync status` waits for replicas of former members until they are forgotten: {}",
            listed(&commands)
        )),
    })
}

fn show(context: &Context, prefix: &str) -> Result<Report> {
    let entity = context.entity()?;
    let member = query::find(&context.reader()?, &entity, prefix).map_err(|error| {
        resolve::hinted(error, Next::Members { all: true, entity: None }.and(" shows them"))
    })?;
    Ok(Report::object(row(&member)?, COLUMNS, Some("member_id")))
}
