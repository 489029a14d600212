//! Reads one session of the unified store.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::entry::Entry;
use super::generation::Generation;
use super::journal;
use super::legacy::Meta;
use super::projection::{Projection, Turn};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::session::{Outcome, Purpose, Relation, Request, Session, Tokens};
use crate::tolerant::or_default;

/// Start of the ids of entries for compactions; the id of the request follows.
const COMPACTION: &str = "checkpoint-compaction-";

/// `runtime-state.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Runtime {
    #[serde(deserialize_with = "or_default")]
    runtime_state_version: u32,
    #[serde(deserialize_with = "or_default")]
    import_provenance: Option<Provenance>,
    #[serde(deserialize_with = "or_default")]
    session_metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Provenance {
    source: Source,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    backend: String,
    session_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(deserialize_with = "or_default")]
    cwd: Option<String>,
    /// Of a sub-agent.
    #[serde(deserialize_with = "or_default")]
    subagent_spawn_key: Option<String>,
}

pub(super) fn session(found: &FoundSession, store: &Path) -> Result<Session, StoreError> {
    found.main_file()?;
    // What cannot be read was listed when the session was found.
    let generation = Generation::current(store, &mut Listing::default());
    let generation = generation.map_err(|reason| StoreError::malformed(store, reason))?;
    let projection = Projection::read(&generation, store)?;
    let runtime: Option<Runtime> = files::document(&generation.runtime()).ok().flatten();
    let meta: Option<Meta> = files::document(&store.join("meta.json")).ok().flatten();
    let (runtime, meta) = (runtime.unwrap_or_default(), meta.unwrap_or_default());
    let mut draft = Draft::new(&found.native_id);
    draft.skip(projection.skipped);
    // Each of the three files has a version of its own.
    draft.format(format!(
        "{}.{}.{}",
        generation.version(),
        projection.version,
        runtime.runtime_state_version
    ));
    meta.describe(&mut draft);
    if let Some(cwd) = &runtime.session_metadata.cwd {
        draft.cwd(cwd);
    }
    let session = &projection.session;
    Meta::title(&mut draft, session.title.as_deref(), session.title_source.as_deref());
    draft.said_at(at(session.created_at));
    if let Some(parent) = session.parent_session_id.as_deref()
        && (runtime.session_metadata.subagent_spawn_key.is_some() || found.native_id.starts_with("child-"))
    {
        draft.parent(parent, Relation::Subagent);
    }
    let source = runtime.import_provenance.map(|provenance| provenance.source);
    if let Some(source) = &source {
        let relation = if source.backend == "legacy" { Relation::Migration } else { Relation::Fork };
        draft.parent(&source.session_id, relation);
    }
    let mut reader = Reader { draft, projection: &projection, turn: None, outcome: Outcome::Unfinished };
    for entry in &projection.entries {
        // Imported entries are those of another session, and have no turn.
        let is_imported = source.is_some() && entry.turn_id.is_none();
        reader.draft.inherit(is_imported);
        reader.take(entry, is_imported);
    }
    reader.end();
    let mut draft = reader.draft;
    draft.inherit(false);
    requests(&mut draft, &projection, &generation, store)?;
    Ok(draft.finish())
}

fn at(milliseconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds?).ok()
}

/// Takes the sum of the requests. Those for compaction are apart, as far as the journal still has
/// them.
fn requests(
    draft: &mut Draft,
    projection: &Projection,
    generation: &Generation,
    store: &Path,
) -> Result<(), StoreError> {
    let Some(usage) = &projection.session.token_usage else { return Ok(()) };
    let compactions: HashSet<_> =
        projection.entries.iter().filter_map(|entry| entry.id.strip_prefix(COMPACTION)).collect();
    let mut hidden: Vec<(String, Tokens)> = Vec::new();
    if !compactions.is_empty() {
        for segment in generation.journal(store, false) {
            journal::usages(&segment, &compactions, |id, usage| {
                if !hidden.iter().any(|(known, _)| known == id) {
                    hidden.push((id.to_owned(), Tokens::from(usage)));
                }
            })?;
        }
    }
    let mut tokens = Tokens::from(usage);
    let (at, model) = (draft.session().updated_at, draft.session().model.clone());
    for (id, part) in hidden {
        // A request that a killed agent did not add up yet stays out.
        if part.input > tokens.input || part.output > tokens.output {
            continue;
        }
        tokens.input -= part.input;
        tokens.output -= part.output;
        tokens.cached_input = (tokens.cached_input - part.cached_input).clamp(0, tokens.input);
        let (model, purpose) = (model.clone(), Purpose::Hidden);
        draft.request(Request { id, at, model, purpose, tokens: part, inherited: false });
    }
    let id = format!("{}/total", draft.session().native_id);
    draft.request(Request { id, at, model, purpose: Purpose::Conversation, tokens, inherited: false });
    Ok(())
}

struct Reader<'a> {
    draft: Draft,
    projection: &'a Projection,
    /// Turn that is read.
    turn: Option<&'a str>,
    /// Its outcome, as far as the entries say.
    outcome: Outcome,
}

impl<'a> Reader<'a> {
    fn take(&mut self, entry: &'a Entry, is_imported: bool) {
        // All imported entries have the time of the import.
        let time = |time| at(time).filter(|_| !is_imported);
        let (created_at, updated_at) = (time(entry.created_at), time(entry.updated_at));
        let id = Some(entry.id.as_str());
        match (entry.kind.as_str(), entry.role.as_str()) {
            ("message", "user") => {
                let is_more = self.turn.is_some() && self.turn == entry.turn_id.as_deref();
                if is_more {
                    return self.draft.also_said(created_at, id, &entry.words());
                }
                self.end();
                self.draft.prompt(created_at, id, &entry.words(), entry.images());
                (self.turn, self.outcome) = (entry.turn_id.as_deref(), Outcome::Unfinished);
            }
            ("message", "assistant") => {
                self.draft.answer(created_at, id, &entry.words());
                let is_stopped =
                    entry.outcome.kind == "discarded" && entry.outcome.cause.as_deref() == Some("interrupt");
                self.outcome = match (is_stopped, entry.outcome.kind.as_str()) {
                    (true, _) => Outcome::Interrupted,
                    (false, "committed") => Outcome::Completed,
                    (false, _) => Outcome::Unfinished,
                };
            }
            ("reasoning", _) => self.draft.reasoning(created_at, id, &entry.text),
            ("effect", _) => {
                let arguments = entry.detail.input.as_ref().map_or("{}", |input| input.get());
                self.draft.call(created_at, &entry.id, &entry.detail.tool_name, arguments);
                if entry.state.has_ended() {
                    let (output, succeeded) = (entry.state.output(), entry.state.succeeded());
                    self.draft.result(updated_at, &entry.id, &output, succeeded);
                    if let Some(code) = entry.state.exit_code() {
                        self.draft.exit_code(&entry.id, code);
                    }
                }
                self.outcome = Outcome::Unfinished;
            }
            ("checkpoint", _) if entry.checkpoint == "compaction" => self.draft.compaction(created_at, id),
            _ => {}
        }
        self.draft.said_at(updated_at);
    }

    /// Ends the turn that is read.
    fn end(&mut self) {
        let known: Option<&Turn> = self.turn.and_then(|turn| self.projection.turns.get(turn));
        let Some(turn) = known else { return self.draft.end(self.outcome, None) };
        self.draft.said_at(at(turn.completed_at));
        match turn.status.as_str() {
            "completed" => self.draft.end(Outcome::Completed, None),
            "interrupted" => self.draft.end(Outcome::Interrupted, None),
            "failed" => self.draft.end(Outcome::Failed, turn.error.message.as_deref()),
            _ => self.draft.end(Outcome::Unfinished, None),
        }
    }
}
