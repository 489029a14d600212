//! Reads one session of opencode.

use jiff::Timestamp;

use super::line::{Message, Model, Part, Revert, State};
use super::tables::{Database, SessionRow};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource, Tokens};
use crate::sqlite::{integer, text};

/// Name of the error that says that the user stopped an answer.
const ABORTED: &str = "MessageAbortedError";

pub(super) fn session(database: &Database, found: &FoundSession) -> Result<Session, StoreError> {
    let id = found.native_id.as_str();
    let row = database.sessions.get(id).ok_or_else(|| found.gone())?;
    let mut reader = Reader { draft: Draft::new(id), database, row, current: Current::default() };
    reader.head();
    if !database.messages.is_empty() {
        database.copied.each(&database.messages, [id], |row| reader.take(row))?;
    }
    reader.close();
    reader.withdraw();
    reader.choose();
    Ok(reader.draft.finish())
}

struct Reader<'a> {
    draft: Draft,
    database: &'a Database,
    row: &'a SessionRow,
    current: Current,
}

/// The message whose parts are being read.
#[derive(Default)]
struct Current {
    id: String,
    at: Option<Timestamp>,
    is_answer: bool,
    is_summary: bool,
    outcome: Option<(Outcome, Option<String>)>,
    words: Vec<String>,
    files: usize,
    images: usize,
}

impl Reader<'_> {
    fn head(&mut self) {
        let (draft, row) = (&mut self.draft, self.row);
        draft.said_at(time(row.created));
        draft.said_at(time(row.updated));
        draft.title(row.title.as_deref().unwrap_or_default(), TitleSource::Agent);
        draft.cwd(row.directory.as_deref().unwrap_or_default());
        draft.agent_version(row.version.as_deref().unwrap_or_default());
        draft.session().archived = row.archived.is_some();
        if let Some(parent) = &row.parent {
            draft.parent(parent, Relation::Subagent);
        } else if let Some(origin) = self.database.origins.get(&draft.session().native_id) {
            draft.parent(origin, Relation::Fork);
        }
    }

    fn take(&mut self, row: &rusqlite::Row<'_>) {
        let Some(id) = text(row, 0) else { return self.draft.skip(1) };
        if self.current.id != id {
            self.close();
            self.current = Current { id: id.to_owned(), ..Current::default() };
            match text(row, 2).and_then(|data| serde_json::from_str::<Message<'_>>(data).ok()) {
                Some(message) => self.message(&message, integer(row, 1)),
                None => self.draft.skip(1),
            }
        }
        let Some(part_id) = text(row, 3) else { return };
        match text(row, 4).and_then(|data| serde_json::from_str::<Part<'_>>(data).ok()) {
            Some(part) if self.current.is_answer => self.answer(part_id, &part),
            Some(part) => self.prompt(part_id, part),
            None => self.draft.skip(1),
        }
    }

    fn message(&mut self, message: &Message<'_>, row_created: Option<i64>) {
        let times = message.time.unwrap_or_default();
        let created = times.created.or(row_created);
        let at = time(created);
        self.draft.inherit(created < self.row.created && created.is_some());
        self.draft.said_at(at);
        self.draft.said_at(time(times.completed));
        self.current.at = at;
        self.current.is_answer = message.role == "assistant";
        self.current.is_summary = message.summary == Some(true);
        if let Some(model) = &message.model {
            self.draft.model(&model.id);
        }
        if let Some(path) = &message.path {
            self.draft.cwd(&path.cwd);
        }
        if !self.current.is_answer {
            return;
        }
        let tokens = message.tokens.map(Tokens::from).unwrap_or_default();
        if tokens.input > 0 || tokens.output > 0 {
            let id = self.database.originals.get(&self.current.id).unwrap_or(&self.current.id);
            let is_summary = self.current.is_summary;
            self.draft.request(Request {
                id: id.clone(),
                at: time(times.completed).or(at),
                model: message.model_id.clone(),
                purpose: if is_summary { Purpose::Hidden } else { Purpose::Conversation },
                tokens,
                inherited: false,
            });
        } else if let Some(model) = &message.model_id {
            self.draft.model(model);
        }
        let goes_on = matches!(message.finish.as_deref(), Some("tool-calls" | "unknown"));
        self.current.outcome = match &message.error {
            Some(error) if error.name == ABORTED => Some((Outcome::Interrupted, None)),
            Some(error) => {
                let said = error.data.as_ref().map_or(&error.name, |data| &data.message);
                Some((Outcome::Failed, Some(said.clone())))
            }
            None if self.current.is_summary => None,
            None if goes_on || times.completed.is_none() => Some((Outcome::Unfinished, None)),
            None => Some((Outcome::Completed, None)),
        };
    }

    fn answer(&mut self, id: &str, part: &Part<'_>) {
        let times = part.time.unwrap_or_default();
        let at = time(times.start).or(self.current.at);
        let words = part.text.as_deref().unwrap_or_default();
        match &*part.kind {
            "text" | "reasoning" if self.current.is_summary => {}
            "text" => self.draft.answer(at, Some(id), words),
            "reasoning" => self.draft.reasoning(at, Some(id), words),
            "tool" => self.call(id, part),
            _ => {}
        }
    }

    fn call(&mut self, id: &str, part: &Part<'_>) {
        let state = part.state.and_then(|state| serde_json::from_str::<State<'_>>(state.get()).ok());
        let Some(state) = state else { return self.draft.skip(1) };
        let times = state.time.unwrap_or_default();
        let call_id = part.call_id.as_deref().unwrap_or(id);
        let name = part.tool.as_deref().unwrap_or_default();
        let input = state.input.map_or("{}", |input| input.get());
        self.draft.call(time(times.start).or(self.current.at), call_id, name, input);
        let exit = state.metadata.unwrap_or_default().exit;
        let (result, succeeded) = match &*state.status {
            "completed" => (state.output.unwrap_or_default(), exit.is_none_or(|code| code == 0)),
            "error" => (state.error.unwrap_or_default(), false),
            _ => return,
        };
        self.draft.result(time(times.end), call_id, &result, Some(succeeded));
        if let Some(code) = exit {
            self.draft.exit_code(call_id, code);
        }
    }

    fn prompt(&mut self, id: &str, part: Part<'_>) {
        let current = &mut self.current;
        match &*part.kind {
            "text" if part.synthetic != Some(true) => {
                current.words.extend(part.text.map(|words| unquoted(&words).unwrap_or(words)));
            }
            "subtask" => current.words.extend(part.prompt),
            "file" => {
                current.files += 1;
                let is_image = part.mime.is_some_and(|mime| mime.starts_with("image/"));
                current.images += usize::from(is_image);
            }
            "compaction" => self.draft.compaction(current.at, Some(id)),
            _ => {}
        }
    }

    /// Ends the message: a prompt is whole, and the end of an answer that of its turn.
    fn close(&mut self) {
        let current = std::mem::take(&mut self.current);
        if let Some((outcome, error)) = current.outcome {
            self.draft.end(outcome, error.as_deref());
        } else if !current.is_answer && (!current.words.is_empty() || current.files > 0) {
            self.draft.prompt(current.at, Some(&current.id), &current.words.join("\n"), current.images);
        }
    }

    /// Marks the turns that the user took back, which stay until the next prompt.
    fn withdraw(&mut self) {
        let revert = self.row.revert.as_deref().and_then(|json| serde_json::from_str::<Revert>(json).ok());
        let turns = &mut self.draft.session().turns;
        let first = revert.and_then(|revert| turns.iter().position(|turn| turn.id == revert.message_id));
        for turn in turns.iter_mut().skip(first.unwrap_or(usize::MAX)) {
            turn.outcome = Outcome::Withdrawn;
        }
    }

    /// Takes the model that was chosen for a session, if no message names one.
    fn choose(&mut self) {
        let chosen = self.row.model.as_deref().and_then(|json| serde_json::from_str::<Model>(json).ok());
        if let Some(model) = chosen.filter(|_| self.draft.session().models.is_empty()) {
            self.draft.inherit(false);
            self.draft.model(&model.id);
        }
    }
}

fn time(milliseconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds?).ok()
}

/// Returns words without the quotes that `opencode run "a b"` puts around them; `None` if they are
/// not in such quotes.
fn unquoted(words: &str) -> Option<String> {
    let inner = words.strip_prefix('"')?.strip_suffix('"')?;
    let whole = inner.replace("\\\"", "");
    (inner.contains(' ') && !whole.contains('"')).then(|| inner.replace("\\\"", "\""))
}
