//! Reads one thread of Codex.

use std::ops::ControlFlow;
use std::sync::PoisonError;

use jiff::tz::TimeZone;
use threadkeep_rollout::{
    Chain, DayUsage, ExtractError, ItemsView, RolloutFile, ThreadMetadata, TokenUsage, Turn, TurnStatus,
    read_turns,
};
use uuid::Uuid;

use super::Home;
use super::find::Thread;
use crate::draft::Draft;
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::rollout::safe;
use crate::session::{Outcome, Purpose, Relation, Request, Session, SessionTurn, TitleSource, Tokens};

pub(super) fn session(home: &Home, found: &FoundSession, thread: &Thread) -> Result<Session, StoreError> {
    let newest = thread.files.first().ok_or_else(|| found.gone())?;
    let path = found.main_file()?.to_owned();
    let failed = |error: ExtractError| match error {
        ExtractError::Io(source) => StoreError::Io { path: path.clone(), source },
        other => StoreError::malformed(&path, other),
    };
    let mut draft = Draft::new(&found.native_id);
    let mut extractor = home.extractor.lock().unwrap_or_else(PoisonError::into_inner);
    let extraction = extractor.extract(&path, newest.compressed, newest.name.as_ref(), None);
    drop(extractor);
    let extraction = extraction.map_err(failed)?;
    draft.skip(extraction.skipped.count);
    for file in &thread.files {
        requests(home, &mut draft, file);
    }
    describe(home, &mut draft, &extraction.metadata);
    draft.session().archived = newest.archived;
    let chain = Chain::resolve(&home.files, newest, |_| true).map_err(failed)?;
    read_turns(&chain, ItemsView::Full, |turn| {
        draft.session().turns.push(session_turn(turn));
        ControlFlow::Continue(())
    })
    .map_err(failed)?;
    Ok(draft.finish())
}

/// Takes the tokens of a file's own requests: rollouts have them by day and model.
fn requests(home: &Home, draft: &mut Draft, file: &RolloutFile) {
    let path = home.files.absolute(&file.path);
    let mut projector = home.projector.lock().unwrap_or_else(PoisonError::into_inner);
    let projection = projector.project(&path, file.compressed, file.name.as_ref(), None);
    drop(projector);
    let Ok(projection) = projection else { return };
    let part = file.file_id().unwrap_or(projection.thread_id);
    for DayUsage { day, model, tokens, .. } in projection.usage {
        let id = format!("{part}/{day}/{}", model.as_deref().unwrap_or_default());
        let at = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
        let (purpose, tokens) = (Purpose::Conversation, Tokens::from(tokens));
        draft.request(Request { id, at, model, purpose, tokens, inherited: false });
    }
}

impl From<TokenUsage> for Tokens {
    fn from(usage: TokenUsage) -> Self {
        Self {
            input: usage.input.max(usage.cached_input),
            cached_input: usage.cached_input,
            cache_write: 0,
            output: usage.output.max(usage.reasoning),
            reasoning: Some(usage.reasoning),
        }
    }
}

/// Takes the metadata.
fn describe(home: &Home, draft: &mut Draft, metadata: &ThreadMetadata) {
    let words = |words: &Option<String>| words.clone().unwrap_or_default();
    draft.title(&words(&metadata.title), TitleSource::Agent);
    let listed = home.names.get(metadata.thread_id);
    // The list and the rollout may both have a name: the newest counts.
    let listed = listed.filter(|name| name.updated_at >= metadata.named_at).map(|name| &name.name);
    draft.title(&words(&listed.or(metadata.name.as_ref()).cloned()), TitleSource::User);
    draft.cwd(&words(&metadata.cwd));
    draft.git_branch(&words(&metadata.git_branch));
    draft.agent_version(&words(&metadata.cli_version));
    draft.model(&words(&metadata.model));
    let id = |id: Uuid| id.hyphenated().to_string();
    if let Some(parent) = metadata.parent_thread_id {
        draft.parent(&id(parent), Relation::Subagent);
    }
    if let Some(parent) = metadata.forked_from_id {
        draft.parent(&id(parent), Relation::Fork);
    }
    let session = draft.session();
    session.kind = metadata.kind;
    (session.created_at, session.updated_at) =
        (metadata.created_at, metadata.updated_at.max(metadata.created_at));
}

fn session_turn(turn: Turn) -> SessionTurn {
    let last = turn.items.iter().filter_map(|item| item.at).max();
    SessionTurn {
        outcome: match turn.status {
            TurnStatus::Completed => Outcome::Completed,
            TurnStatus::Interrupted => Outcome::Interrupted,
            TurnStatus::Failed => Outcome::Failed,
            _ => Outcome::Unfinished,
        },
        id: turn.id,
        error: turn.error.map(|error| safe(&error).into_owned()),
        started_at: turn.started_at,
        ended_at: turn.completed_at.or(last).max(turn.started_at),
        items: turn.items,
        inherited: turn.inherited,
    }
}
