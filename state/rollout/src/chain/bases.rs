//! Finds bases by their ids, many of them in one home.

use std::collections::HashMap;

use uuid::Uuid;

use super::header::Header;
use crate::home::AgentHome;
use crate::home::discover::RolloutFile;
use crate::home::find;
use crate::lines::error::ExtractError;

/// Bases that are looked for one by one. For more of them, listing the home once is quicker.
const ONE_BY_ONE: usize = 8;

/// Finder of bases.
#[derive(Debug)]
pub(crate) struct Bases {
    home: AgentHome,
    asked: usize,
    /// The files of the home, once they were listed.
    listed: Option<HashMap<Uuid, RolloutFile>>,
}

impl Bases {
    pub(crate) fn new(home: AgentHome) -> Self {
        Self { home, asked: 0, listed: None }
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
        let listed = self.listed.get_or_insert_with(|| {
            let mut files = self.home.discover().files;
            files.sort_by(|one, other| find::better_first(other, one));
            files.into_iter().filter_map(|file| Some((file.file_id()?, file))).collect()
        });
        listed.get(&file_id).cloned()
    }
}
