//! Finds bases by their ids, many of them in one home.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::header::Header;
use super::marks::Marks;
use crate::home::AgentHome;
use crate::home::file::RolloutFile;
use crate::home::find;
use crate::lines::error::ExtractError;

/// Bases that are looked for one by one. For more of them, listing the home once is quicker.
const ONE_BY_ONE: usize = 8;

/// Threads whose turns are kept.
const MAX_MARKS: usize = 64;

/// Finder of bases.
#[derive(Debug)]
pub(crate) struct Bases {
    home: AgentHome,
    asked: usize,
    /// The files of the home, once they were listed.
    listed: Option<HashMap<Uuid, RolloutFile>>,
    /// Turns of threads that others copied.
    marks: HashMap<Uuid, Option<Arc<Marks>>>,
}

impl Bases {
    pub(crate) fn new(home: AgentHome) -> Self {
        Self { home, asked: 0, listed: None, marks: HashMap::new() }
    }

    pub(crate) fn home(&self) -> &AgentHome {
        &self.home
    }

    /// Finds a file, and reads its header; `None` if no file with this id can be read.
    pub(crate) fn open(&mut self, file_id: Uuid) -> Option<(RolloutFile, Header)> {
        for _ in 0..2 {
            let file = self.find(file_id)?;
            match Header::read(&self.home.absolute(&file.path), file.compressed) {
                Ok(header) => return Some((file, header)),
                // The file was moved, or compressed, since the home was listed.
                Err(ExtractError::Io(_)) => (self.asked, self.listed) = (0, None),
                Err(_) => return None,
            }
        }
        None
    }

    fn find(&mut self, file_id: Uuid) -> Option<RolloutFile> {
        if self.listed.is_none() && self.asked < ONE_BY_ONE {
            self.asked += 1;
            if let Some(file) = find::in_usual_places(self.home.root(), file_id) {
                return Some(file);
            }
        }
        self.list().get(&file_id).cloned()
    }

    fn list(&mut self) -> &HashMap<Uuid, RolloutFile> {
        self.listed.get_or_insert_with(|| {
            let mut files = self.home.discover().files;
            files.sort_by(|one, other| find::better_first(other, one));
            files.into_iter().filter_map(|file| Some((file.file_id()?, file))).collect()
        })
    }

    /// Returns the turns of a thread, all its files together; `None` if it has no file that can be
    /// read.
    pub(crate) fn marks(&mut self, thread_id: Uuid) -> Option<Arc<Marks>> {
        if let Some(marks) = self.marks.get(&thread_id) {
            return marks.clone();
        }
        let is_of = |file: &&RolloutFile| file.name.is_some_and(|name| name.thread_id == thread_id);
        let mut files: Vec<_> = self.list().values().filter(is_of).cloned().collect();
        files.sort_by_key(|file| file.name.map(|name| (name.started, name.segment_id)));
        let (mut found, mut seen, mut is_readable) = (Marks::default(), HashSet::new(), false);
        for file in files {
            // A fork by reference has the turns of its bases, and they come before its own.
            let (mut parts, mut next) = (Vec::new(), Some((file, None)));
            while let Some((file, end)) = next.take() {
                let path = self.home.absolute(&file.path);
                let header = Header::read(&path, file.compressed).unwrap_or_default();
                let base = header.base.filter(|base| seen.insert(base.file_id));
                next = base.and_then(|base| Some((self.list().get(&base.file_id)?.clone(), Some(base))));
                parts.push((path, file.compressed, end));
            }
            for (path, compressed, end) in parts.into_iter().rev() {
                is_readable |= found.add(&path, compressed, end.as_ref()).is_ok();
            }
        }
        let marks = is_readable.then(|| Arc::new(found));
        if self.marks.len() >= MAX_MARKS {
            self.marks.clear();
        }
        self.marks.insert(thread_id, marks.clone());
        marks
    }
}
