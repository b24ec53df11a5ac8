use super::vector::version;
use crate::cmd::foreign::FromKind;
use crate::cmd::{Context, OutFile};
use crate::error::{Error, Result, counted};
use crate::ui::Report;
use crate::wire::Update;

/// Write the update that one file lacks from another
///
/// BASE may also be a state vector, a snapshot, or a message that asks for an update: it says what the peer
/// that sent it has. The update brings BASE up to NEWER.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc diff-update state.bin newer.bin -O since.bin
  crdtctl doc diff-update state.bin newer.bin | crdtctl doc convert - --to base64")]
pub struct DiffUpdateArgs {
    /// The file to bring up to date, or its state vector
    #[arg(value_name = "BASE")]
    base: String,
    /// The file with the newer state
    #[arg(value_name = "NEWER")]
    newer: String,
    #[command(flatten)]
    from: FromKind,
    #[command(flatten)]
    out: OutFile,
}

pub fn run(context: &Context, args: &DiffUpdateArgs) -> Result<Report> {
    context.knows_where(&args.out)?;
    args.out.spares(&[&args.base, &args.newer])?;
    let base = version(context, &args.base, args.from)?;
    let newer = context.loose(&args.newer, args.from)?;
    newer.refuse_fork()?;
    let update = Update::walk(&newer.update).map_err(|fault| {
        Error::untrusted(format!("{} does not decode", newer.name)).because(fault)
    })?;
    let lacking = update.since(&base);
    let blocks = Update::walk(&lacking).map_or(0, |update| update.blocks().len());
    let sentence = match (blocks, lacking == [0, 0]) {
        (_, true) => format!("{} lacks nothing of {}", args.base, newer.name),
        _ => {
            let blocks = counted(blocks as u64, "block");
            format!("wrote what {} lacks: {blocks}, {} bytes", args.base, lacking.len())
        }
    };
    context.deliver(lacking, &args.out, &sentence)
}
