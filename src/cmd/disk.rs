//! `disk`: the files of an entity.

mod change;
mod diff;
mod gc;
mod glob;
mod html;
mod list;
mod lying;
mod put;
mod read;
mod site;
mod unified;

pub use change::{change, told};
pub use put::SourceFile;
pub use read::get;

use super::{Context, DryRun, OutFile};
use crate::error::Result;
use crate::ui::Report;
use clap::Subcommand;
use std::path::PathBuf;

/// Put, get, edit and list the files on the disks of an entity
///
/// A path names the disk first: /shared/docs/plan.md, /public/website/index.html. The files lie in
/// plain directories beside the store, disks/entities/ENTITY/DISK/…, where every program can read
/// and write them: `disk scan` takes in what was changed there. What is on /private leaves the machine
/// only in bundles made `--for` replicas of the same member.
#[derive(clap::Args)]
pub struct DiskArgs {
    #[command(subcommand)]
    verb: DiskVerb,
}

#[derive(Subcommand)]
enum DiskVerb {
    /// Put a file to a path; a text that is there already is changed where it differs
    #[command(after_help = "Examples:\n  \
        crdtctl disk put notes.md /shared/docs/notes.md\n  \
        echo hello | crdtctl disk put - /shared/hello.txt\n  \
        crdtctl disk put -r site /public/website")]
    Put {
        /// The file, `-` for standard input, or with -r a directory
        #[arg(value_name = "FILE")]
        source: PathBuf,
        /// Where to: a path on a disk
        #[arg(value_name = "PATH")]
        path: String,
        /// Every file in a directory and below, all or none
        #[arg(short, long)]
        recursive: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Get a file, or with -r all files below a path
    #[command(after_help = "Examples:\n  \
        crdtctl disk get /shared/docs/notes.md -O notes.md\n  \
        crdtctl disk get -r /shared/docs -O copy")]
    Get {
        /// A path, a file's id, or a version of a file by its id or hash
        #[arg(value_name = "PATH")]
        path: String,
        /// Everything below the path, into the directory of -O
        #[arg(short, long, requires = super::globals::OUT)]
        recursive: bool,
        #[command(flatten)]
        out: OutFile,
    },
    /// Print a file
    ///
    /// `disk show` lists what a file that is no text held before, and `disk status` what came at the same
    /// time as what it holds now.
    #[command(after_help = "Example:\n  crdtctl disk cat /shared/docs/notes.md")]
    Cat {
        /// A path, a file's id, or a version of a file by its id or hash
        #[arg(value_name = "PATH")]
        path: String,
    },
    /// List the files
    ///
    /// What the application keeps whole, in documents of its own (`file:…`, `website:…`), stands behind
    /// them, with its document as `doc` in JSON; `disk cat` and `disk get` read it by path, id or document.
    #[command(after_help = "Examples:\n  crdtctl disk list /shared/docs --tree\n  \
        crdtctl disk list '/shared/**/*.md'")]
    List {
        /// Below this path, or those that a pattern names (`*`, `?`, `**`)
        #[arg(value_name = "PATH")]
        path: Option<String>,
        /// As a tree of directories
        #[arg(long)]
        tree: bool,
        /// Deleted files too, and those whose path another one has
        #[arg(short, long)]
        all: bool,
    },
    /// Show a file's record
    #[command(after_help = "Example:\n  crdtctl disk show /shared/docs/notes.md")]
    Show {
        /// A path, or a file's id
        #[arg(value_name = "PATH")]
        path: String,
    },
    /// Change a text: in $VISUAL or $EDITOR, or `-` for the whole new text on standard input
    #[command(after_help = "Examples:\n  \
        EDITOR='sed -i s/squeaks/sings/' crdtctl disk edit /shared/docs/notes.md\n  \
        sed s/colour/color/ notes.md | crdtctl disk edit /shared/docs/notes.md -")]
    Edit {
        /// A path, or a file's id
        #[arg(value_name = "PATH")]
        path: String,
        /// `-`: the new text comes on standard input
        #[arg(value_name = "TEXT", value_parser = ["-"])]
        stdin: Option<String>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Move a file, or all files of a directory
    ///
    /// From /private to another disk and back it becomes another file: what others got of it they keep.
    #[command(after_help = "Example:\n  crdtctl disk move /shared/docs/notes.md /public/notes.md")]
    Move {
        /// A path, or a file's id
        from: String,
        /// Where to; nothing may be there
        to: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Remove a file, or with -r all files of a directory
    #[command(after_help = "Example:\n  crdtctl disk remove /shared/docs/notes.md")]
    Remove {
        /// A path, or a file's id
        #[arg(value_name = "PATH")]
        path: String,
        /// Everything below the path
        #[arg(short, long)]
        recursive: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Bring a removed file back, as long as not everybody has heard that it was removed; or what a file
    /// held before
    #[command(after_help = "Example:\n  crdtctl disk restore /shared/docs/notes.md")]
    Restore {
        /// The path that it had, or its id; or a version of a file by its id or hash
        #[arg(value_name = "PATH")]
        path: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Take in what was changed in the directories: new, edited, moved and removed files
    ///
    /// A file is known by what it held, whatever its times say. Where that lies under another name, the file
    /// was moved, and what lies under the old name is a new one; unless at least half of what was there is
    /// left in it: then somebody made a copy, and edited the file.
    #[command(after_help = "Example:\n  crdtctl disk scan -n")]
    Scan {
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show what differs between the store and the directories, and what is missing
    #[command(after_help = "Example:\n  crdtctl disk status")]
    Status {
        /// Files that are as they should be, too
        #[arg(short, long)]
        all: bool,
    },
    /// Publish /public/website: the hashes of its files into B3SUMS, and the hash of that as its root
    ///
    /// What any program changed in that directory is taken in first, as `disk scan` does it. With --html the website is also written as pages: each Markdown text becomes one, an index
    /// leads to them, and all other files go along as they are. HTML in Markdown is left out, links
    /// lead into the site or to http, https and mailto, and a page fetches nothing from elsewhere.
    #[command(
        after_help = "Examples:\n  crdtctl disk publish\n  crdtctl disk publish --html pages"
    )]
    Publish {
        /// Write the website as HTML, too, into this directory, which has to be new or empty
        #[arg(long, value_name = "DIR")]
        html: Option<PathBuf>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Remove what takes room beside the disks and nobody needs: replaced versions, unfinished parts
    ///
    /// What is no text is kept in versions; bundles carry what files hold now, and of two versions at
    /// once both. One that was replaced stays until all replicas that were heard of are known to have
    /// what replaced it, and that of a removed file as long as it can be restored. Parts of an import
    /// that was interrupted stay as long as somebody waits for them. A content that is damaged goes,
    /// and is asked for again.
    #[command(after_help = "Examples:\n  crdtctl disk gc -n\n  crdtctl disk gc")]
    Gc {
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Look whether a copy of a website is what was published: which files differ, are missing or extra
    #[command(
        after_help = "Example:\n  crdtctl disk verify --root \"$(crdtctl disk publish)\" \\\n    \
        disks/entities/ocean-forest-moon-star/public/website"
    )]
    Verify {
        /// As `disk publish` printed it
        #[arg(long, value_name = "HASH")]
        root: String,
        /// The copy
        dir: PathBuf,
    },
    /// Show what happened to a file, as far as the log reaches back
    #[command(after_help = "Example:\n  crdtctl disk history /shared/docs/notes.md")]
    History {
        /// A path, or a file's id
        #[arg(value_name = "PATH")]
        path: String,
    },
    /// Show what differs between the store's text and the file in the directory, another store's, or
    /// what a bundle would make of it
    #[command(after_help = "Examples:\n  crdtctl disk diff /shared/docs/notes.md --with ~/bob\n  \
        crdtctl disk diff /shared/docs/notes.md --with from-bob.crdt")]
    Diff {
        /// A path
        #[arg(value_name = "PATH")]
        path: String,
        /// A store whose text is the new one; or a bundle, and it is the text as importing that would
        /// leave it
        #[arg(long, value_name = "STORE|BUNDLE")]
        with: Option<PathBuf>,
    },
}

pub fn run(context: &Context, args: DiskArgs) -> Result<Report> {
    let entity = || context.entity();
    match args.verb {
        DiskVerb::Put { source, path, recursive: false, .. } => {
            put::one(context, &entity()?, &source, &path)
        }
        DiskVerb::Put { source, path, .. } => put::all(context, &entity()?, &source, &path),
        DiskVerb::Get { path, recursive: false, out } => {
            read::get(context, &list::entity_read(context)?, &path, &out)
        }
        DiskVerb::Get { path, out, .. } => read::get_all(context, &entity()?, &path, &out),
        DiskVerb::Cat { path } => read::cat(context, &list::entity_read(context)?, &path),
        DiskVerb::List { path, tree, all } => {
            list::list(context, &list::entity_read(context)?, path.as_deref(), tree, all)
        }
        DiskVerb::Show { path } => list::show(context, &entity()?, &path),
        DiskVerb::Edit { path, stdin, .. } => {
            put::edit(context, &entity()?, &path, stdin.is_some())
        }
        DiskVerb::Move { from, to, .. } => change::rename(context, &entity()?, &from, &to),
        DiskVerb::Remove { path, recursive, .. } => {
            change::remove(context, &entity()?, &path, recursive)
        }
        DiskVerb::Restore { path, .. } => change::restore(context, &entity()?, &path),
        DiskVerb::Publish { html, .. } => site::publish(context, &entity()?, html.as_deref()),
        DiskVerb::Gc { .. } => gc::run(context),
        // A copy is looked at where there is no store, too.
        DiskVerb::Verify { root, dir } => site::verify(&root, &dir),
        DiskVerb::Scan { .. } => change::scan(context, &entity()?),
        DiskVerb::Status { all } => list::status(context, &entity()?, all),
        DiskVerb::History { path } => {
            let (reader, entity) = (context.reader()?, entity()?);
            let (doc, file) = lying::known(&reader, &entity, &path)?;
            super::log::of_one(context, &reader, &doc, &file.id)
        }
        DiskVerb::Diff { path, with } => diff::diff(context, &entity()?, &path, with.as_deref()),
    }
}
