//! The index for the engine, and the content of a file from its reading to its storing.

use jiff::Timestamp;
use threadkeep_redact::redact;
use threadkeep_rollout::{AgentHome, DayUsage, HistoryBase, Projection, Rollback, TurnSpan};
use threadkeep_sqlite::Database;
use uuid::Uuid;

use super::passages::NewPassage;
use crate::passages::Place;
use crate::problem::HistoryProblem;
use crate::words::join_words;

/// Report of a commit.
pub(super) type CommitReport = threadkeep_backfill::CommitReport<HistoryProblem>;

/// Index for the engine.
#[derive(Clone, Debug)]
pub struct HistoryIndex {
    pub(super) db: Database,
    pub(super) home: AgentHome,
}

/// Content that was read from a file. Opaque: it goes from the reading to the storing.
#[derive(Debug)]
pub struct FileContent {
    pub(crate) thread_id: Uuid,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) base: Option<HistoryBase>,
    pub(crate) copied_from: Option<Uuid>,
    /// Byte from which on stored turns, rollbacks and passages are replaced.
    pub(crate) from: u64,
    pub(crate) turns: Vec<TurnSpan>,
    pub(crate) rollbacks: Vec<Rollback>,
    pub(crate) passages: Vec<NewPassage>,
    pub(crate) usage: Vec<DayUsage>,
    pub(crate) lines_skipped: u64,
    pub(crate) checkpoint: Option<String>,
}

/// Smallest offset for which a checkpoint is stored. Reading less again costs about as much as
/// storing it.
const WORTH_A_CHECKPOINT: u64 = 128 * 1024;

impl FileContent {
    /// Takes what is stored of a projection: words, not texts, and no secret.
    pub(crate) fn new(projection: Projection) -> FileContent {
        let is_worth_it = projection.checkpoint.offset() >= WORTH_A_CHECKPOINT;
        let checkpoint = is_worth_it.then(|| serde_json::to_string(&projection.checkpoint).ok()).flatten();
        let mut turns = projection.turns;
        for text in turns.iter_mut().flat_map(|turn| [&mut turn.first_words, &mut turn.error]).flatten() {
            if let std::borrow::Cow::Owned(redacted) = redact(text) {
                *text = redacted;
            }
        }
        let passages = projection.passages.into_iter().map(|passage| {
            let mut words = String::new();
            join_words(&redact(&passage.text), &mut words);
            let place = Place { said: passage.said, offset: passage.offset, end: passage.end };
            NewPassage { place, words }
        });
        FileContent {
            thread_id: projection.thread_id,
            started_at: projection.started_at,
            base: projection.base,
            copied_from: projection.copied_from,
            from: projection.from,
            passages: passages.filter(|passage| !passage.words.is_empty()).collect(),
            turns,
            rollbacks: projection.rollbacks,
            usage: projection.usage,
            lines_skipped: projection.skipped.count,
            checkpoint,
        }
    }
}
