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
/// A path begins with the disk: /shared/docs/plan.md, /public/website/index.html. The files are in
/// plain directories beside the store, disks/entities/ENTITY/DISK/…, where any program can read and
/// write them: `disk scan` takes in what changed there. Files on /private leave the machine only in
/// bundles made `--for` replicas of the same member.
#[derive(clap::Args)]
pub struct DiskArgs {
    #[command(subcommand)]
    verb: DiskVerb,
}

#[derive(Subcommand)]
enum DiskVerb {
    /// Put a file at a path; an existing text is edited where it differs
    ///
    /// Names that begin with a dot are put too, with -r as well; `disk scan` does not look for those.
    #[command(after_help = "Examples:\n  \
        crdtctl disk put notes.md /shared/docs/notes.md\n  \
        echo hello | crdtctl disk put - /shared/hello.txt\n  \
        crdtctl disk put -r site /public/website")]
    Put {
        /// The file; `-` for standard input; with -r, a directory
        #[arg(value_name = "FILE")]
        source: PathBuf,
        /// The destination, a path on a disk
        #[arg(value_name = "PATH")]
        path: String,
        /// Put every file in a directory and below, all or none
        #[arg(short, long)]
        recursive: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Get a file or, with -r, all files below a path
    #[command(after_help = "Examples:\n  \
        crdtctl disk get /shared/docs/notes.md -O notes.md\n  \
        crdtctl disk get -r /shared/docs -O copy")]
    Get {
        /// A path, a file's id, or a version of a file, by its id or hash
        #[arg(value_name = "PATH")]
        path: String,
        /// Get everything below the path, into the directory of -O
        #[arg(short, long, requires = super::globals::OUT)]
        recursive: bool,
        #[command(flatten)]
        out: OutFile,
    },
    /// Print a file
    ///
    /// A file is printed as it is in its directory; one that another program removed there is not found.
    /// For a file that is not a text, `disk show` lists earlier versions, and `disk status` versions that
    /// are concurrent with the current one.
    #[command(after_help = "Example:\n  crdtctl disk cat /shared/docs/notes.md")]
    Cat {
        /// A path, a file's id, or a version of a file, by its id or hash
        #[arg(value_name = "PATH")]
        path: String,
    },
    /// List the files
    ///
    /// Files that the application keeps whole, in documents of their own (`file:…`, `website:…`), come
    /// last, with their document as `doc` in JSON; `disk cat` and `disk get` read them by path, id or
    /// document.
    #[command(after_help = "Examples:\n  crdtctl disk list /shared/docs --tree\n  \
        crdtctl disk list '/shared/**/*.md'")]
    List {
        /// Only files below this path, or that match a pattern (`*`, `?`, `**`)
        #[arg(value_name = "PATH")]
        path: Option<String>,
        /// Show a tree of directories
        #[arg(long)]
        tree: bool,
        /// Include deleted files, and those whose path is taken by another
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
    /// Edit a text in $VISUAL or $EDITOR; with `-`, read the whole new text from standard input
    #[command(after_help = "Examples:\n  \
        EDITOR='sed -i s/squeaks/sings/' crdtctl disk edit /shared/docs/notes.md\n  \
        sed s/colour/color/ notes.md | crdtctl disk edit /shared/docs/notes.md -")]
    Edit {
        /// A path, or a file's id
        #[arg(value_name = "PATH")]
        path: String,
        /// `-` reads the new text from standard input
        #[arg(value_name = "TEXT", value_parser = ["-"])]
        stdin: Option<String>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Move a file, or all files of a directory
    ///
    /// A file moved between /private and another disk becomes a new file: what others already have of
    /// it, they keep.
    #[command(after_help = "Example:\n  crdtctl disk move /shared/docs/notes.md /public/notes.md")]
    Move {
        /// A path, or a file's id
        from: String,
        /// The destination; nothing may be there
        to: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Remove a file or, with -r, all files of a directory
    #[command(after_help = "Example:\n  crdtctl disk remove /shared/docs/notes.md")]
    Remove {
        /// A path, or a file's id
        #[arg(value_name = "PATH")]
        path: String,
        /// Remove everything below the path
        #[arg(short, long)]
        recursive: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Restore a removed file, until every member has acknowledged its removal; or an earlier version of
    /// a file
    ///
    /// Also writes a file again that another program removed from its directory, before `disk scan` takes
    /// the removal in.
    #[command(after_help = "Example:\n  crdtctl disk restore /shared/docs/notes.md")]
    Restore {
        /// The path that it had, or its id; or a version of a file, by its id or hash
        #[arg(value_name = "PATH")]
        path: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Take in what changed in the directories: new, edited, moved and removed files
    ///
    /// Files are recognised by content, whatever their times say. If the old content is now under another
    /// name, the file was moved, and a file under the old name is new; unless that still has at least
    /// half of the old content: then it was copied and edited.
    ///
    /// New files whose name begins with a dot, or that are in a directory of such a name, are left alone,
    /// since editors and systems keep files of their own there: `disk put` puts them.
    #[command(after_help = "Example:\n  crdtctl disk scan -n")]
    Scan {
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show what differs between the store and the directories, and what is missing
    ///
    /// The exit code is 3 if anything does. New files whose name begins with a dot are not shown, as `disk
    /// scan` leaves them alone.
    #[command(after_help = "Example:\n  crdtctl disk status")]
    Status {
        /// Include files that are as they should be
        #[arg(short, long)]
        all: bool,
    },
    /// Publish /public/website: hash its files into B3SUMS, whose own hash is the root
    ///
    /// What changed in that directory is first taken in, as by `disk scan`: new files whose name begins with
    /// a dot are left out, and the command says so. With --html the website is
    /// also written as pages: one per Markdown text, an index that links to them, and all other files
    /// unchanged. HTML in Markdown is left out, links lead into the site or to http, https and mailto,
    /// and a page fetches nothing from elsewhere.
    #[command(
        after_help = "Examples:\n  crdtctl disk publish\n  crdtctl disk publish --html pages"
    )]
    Publish {
        /// Also write the website as HTML into this directory, which must be new or empty
        #[arg(long, value_name = "DIR")]
        html: Option<PathBuf>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Remove stored file contents that nobody needs: replaced versions, unfinished parts
    ///
    /// Files other than texts are kept as versions; bundles carry the current one, or both of two
    /// concurrent ones. A replaced version stays until all known replicas have its replacement, and that
    /// of a removed file as long as it can be restored. Parts of an interrupted import stay as long as a
    /// file waits for them. Damaged contents are removed, and requested again.
    #[command(after_help = "Examples:\n  crdtctl disk gc -n\n  crdtctl disk gc")]
    Gc {
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Check a copy of a website against what was published: which files differ, are missing or extra
    ///
    /// The exit code is 3 if any do. Files whose name begins with a dot are not extra: they are left out
    /// unless they were published, and the command says how many.
    #[command(
        after_help = "Example:\n  crdtctl disk verify --root \"$(crdtctl disk publish)\" \\\n    \
        disks/entities/ocean-forest-moon-star/public/website"
    )]
    Verify {
        /// The root that `disk publish` printed
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
    /// Show how the store's text differs from the file in the directory, another store's text, or what
    /// importing a bundle would make of it
    ///
    /// The exit code is 3 if it differs.
    #[command(after_help = "Examples:\n  crdtctl disk diff /shared/docs/notes.md --with ~/bob\n  \
        crdtctl disk diff /shared/docs/notes.md --with from-bob.crdt")]
    Diff {
        /// A path
        #[arg(value_name = "PATH")]
        path: String,
        /// The new text: that of another store, or what importing a bundle would make of it
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
        // Verifying a copy needs no store.
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
