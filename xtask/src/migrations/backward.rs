//! The program of an earlier release works on a database that today's has upgraded, or is told that it cannot.
//!
//! Of an earlier program there is what it knew: its migrations, the rows that it wrote, the columns that it read, and, from
//! its release on, every statement that it runs.

use anyhow::{Context as _, Result, ensure};
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::{Database, Durability, OpenOptions};

use super::Task;
use super::fixtures::Fixtures;
use super::lab::{self, Lab};
use super::replay::Replay;
use super::sql::Statement;
use crate::finding::Finding;

/// Puts every release to work on today's database.
///
/// # Errors
///
/// When a fixture cannot be read, or there is no room for databases.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fixtures = Fixtures::read(task.repo, task.owner)?;
    let replay = Replay::run(&task.owner.folder)?;
    if replay.failure.is_some() || task.owner.newest() == 0 {
        return Ok(Vec::new());
    }
    let mut releases: Vec<u32> = fixtures.frozen.keys().copied().collect();
    if releases.is_empty() {
        releases.push(fixtures.oldest());
    }
    let mut found = Vec::new();
    for release in releases {
        if let Err(error) = works(task, &fixtures, &replay, release) {
            found.push(Finding::new(
                &task.owner.folder.path,
                "migrations/backward",
                format!("a program of version {release} on today's database: {error:#}"),
                "add what is new beside what it uses; or set the floor (PRAGMA user_version), which tells it to stop",
            ));
        }
    }
    Ok(found)
}

fn works(task: &Task<'_>, fixtures: &Fixtures, replay: &Replay, release: u32) -> Result<()> {
    let lab = Lab::new(task.owner)?;
    lab.open(task.owner.newest())?;
    let floor = replay.schema().floor;
    let rows: Vec<&Statement> = match fixtures.frozen.get(&release) {
        Some(frozen) => frozen.iter().collect(),
        None => fixtures.hooks.range(..=release).flat_map(|(_, hook)| &hook.fill).collect(),
    };
    // What migrations themselves have written is among the rows of a release.
    lab.clear()?;
    match write(task, &lab, &rows, release) {
        Err(error) if lab::is_newer(&error) => {
            ensure!(floor > release, "it is told that the database is too new, and the floor is {floor}");
            return Ok(());
        }
        written => written?,
    }
    ensure!(floor <= release, "it may write, and the floor is {floor}");
    let connection = lab.connect()?;
    let old = replay.schema_at(release);
    for (name, table) in &old.tables {
        let columns: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
        lab::rows(&connection, name, &columns).with_context(|| format!("it reads {name}"))?;
    }
    for statement in fixtures.statements.get(&release).into_iter().flatten() {
        let name = statement.comments.first().map_or("?", |comment| &comment.text);
        connection.prepare(&statement.text).with_context(|| format!("it runs `{name}`"))?;
    }
    lab::damage(&connection)?.map_or(Ok(()), |damage| Err(anyhow::anyhow!("{damage}")))
}

/// Writes the rows of a release, each in a transaction of its own, as a program of that release.
fn write(task: &Task<'_>, lab: &Lab<'_>, rows: &[&Statement], release: u32) -> Result<()> {
    let spec = lab::spec(task.owner, release)?;
    lab::block_on(async {
        let database = Database::open(spec, lab.folder(), &OpenOptions::new()).await?;
        let mut tx = database.begin(Durability::Usual).await?;
        // Rows of one release stand in no order that foreign keys would ask for.
        sqlx::query("PRAGMA defer_foreign_keys = ON")
            .execute(tx.conn())
            .await
            .map_err(|error| database.error(error))?;
        for row in rows {
            let written = sqlx::query(AssertSqlSafe(row.text.clone())).execute(tx.conn()).await;
            written.with_context(|| format!("it writes `{}`", row.one_line()))?;
        }
        tx.commit().await?;
        database.close().await?;
        Ok(())
    })
}
