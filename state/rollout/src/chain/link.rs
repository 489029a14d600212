//! Resolves a chain: base of base, from a file to the first.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bases::Bases;
use super::copied::Copied;
use super::header::Header;
use crate::format::session_meta::HistoryBase;
use crate::home::AgentHome;
use crate::home::file::RolloutFile;
use crate::lines::error::ExtractError;

/// The longest chain that is followed, in files.
const MAX_DEPTH: usize = 1_000;

/// Reason why a file shows less than it builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BaseProblem {
    /// The file with this id is missing, cannot be read, or builds on itself.
    Missing(Uuid),
    /// The file with this id ends before the part that still counts.
    Cut(Uuid),
}

impl BaseProblem {
    /// Returns the stable word for this kind: `base_missing` or `base_cut`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "base_missing",
            Self::Cut(_) => "base_cut",
        }
    }

    /// Returns the id that the missing or cut file's name ends with.
    pub fn file_id(&self) -> Uuid {
        match *self {
            Self::Missing(id) | Self::Cut(id) => id,
        }
    }
}

impl fmt::Display for BaseProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(id) => write!(f, "the file {id} that it builds on is missing"),
            Self::Cut(id) => write!(f, "the file {id} that it builds on is cut off"),
        }
    }
}

/// Files of which a thread consists, from the oldest to the newest, each with the end of the part
/// that still counts.
#[derive(Debug, Clone)]
pub struct Chain {
    pub(crate) links: Vec<Link>,
    pub(crate) problem: Option<BaseProblem>,
}

/// File of a chain.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Path in the home.
    pub(crate) file: String,
    pub(crate) path: PathBuf,
    pub(crate) compressed: bool,
    pub(crate) file_id: Option<Uuid>,
    pub(crate) thread_id: Option<Uuid>,
    /// End of the part that counts; `None` if all of it does.
    pub(crate) end: Option<HistoryBase>,
    pub(crate) header: Header,
    /// Lines that were copied from another thread.
    pub(crate) copied: Option<Copied>,
}

impl Chain {
    /// Returns the chain of a file: the files that it builds on, and itself.
    ///
    /// A base is left out, and with it everything that it builds on, if `shows` returns false for
    /// its thread.
    ///
    /// # Errors
    /// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::WindowTooLarge`], and
    /// [`ExtractError::CompressionUnsupported`] without the feature `zstd`, about the file itself.
    /// A base that cannot be read is a [`Chain::problem`].
    pub fn resolve(
        home: &AgentHome,
        file: &RolloutFile,
        shows: impl Fn(Uuid) -> bool,
    ) -> Result<Self, ExtractError> {
        let header = Header::read(&home.absolute(&file.path), file.compressed)?;
        let mut bases = Bases::new(home.clone());
        let mut chain = match header.base {
            Some(base) => Self::of_base(&mut bases, base, file.file_id(), shows, |_| None),
            None => Self { links: Vec::new(), problem: None },
        };
        chain.links.push(Link::new(&mut bases, file, header, None));
        Ok(chain)
    }

    /// Returns a chain of one file, without the files that it builds on.
    pub fn of_file(path: &Path, compressed: bool) -> Self {
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let path = path.to_owned();
        let link = Link {
            file,
            path,
            compressed,
            file_id: None,
            thread_id: None,
            end: None,
            header: Header::default(),
            copied: None,
        };
        Self { links: vec![link], problem: None }
    }

    /// Returns the reason why the chain lacks something; `None` if it is whole, as far as its
    /// files' first lines show.
    pub fn problem(&self) -> Option<BaseProblem> {
        self.problem
    }

    /// Returns true if the file belongs to another thread than the newest one.
    pub(crate) fn is_inherited(&self, link: &Link) -> bool {
        self.links.last().is_some_and(|newest| newest.thread_id != link.thread_id)
    }

    /// Returns the number of the file with this id.
    pub(crate) fn number_of(&self, file_id: Option<Uuid>) -> Option<usize> {
        self.links.iter().position(|link| link.file_id == file_id)
    }

    /// Resolves the bases of the file `own`. Stops before a base that is known, with the files that
    /// it builds on: `known` returns their number.
    pub(crate) fn of_base(
        bases: &mut Bases,
        base: HistoryBase,
        own: Option<Uuid>,
        shows: impl Fn(Uuid) -> bool,
        known: impl Fn(&HistoryBase) -> Option<usize>,
    ) -> Self {
        let mut chain = Self { links: Vec::new(), problem: None };
        let mut seen: HashSet<Uuid> = own.into_iter().collect();
        let mut next = Some(base);
        while let Some(base) = next.take() {
            // A chain ends at the same file, whether or not some of it is known.
            if known(&base).is_some_and(|files| chain.links.len() + files <= MAX_DEPTH) {
                break;
            }
            let is_new = seen.insert(base.file_id) && chain.links.len() < MAX_DEPTH;
            let found = is_new.then(|| bases.open(base.file_id)).flatten();
            let Some((file, header)) = found.filter(|(_, header)| header.thread_id.is_none_or(&shows)) else {
                chain.problem = Some(BaseProblem::Missing(base.file_id));
                break;
            };
            // Ordinals go on from file to file: a cut before a file's first line cuts its base.
            next = header.base.map(|older| HistoryBase {
                end_ordinal: older.end_ordinal.into_iter().chain(base.end_ordinal).min(),
                ..older
            });
            chain.links.push(Link::new(bases, &file, Header { base: next, ..header }, Some(base)));
        }
        chain.links.reverse();
        chain
    }
}

impl Link {
    fn new(bases: &mut Bases, file: &RolloutFile, header: Header, end: Option<HistoryBase>) -> Self {
        Self {
            file: file.path.clone(),
            path: bases.home().absolute(&file.path),
            compressed: file.compressed,
            file_id: file.file_id(),
            thread_id: header.thread_id.or(file.name.map(|name| name.thread_id)),
            end,
            header,
            copied: Copied::of(&header, Some(bases)),
        }
    }
}
