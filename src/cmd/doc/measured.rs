//! A document's file, measured: by reading it once, or as it was measured before.

use crate::concern;
use crate::crdt::source::Source;
use crate::crdt::view::{Groundwork, View};
use crate::error::Result;
use crate::id::DocId;
use crate::inspect::size::{SizeBy, Sizes};
use crate::parallel;
use crate::path::DocPath;
use crate::store::{OnDisk, Reader, WholeFile};
use crate::tombstone::{self, PlainPart, Tombstone};
use crate::wire::{Checked, Fault, Update};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name under which sizes are kept. It changes whenever the same file gets others.
const KIND: &str = "sizes-1";
/// The most that is kept of a document, in bytes. Long lists of rows take as long to read as to find.
const KEPT_BYTES: usize = 1 << 19;

#[derive(Default)]
pub struct MeasuredFile {
    pub sizes: Sizes,
    /// There is no file, though there was one: only the log has the document.
    pub is_gone: bool,
    /// How many entries of the log the file lacks.
    pub unfolded: usize,
    /// Why commands that write do not take it.
    pub fault: Option<Fault>,
    /// The deleted records in it, if they were listed while measuring.
    pub tombstones: Option<Vec<Tombstone>>,
}

impl MeasuredFile {
    /// Returns `None` if there is no such document.
    ///
    /// # Errors
    /// Those of the store; inside, what keeps the file from being measured.
    pub fn of(
        reader: &Reader,
        id: &DocId,
        by: Option<SizeBy>,
    ) -> Result<Option<Result<MeasuredFile, Fault>>> {
        let kind = format!("{KIND} {}", by.map_or("", SizeBy::name));
        let kept = reader.kept_result(id, &kind);
        let kept = kept.and_then(|kept| serde_json::from_slice::<KeptFile>(&kept).ok());
        if let Some(known) = kept.and_then(|kept| kept.measured(id)) {
            return Ok(Some(Ok(known)));
        }
        let as_written = reader.file_as_written(id)?;
        let Some(file) = reader.file(id)? else {
            // The log may have all of it.
            let is_gone = reader.bytes(id)?.is_some();
            return Ok(is_gone.then(|| Ok(MeasuredFile { is_gone, ..MeasuredFile::default() })));
        };
        let measured = MeasuredFile::measure(id, &file, by);
        if let (Ok(measured), Some(of)) = (&measured, as_written) {
            measured.keep(reader, id, &kind, &of);
        }
        Ok(Some(measured))
    }

    fn measure(id: &DocId, file: &OnDisk, by: Option<SizeBy>) -> Result<Self, Fault> {
        let unfolded = file.unfolded;
        if file.bytes.is_empty() && unfolded > 0 {
            return Ok(MeasuredFile { unfolded, ..MeasuredFile::default() });
        }
        let mut walked = Update::walk_to_check(&file.bytes)?.held_by(&file.bytes);
        let bytes = file.bytes.len();
        let (checked, work) = walked.check_beside(concern::expected(id), Groundwork::of);
        let list = |work| Some(tombstones(id, &whole_view(file, &checked, work)?));
        let beside = || parallel::pays(bytes).then(|| list(Some(work))).flatten();
        let (listed, sizes) =
            parallel::both(bytes, beside, || Sizes::of_update(&walked, concern::of(id), by));
        let listed = listed.or_else(|| match sizes.tombstones.is_empty() {
            true => None,
            false => list(None),
        });
        let fault = checked.err();
        Ok(MeasuredFile { sizes, is_gone: false, unfolded, fault, tombstones: listed })
    }

    /// Keeps the sizes of a file about which there is nothing else to say.
    fn keep(&self, reader: &Reader, id: &DocId, kind: &str, of: &WholeFile) {
        if self.fault.is_some() || self.unfolded > 0 {
            return;
        }
        if let Some(kept) = KeptFile::of(self, id)
            && let Ok(text) = serde_json::to_vec(&kept)
            && text.len() <= KEPT_BYTES
        {
            reader.keep_result(id, kind, of, &text);
        }
    }
}

/// What is kept of a file that was measured.
#[derive(Serialize, Deserialize)]
struct KeptFile {
    sizes: Sizes,
    tombstones: Vec<KeptTombstone>,
}

/// A [`Tombstone`], its collection as a number among those of the concern.
#[derive(Serialize, Deserialize)]
struct KeptTombstone(usize, DocPath, Option<i64>, Option<String>, BTreeMap<String, i64>, PlainPart);

impl KeptFile {
    /// Returns `None` if the deleted records were not listed.
    fn of(measured: &MeasuredFile, id: &DocId) -> Option<KeptFile> {
        let listed = match &measured.tombstones {
            Some(listed) => listed.clone(),
            None if measured.sizes.tombstones.is_empty() => Vec::new(),
            None => return None,
        };
        let collections = concern::of(id).map_or([].as_slice(), |spec| spec.collections);
        let kept = listed.into_iter().map(|of| {
            let number = collections.iter().position(|one| std::ptr::eq(one, of.collection))?;
            let Tombstone { path, deleted_at, deleted_by, acknowledged, plain, .. } = of;
            Some(KeptTombstone(number, path, deleted_at, deleted_by, acknowledged, plain))
        });
        Some(KeptFile { sizes: measured.sizes.clone(), tombstones: kept.collect::<Option<_>>()? })
    }

    /// Returns `None` if it is not about documents of this concern.
    fn measured(self, id: &DocId) -> Option<MeasuredFile> {
        let collections = concern::of(id).map_or([].as_slice(), |spec| spec.collections);
        let listed = self.tombstones.into_iter().map(|kept| {
            let KeptTombstone(number, path, deleted_at, deleted_by, acknowledged, plain) = kept;
            let collection = collections.get(number)?;
            Some(Tombstone { collection, path, deleted_at, deleted_by, acknowledged, plain })
        });
        let tombstones = Some(listed.collect::<Option<_>>()?);
        Some(MeasuredFile { sizes: self.sizes, tombstones, ..MeasuredFile::default() })
    }
}

/// Returns what a file shows, if it holds the whole document and can be read.
fn whole_view(
    file: &OnDisk,
    checked: &Result<Update<'_, Checked>, Fault>,
    work: Option<Groundwork>,
) -> Option<View> {
    let update = checked.as_ref().ok()?;
    let is_whole = file.unfolded == 0 && update.beyond_all().is_none() && update.needs().is_empty();
    if is_whole { View::read_on(update, work).ok() } else { None }
}

/// Lists the deleted records of a document.
pub fn tombstones(id: &DocId, source: &dyn Source) -> Vec<Tombstone> {
    concern::of(id).map(|spec| tombstone::list(spec, source)).unwrap_or_default()
}
