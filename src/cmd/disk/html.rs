//! `disk publish --html`: the website as HTML pages.

use super::lying::Lying;
use crate::cmd::{Context, files};
use crate::concern::disk::{Directory, DiskContent, SPEC, SUMS, WEBSITE, read};
use crate::error::{Error, Result, counted};
use crate::id::EntityId;
use crate::query::entity;
use crate::ui::Site;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The most dangling links that are named.
const NAMED: usize = 5;

/// Writes the pages and the files beside them, and returns sentences about it. A dry run writes nothing.
pub fn write(context: &Context, entity: &EntityId, dir: &Path) -> Result<Vec<String>> {
    let reader = context.reader()?;
    let doc = entity.document(SPEC.name);
    let Some(view) = reader.view(&doc)? else { return Ok(Vec::new()) };
    let name = entity::show(&reader, entity).map(|shown| shown.metadata.name.to_string());
    let name = name.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| entity.to_string());
    let (mut site, mut places) = (Site::new(&name), Vec::new());
    let around = format!("{WEBSITE}/");
    for place in Directory::of(&view, &doc).owners() {
        let Some(path) = place.path.as_str().strip_prefix(&around) else { continue };
        // The sums are hashes of the sources of the pages, so leave them out.
        let Some(file) = read(&view, &place.id).filter(|_| path != SUMS) else { continue };
        match &file.content {
            DiskContent::Text(text) if Site::is_page(path) => site.add_page(path, &text.text),
            _ => site.add_file(path),
        }
        places.push((path.to_owned(), place.id.clone()));
    }
    let hidden: BTreeSet<String> = site.hidden().into_iter().map(str::to_owned).collect();
    let lying = Lying::of(&reader, entity, &doc)?;
    let progress = context.progress("writing pages", Some(places.len() as u64));
    let (mut pages, mut others, mut dangling) = (0u64, 0u64, Vec::new());
    let put = |path: &str, write: &mut dyn FnMut(&Path) -> Result<()>| {
        let target = dir.join(path);
        let failed = |e| Error::io(format!("cannot write {}", target.display()), e);
        if context.is_dry() {
            return Ok(());
        }
        fs::create_dir_all(target.parent().unwrap_or(dir)).map_err(failed)?;
        write(&target)
    };
    for (path, id) in &places {
        progress.advance(1);
        let Some(file) = read(&view, id) else { continue };
        match &file.content {
            DiskContent::Text(_) if hidden.contains(path) => {}
            DiskContent::Text(text) if Site::is_page(path) => {
                let page = site.page(path, &text.text);
                put(&page.path, &mut |target| {
                    files::write_one_of(target, &mut page.html.as_bytes()).map(drop)
                })?;
                dangling.extend(page.dangling.into_iter().map(|to| format!("{path}: {to}")));
                pages += 1;
            }
            // In a dry run nobody has taken that in.
            _ if lying.is_removed(&file)? => {}
            _ => {
                put(path, &mut |target| lying.open(&file)?.write_one_of(target))?;
                others += 1;
            }
        }
    }
    for page in site.indexes() {
        put(&page.path, &mut |target| {
            files::write_one_of(target, &mut page.html.as_bytes()).map(drop)
        })?;
        pages += 1;
    }
    if !places.is_empty() && !context.is_dry() {
        files::wait_for(dir)?;
    }
    let wrote = if context.is_dry() { "would write" } else { "wrote" };
    let (pages, others) = (counted(pages, "page"), counted(others, "other file"));
    let mut said = vec![format!("{wrote} {pages} and {others} to {}", dir.display())];
    said.extend(hidden.iter().map(|path| {
        format!("{path} does not become a page: another file of the website has that page's name")
    }));
    if !dangling.is_empty() {
        let more = match dangling.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        dangling.truncate(NAMED);
        said.push(format!(
            "links to nothing in the website are shown as text: {}{more}",
            dangling.join(", ")
        ));
    }
    Ok(said)
}
