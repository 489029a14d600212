//! Runs a crate's migrations statement by statement on an empty database, and records each effect.
//!
//! SQLite judges: its parser reads every statement, and its authorizer reports every effect.

use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::folder::Folder;
use super::sql::{Comment, Script, Statement, Unclosed};
use super::tables::Schema;

/// Outcome of a folder's migrations.
pub struct Replay {
    /// Database after every statement that ran.
    pub connection: Connection,
    /// Statements that ran, in order.
    pub steps: Vec<Step>,
    /// Comments that belong to no statement, with their versions and files.
    pub loose: Vec<(u32, String, Comment)>,
    /// Error that ended it, if any.
    pub failure: Option<Failure>,
}

pub struct Step {
    /// Version of its migration.
    pub version: u32,
    /// File, relative to the root.
    pub file: String,
    pub statement: Statement,
    /// Effects that SQLite reported.
    pub effects: Vec<Effect>,
    pub before: Rc<Schema>,
    pub after: Rc<Schema>,
}

/// Effect of a statement; reading is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Drops a table, index, view or trigger.
    Drop(String),
    Alter(String),
    Insert(String),
    Update(String),
    Delete(String),
    /// Reads or sets a property of the connection or the file.
    Pragma(String),
    /// Opens or closes another file.
    Attach,
    /// Begins or ends a transaction or a savepoint.
    Transaction,
}

/// Error that ended a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub place: String,
    /// Message of SQLite, or what was not closed.
    pub reason: String,
}

impl Step {
    /// Returns file and line.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.statement.line)
    }
}

impl Replay {
    /// Runs the migrations of a folder; a statement that fails is a [`Failure`].
    pub fn run(folder: &Folder) -> Result<Self> {
        let effects = Effects::default();
        let connection = Connection::open_in_memory().context("SQLite does not start")?;
        let recorder = effects.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            recorder.note(&context);
            Authorization::Allow
        }))?;
        // As when it is opened by a program: the migrator turns them off to let a table be rebuilt.
        connection.pragma_update(None, "foreign_keys", false)?;
        let schema = Rc::new(Schema::read(&connection)?);
        let mut replay = Self { connection, steps: Vec::new(), loose: Vec::new(), failure: None };
        let mut before = schema;
        for migration in &folder.migrations {
            let file = folder.place(&migration.file());
            // The folder's own audit reports what is not UTF-8.
            let text = String::from_utf8_lossy(&migration.bytes);
            let script = match Script::parse(text.trim_start_matches('\u{feff}')) {
                Ok(script) => script,
                Err(Unclosed { line, what }) => {
                    let reason = format!("the file ends within a {what} that begins here");
                    replay.failure = Some(Failure { place: format!("{file}:{line}"), reason });
                    return Ok(replay);
                }
            };
            for statement in script.statements {
                if let Err(error) = execute(&replay.connection, &statement, &effects) {
                    let reason = format!("SQLite refuses it: {error}");
                    replay.failure = Some(Failure { place: format!("{file}:{}", statement.line), reason });
                    return Ok(replay);
                }
                let effects = effects.drain();
                let after = Rc::new(Schema::read(&replay.connection)?);
                replay.steps.push(Step {
                    version: migration.version,
                    file: file.clone(),
                    statement,
                    effects,
                    before,
                    after: Rc::clone(&after),
                });
                before = after;
            }
            replay
                .loose
                .extend(script.loose.into_iter().map(|comment| (migration.version, file.clone(), comment)));
        }
        Ok(replay)
    }

    /// Returns the schema after a version; the empty one before the first.
    pub fn schema_at(&self, version: u32) -> Rc<Schema> {
        let last = self.steps.iter().rfind(|step| step.version <= version);
        last.map(|step| Rc::clone(&step.after)).unwrap_or_default()
    }

    /// Returns the schema after everything.
    pub fn schema(&self) -> Rc<Schema> {
        self.schema_at(u32::MAX)
    }

    /// Finds the statement that created what `is_there` looks for.
    pub fn origin(&self, is_there: impl Fn(&Schema) -> bool) -> Option<&Step> {
        self.steps.iter().rfind(|step| is_there(&step.after) && !is_there(&step.before))
    }
}

/// First words of statements that end the migrations' transaction, or cannot run within it.
///
/// The audit refuses them by their words, so they need not run.
const NOT_RUN: [&str; 7] = ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "VACUUM"];

/// Runs one statement, records its effects, and discards its rows.
fn execute(connection: &Connection, statement: &Statement, effects: &Effects) -> rusqlite::Result<()> {
    if NOT_RUN.iter().any(|word| statement.begins(&[word])) {
        return Ok(());
    }
    effects.set_listening(true);
    let prepared = connection.prepare(&statement.text);
    // While it runs, modules such as `fts5` prepare statements of their own.
    effects.set_listening(false);
    let mut prepared = prepared?;
    let mut rows = prepared.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

/// Effects that the authorizer reported while it was listened to.
#[derive(Clone, Default)]
struct Effects(Arc<Mutex<Reported>>);

#[derive(Default)]
struct Reported {
    is_listening: bool,
    effects: Vec<Effect>,
}

impl Effects {
    fn lock(&self) -> MutexGuard<'_, Reported> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_listening(&self, is_listening: bool) {
        self.lock().is_listening = is_listening;
    }

    fn drain(&self) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.lock().effects);
        effects.sort();
        effects.dedup();
        effects
    }

    fn note(&self, context: &AuthContext<'_>) {
        let mut heard = self.lock();
        // The effects of a trigger follow from the statement that fired it.
        if heard.is_listening
            && context.accessor.is_none()
            && let Some(effect) = effect(&context.action)
        {
            heard.effects.push(effect);
        }
    }
}

fn effect(action: &AuthAction<'_>) -> Option<Effect> {
    // SQLite updates its own tables in the same way.
    let ours = |table: &str| (!table.starts_with("sqlite_")).then(|| table.to_owned());
    Some(match action {
        AuthAction::DropTable { table_name: name }
        | AuthAction::DropTempTable { table_name: name }
        | AuthAction::DropVtable { table_name: name, .. }
        | AuthAction::DropIndex { index_name: name, .. }
        | AuthAction::DropTempIndex { index_name: name, .. }
        | AuthAction::DropTrigger { trigger_name: name, .. }
        | AuthAction::DropTempTrigger { trigger_name: name, .. }
        | AuthAction::DropView { view_name: name }
        | AuthAction::DropTempView { view_name: name } => Effect::Drop((*name).to_owned()),
        AuthAction::AlterTable { table_name, .. } => Effect::Alter((*table_name).to_owned()),
        AuthAction::Insert { table_name } => Effect::Insert(ours(table_name)?),
        AuthAction::Update { table_name, .. } => Effect::Update(ours(table_name)?),
        AuthAction::Delete { table_name } => Effect::Delete(ours(table_name)?),
        AuthAction::Pragma { pragma_name, .. } => Effect::Pragma(pragma_name.to_ascii_lowercase()),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Effect::Attach,
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => Effect::Transaction,
        _ => return None,
    })
}
