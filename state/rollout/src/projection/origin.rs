//! Thread and origin of a file, as its first lines say.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::chain::header::Header;
use crate::format::session_meta::{HistoryBase, SessionMeta};

/// Thread and origin of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Origin {
    /// True if a line was read that is JSON.
    pub(super) is_read: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread_id: Option<Uuid>,
    /// Time when the session began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) started_at: Option<Timestamp>,
    /// Time of the first line that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_line_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<HistoryBase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) copied_from: Option<Uuid>,
}

impl Origin {
    /// Takes the first line that is JSON.
    pub(super) fn begin(&mut self, header: &Header) {
        self.is_read = true;
        self.base = header.base;
        // An ordinal says by itself where the own part begins.
        self.copied_from = header.forked_from.filter(|_| header.base.is_none() && header.own_from.is_none());
    }

    /// Takes a session. The first with an id names the thread.
    pub(super) fn name(&mut self, meta: &SessionMeta) {
        if self.thread_id.is_none() && meta.id.is_some() {
            (self.thread_id, self.started_at) = (meta.id, meta.timestamp);
        }
    }
}
