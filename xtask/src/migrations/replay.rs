//! Runs a crate's migrations statement by statement on an empty database, and records each effect.
//!
//! SQLite judges: its parser reads every statement, and its authorizer reports every effect.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::mpsc;

use anyhow::{Context, Result};
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::folder::Folder;
use super::sql::{Comment, Script, Statement, Unclosed};
use super::tables::Schema;
use crate::finding::Finding;

/// Outcome of a folder's migrations.
pub struct Replay {
    /// Database after every statement that ran.
    pub connection: Connection,
    /// Statements that ran, in order.
    pub steps: Vec<Step>,
    /// Comments that belong to no statement, with their versions and files.
    pub loose: Vec<(u32, String, Comment)>,
    /// Error that ended it, if any.
    pub failure: Option<Finding>,
}

pub struct Step {
    /// Version of its migration.
    pub version: u32,
    /// File, relative to the root.
    pub file: String,
    pub statement: Statement,
    pub effects: BTreeSet<Effect>,
    pub before: Rc<Schema>,
    pub after: Rc<Schema>,
}

/// Effect of a statement; reading is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Drops a `table`, `index`, `view` or `trigger` of this name.
    Drop(&'static str, String),
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

impl Step {
    /// Returns true if it writes rows itself. To SQLite, DROP and ALTER write rows too.
    pub fn writes_rows(&self) -> bool {
        let writes =
            |effect: &Effect| matches!(effect, Effect::Insert(_) | Effect::Update(_) | Effect::Delete(_));
        let remakes = |effect: &Effect| matches!(effect, Effect::Drop(..) | Effect::Alter(_));
        self.effects.iter().any(writes) && !self.effects.iter().any(remakes)
    }

    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.statement.line)
    }
}

impl Replay {
    /// Runs the migrations of a folder. The first statement that fails is recorded.
    pub fn run(folder: &Folder) -> Result<Self> {
        let connection = Connection::open_in_memory().context("SQLite does not start")?;
        // As when it is opened by a program: the migrator turns them off to let a table be rebuilt.
        connection.pragma_update(None, "foreign_keys", false)?;
        let mut before = Rc::new(Schema::read(&connection)?);
        let mut replay = Self { connection, steps: Vec::new(), loose: Vec::new(), failure: None };
        for migration in &folder.migrations {
            let file = folder.place(&migration.file());
            // The folder's own audit reports what is not UTF-8.
            let text = String::from_utf8_lossy(&migration.bytes);
            let refuse = |line: usize, reason: String| {
                let fix = "write SQL that SQLite runs on an empty database";
                Finding::new(format!("{file}:{line}"), "migrations/refused", reason, fix)
            };
            let script = match Script::parse(text.trim_start_matches('\u{feff}')) {
                Ok(script) => script,
                Err(Unclosed { line, what }) => {
                    let reason = format!("the file ends within a {what} that begins here");
                    return Ok(Self { failure: Some(refuse(line, reason)), ..replay });
                }
            };
            for statement in script.statements {
                let effects = match execute(&replay.connection, &statement) {
                    Ok(effects) => effects,
                    Err(error) => {
                        let reason = format!("SQLite refuses it: {error}");
                        return Ok(Self { failure: Some(refuse(statement.line, reason)), ..replay });
                    }
                };
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

    pub fn schema(&self) -> Rc<Schema> {
        self.schema_at(u32::MAX)
    }

    /// Finds the statement after which all these names are there (see [`Schema::has`]).
    pub fn origin(&self, names: &[String]) -> Option<&Step> {
        let are_there = |schema: &Schema| names.iter().all(|name| schema.has(name));
        self.steps.iter().rfind(|step| are_there(&step.after) && !are_there(&step.before))
    }
}

/// Runs one statement, records its effects, and discards its rows.
fn execute(connection: &Connection, statement: &Statement) -> rusqlite::Result<BTreeSet<Effect>> {
    if statement.begins("VACUUM") {
        // It cannot run in a transaction, and the audit refuses it by its word.
        return Ok(BTreeSet::new());
    }
    let (report, reported) = mpsc::channel();
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        // The effects of a trigger follow from the statement that fired it.
        if let Some(effect) = effect(&context.action).filter(|_| context.accessor.is_none()) {
            // The receiver lives until the statement is prepared.
            let _ = report.send(effect);
        }
        Authorization::Allow
    }))?;
    let prepared = connection.prepare(&statement.text);
    // While it runs, modules such as `fts5` prepare statements of their own.
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    let effects: BTreeSet<Effect> = reported.into_iter().collect();
    let mut prepared = prepared?;
    // The audit refuses what would end the transaction of the migrations.
    if !effects.contains(&Effect::Transaction) {
        let mut rows = prepared.raw_query();
        while rows.next()?.is_some() {}
    }
    Ok(effects)
}

fn effect(action: &AuthAction<'_>) -> Option<Effect> {
    // SQLite updates its own tables in the same way.
    let ours = |table: &str| (!table.starts_with("sqlite_")).then(|| table.to_owned());
    Some(match action {
        AuthAction::DropTable { table_name: name }
        | AuthAction::DropTempTable { table_name: name }
        | AuthAction::DropVtable { table_name: name, .. } => Effect::Drop("table", (*name).to_owned()),
        AuthAction::DropIndex { index_name: name, .. }
        | AuthAction::DropTempIndex { index_name: name, .. } => Effect::Drop("index", (*name).to_owned()),
        AuthAction::DropTrigger { trigger_name: name, .. }
        | AuthAction::DropTempTrigger { trigger_name: name, .. } => {
            Effect::Drop("trigger", (*name).to_owned())
        }
        AuthAction::DropView { view_name: name } | AuthAction::DropTempView { view_name: name } => {
            Effect::Drop("view", (*name).to_owned())
        }
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
