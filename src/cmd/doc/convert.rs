use crate::cmd::foreign::{ForeignFile, FromKind};
use crate::cmd::subject::{no_longer_decodes, split};
use crate::cmd::{Context, OutFile};
use crate::error::{Error, Result};
use crate::foreign::{Identified, frame};
use crate::ui::Report;
use crate::wire::{Update, longest_v1, to_v2};
use clap::ValueEnum;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::json;

/// Convert a file to another form
///
/// Reads every form that `doc kind` recognises. A log becomes one update, unless it is written as `ndjson`.
/// Content is kept as it is: gaps stay gaps, and no value is rewritten, unless v1 cannot hold it: in formats and
/// embeds of v2 NaN, Infinity, -0, undefined, bytes and BigInts become what Yjs writes in v1. v2 is for other
/// programs; stores hold v1.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc convert state.bin --to v2 -O state.v2
  crdtctl doc convert state.bin --to base64
  base64 change.bin | crdtctl doc convert - --to v1 -O change.yrs")]
pub struct ConvertArgs {
    /// The file; `-` is standard input
    file: String,
    /// The form to write
    #[arg(long, value_name = "FORM")]
    to: ConvertForm,
    #[command(flatten)]
    from: FromKind,
    #[command(flatten)]
    out: OutFile,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ConvertForm {
    /// An update in v1
    V1,
    /// An update in v2
    V2,
    /// v1 as one line of base64
    Base64,
    /// v1 as hexadecimal digits
    Hex,
    /// Every update of a log in base64, one per line
    Ndjson,
    /// v1 as a JSON array of bytes
    Json,
    /// A message of y-protocols that carries the update
    Frame,
}

pub fn run(context: &Context, args: &ConvertArgs) -> Result<Report> {
    let is_text = !matches!(args.to, ConvertForm::V1 | ConvertForm::V2 | ConvertForm::Frame);
    if !is_text {
        context.knows_where(&args.out)?;
    }
    let mut read = ForeignFile::read(&split(&args.file).0, args.from)?;
    let file = context.loose_in(&args.file, &read, args.from)?;
    if !file.is_alone {
        args.out.spares(&[&args.file])?;
    }
    if args.to != ConvertForm::Ndjson {
        file.refuse_fork()?;
    }
    let line = |text: String| format!("{text}\n").into_bytes();
    let bytes = match args.to {
        ConvertForm::V1 => file.update.to_vec(),
        // v1, through which all else goes, cannot hold all that v2 holds.
        ConvertForm::V2 if read.identified.as_ref().is_some_and(Identified::is_bare_v2) => {
            std::mem::take(&mut read.bytes)
        }
        ConvertForm::V2 if file.document.rewritten > 0 => {
            return Err(Error::refused(format!("{} would not be the same in v2 again", file.name))
                .because("v1, through which it goes, cannot hold some of its formats and embeds")
                .hint("unpack it with another program: it is v2 already"));
        }
        ConvertForm::V2 => {
            let update = Update::walk(&file.update).map_err(no_longer_decodes)?;
            let refused = || Error::refused(format!("{} cannot be written in v2", file.name));
            let written = to_v2(&update).map_err(|fault| refused().because(fault))?;
            if file.update.len() > longest_v1(written.len()) {
                return Err(
                    refused().because("it becomes so small that it could not be read again")
                );
            }
            written
        }
        ConvertForm::Base64 => line(BASE64.encode(&file.update)),
        ConvertForm::Hex => line(HEXLOWER.encode(&file.update)),
        ConvertForm::Ndjson => {
            let lines = file.document.steps.iter().map(|step| BASE64.encode(&step.update) + "\n");
            lines.collect::<String>().into_bytes()
        }
        ConvertForm::Json => line(json!(&file.update[..]).to_string()),
        ConvertForm::Frame => frame(&file.update),
    };
    let form = args.to.to_possible_value();
    let form = form.as_ref().map_or("", |form| form.get_name());
    let sentence = format!("wrote {} as {form}: {} bytes", file.name, bytes.len());
    context.deliver(bytes, &args.out, &sentence)
}
