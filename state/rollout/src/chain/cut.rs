//! The end of the part of a base that still counts.

use crate::format::head;
use crate::format::session_meta::HistoryBase;

/// Decides line by line which still count.
///
/// Lines are counted by their ordinals where the base has some. Only in other files the byte
/// counts, because some agents write a wrong one.
#[derive(Debug)]
pub(crate) struct Cut {
    end_ordinal: Option<u64>,
    end_offset: Option<u64>,
    /// True if the lines have ordinals, as the first one says.
    has_ordinals: Option<bool>,
    /// Ordinal after the last line.
    next: u64,
}

impl Cut {
    pub(crate) fn new(base: &HistoryBase) -> Self {
        Self { end_ordinal: base.end_ordinal, end_offset: base.end_offset, has_ordinals: None, next: 0 }
    }

    /// Returns true if the next line, which is not blank, still counts.
    pub(crate) fn takes(&mut self, line: &[u8], offset: u64) -> bool {
        let Some(end) = self.end_ordinal.filter(|_| self.has_ordinals != Some(false)) else {
            return self.end_offset.is_none_or(|end| offset < end);
        };
        let ordinal = head::ordinal(line);
        if !*self.has_ordinals.get_or_insert(ordinal.is_some()) {
            return self.takes(line, offset);
        }
        self.next = ordinal.map_or(self.next, |ordinal| ordinal.saturating_add(1).min(end));
        ordinal.is_none_or(|ordinal| ordinal < end)
    }

    /// Returns true if nothing is missing of a file that has been read to its end, at `offset`.
    pub(crate) fn is_complete(&self, offset: u64) -> bool {
        match (self.has_ordinals, self.end_ordinal) {
            (Some(true), Some(end)) => self.next >= end,
            _ => self.end_offset.is_none_or(|end| offset >= end),
        }
    }
}
