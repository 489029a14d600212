//! Reads one session of goose's database.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use threadkeep_rollout::ThreadKind;

use super::line::{Content, Metadata, tokens};
use super::tables::{Database, SessionRow, is_former};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource, Tokens};
use crate::sqlite::{integer, text};

/// First words of messages that goose writes itself.
const CONTEXT: &str = "<turn-context>";
const COMPACTED: &str = "Your context was compacted";

pub(super) fn session(database: &Database, id: &str, row: &SessionRow) -> Result<Session, StoreError> {
    let is_subagent = row.kind.as_deref() == Some("sub_agent");
    let mut reader = Reader {
        draft: Draft::new(id),
        database,
        id,
        row,
        is_subagent,
        origin: None,
        answers: HashMap::new(),
    };
    reader.head();
    let [messages, ledger] = &database.statements;
    if !messages.is_empty() {
        database.copied.each(messages, [id], |row| reader.message(row))?;
    }
    reader.ledger(ledger)?;
    reader.tail();
    Ok(reader.draft.finish())
}

struct Reader<'a> {
    draft: Draft,
    database: &'a Database,
    id: &'a str,
    row: &'a SessionRow,
    is_subagent: bool,
    /// Session that wrote the last copied message; empty if that session is gone.
    origin: Option<String>,
    /// Own answers that no row of the ledger was found for yet, by time and tokens.
    answers: HashMap<(Option<i64>, i64, i64), Vec<String>>,
}

impl Reader<'_> {
    fn head(&mut self) {
        let (draft, row) = (&mut self.draft, self.row);
        let source = if row.is_named_by_user { TitleSource::User } else { TitleSource::Agent };
        draft.title(row.name.as_deref().unwrap_or_default(), source);
        draft.cwd(row.directory.as_deref().unwrap_or_default());
        draft.session().archived = row.is_archived;
        if self.is_subagent {
            draft.session().kind = ThreadKind::Subagent;
        }
        draft.session().key = row.key(self.id);
        if let Some(schema) = self.database.schema {
            draft.format(schema);
        }
        if let Some(parent) = &row.parent {
            self.parent(parent, Relation::Subagent);
        }
    }

    /// Takes the session that this one comes from. A session that began later is another one with
    /// its id.
    fn parent(&mut self, id: &str, relation: Relation) {
        self.draft.parent(id, relation);
        let row = self.database.sessions.get(id).filter(|parent| parent.created <= self.row.created);
        let parent = self.draft.session().parent.as_mut().filter(|parent| parent.native_id == id);
        if let Some((parent, row)) = parent.zip(row) {
            parent.key = row.key(id);
        }
    }

    /// Returns true for a message that was copied: another session wrote it, or it is older than
    /// this session. A session of a former version keeps its old id, which is its true start.
    fn is_copied(&self, message_id: &str, at: Option<Timestamp>) -> bool {
        let owner = self.database.owners.get(message_id);
        let is_older = at.zip(self.row.created).is_some_and(|(at, created)| at < created);
        owner.is_some_and(|owner| owner != self.id) || (!is_former(self.id) && is_older)
    }

    fn message(&mut self, row: &rusqlite::Row<'_>) {
        let seconds = integer(row, 3);
        let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let (id, role) = (text(row, 1).unwrap_or_default(), text(row, 2).unwrap_or_default());
        let metadata: Metadata =
            text(row, 5).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let Some(content) = text(row, 4).and_then(Content::read) else { return self.draft.skip(1) };
        let is_copied = self.is_copied(id, at);
        if is_copied {
            self.origin = Some(self.database.owners.get(id).cloned().unwrap_or_default());
        }
        self.draft.inherit(is_copied);
        self.draft.said_at(at);
        let id = Some(id).filter(|id| !id.is_empty());
        let is_visible = metadata.user_visible != Some(false);
        match role {
            "user" => {
                content.take_results(&mut self.draft, at);
                if is_visible && !metadata.turn_context {
                    self.prompt(&content, at, id);
                }
            }
            "assistant" if is_visible => self.answer(&content, &metadata, at, id, seconds),
            "assistant" if content.text().starts_with(COMPACTED) => self.draft.compaction(at, id),
            _ => {}
        }
    }

    fn prompt(&mut self, content: &Content<'_>, at: Option<Timestamp>, id: Option<&str>) {
        let (words, images) = (content.text(), content.images());
        let mut words = words.as_str();
        if self.is_subagent && words.starts_with("Subagent ID: ") {
            words = words.split_once("\n\n").map_or("", |(_, task)| task);
        }
        let is_typed = words != "/compact" && !words.starts_with(CONTEXT);
        if is_typed && (!words.is_empty() || images > 0) && id.is_none_or(|id| self.draft.is_new(id)) {
            self.draft.prompt(at, id, words, images);
        }
    }

    fn answer(
        &mut self,
        content: &Content<'_>,
        metadata: &Metadata,
        at: Option<Timestamp>,
        id: Option<&str>,
        seconds: Option<i64>,
    ) {
        if content.text() == "Compaction complete" && metadata.usage.is_none() {
            return;
        }
        let model = metadata.inference.as_ref().map(|inference| inference.requested_model.clone());
        if let (Some(usage), Some(id)) = (metadata.usage, id) {
            let tokens = Tokens::from(usage);
            if self.is_copied(id, at) {
                let id = id.to_owned();
                let purpose = Purpose::Conversation;
                self.draft.request(Request { id, at, model, purpose, tokens, inherited: true });
            } else {
                let key = (seconds, tokens.input, tokens.output);
                self.answers.entry(key).or_default().push(id.to_owned());
            }
        }
        content.take_answer(&mut self.draft, at, id);
        let outcome = if content.has_call() { Outcome::Unfinished } else { Outcome::Completed };
        self.draft.end(outcome, None);
    }

    /// Takes the requests: one row of the ledger each, also of answers that were cleared. Tokens
    /// that are only in the session's sums were used before there was a ledger.
    fn ledger(&mut self, statement: &str) -> Result<(), StoreError> {
        self.draft.inherit(false);
        let mut sum = Tokens::default();
        if !statement.is_empty() {
            self.database.copied.each(statement, [self.id], |row| sum = sum.plus(self.call(row)))?;
        }
        let whole = tokens(self.row.sums);
        let rest = tokens([
            Some(whole.input - sum.input),
            Some(whole.output - sum.output),
            Some(whole.cached_input - sum.cached_input),
            Some(whole.cache_write - sum.cache_write),
        ]);
        // An import has the sums of the session that it is a copy of.
        if (rest.input > 0 || rest.output > 0) && self.origin.is_none() {
            let id = format!("{}/before the ledger", self.id);
            let purpose = Purpose::Conversation;
            self.draft.request(Request {
                id,
                at: None,
                model: None,
                purpose,
                tokens: rest,
                inherited: false,
            });
        }
        Ok(())
    }

    fn call(&mut self, row: &rusqlite::Row<'_>) -> Tokens {
        let tokens = tokens([0, 1, 2, 3].map(|column| integer(row, column)));
        let seconds = integer(row, 5);
        // Its time and model are those of the resume, not of what was used.
        let is_carried = text(row, 7) == Some("carried_forward");
        let is_compaction = integer(row, 8) == Some(1);
        let answer = self.answers.get_mut(&(seconds, tokens.input, tokens.output)).filter(|_| !is_compaction);
        let message_id = answer.filter(|ids| !ids.is_empty()).map(|ids| ids.remove(0));
        let id = || format!("{}/{}", self.id, integer(row, 4).unwrap_or_default());
        self.draft.request(Request {
            id: message_id.unwrap_or_else(id),
            at: seconds.filter(|_| !is_carried).and_then(|seconds| Timestamp::from_second(seconds).ok()),
            model: text(row, 6).map(str::to_owned),
            purpose: if is_compaction { Purpose::Hidden } else { Purpose::Conversation },
            tokens,
            inherited: is_carried && self.origin.is_some(),
        });
        tokens
    }

    fn tail(&mut self) {
        #[derive(Deserialize)]
        struct Chosen {
            model_name: String,
        }
        let chosen = self.row.model.as_deref().and_then(|json| serde_json::from_str::<Chosen>(json).ok());
        if let Some(chosen) = chosen {
            self.draft.model(&chosen.model_name);
        }
        if let Some(origin) = self.origin.take() {
            // It began when the copies were made.
            self.draft.said_at(self.row.created);
            if !origin.is_empty() {
                self.parent(&origin, Relation::Fork);
            }
        }
    }
}
