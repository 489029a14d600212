//! The check of a database that was not closed cleanly, or was changed since.

use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use super::schema::TABLE;
use super::seal;
use crate::error::{DbError, ErrorClass};
use crate::form;
use crate::paths::DbPaths;
use crate::spec::DbSpec;

/// An object of a schema: type, name and text. As bytes, because a damaged text need not be UTF-8.
type Object = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);

/// Checks structure, indexes and schema. A large database is checked without its indexes, which
/// would take several times as long.
pub(crate) async fn examine(
    connection: &mut SqliteConnection,
    spec: &DbSpec,
    paths: &DbPaths,
) -> Result<(), DbError> {
    let corrupt = |found: String| DbError::Corrupt(paths.database.clone(), found.into());
    let failed = |error: sqlx::Error| match ErrorClass::of(&error) {
        // The message is SQLite's, and says what does not fit.
        ErrorClass::Other => corrupt(error.to_string()),
        _ => DbError::sqlx(paths, Duration::ZERO, error),
    };
    let length = std::fs::metadata(&paths.database).map_or(0, |file| file.len());
    let pragma = if length <= seal::SMALL { "integrity_check" } else { "quick_check" };
    let check = sqlx::query_scalar(AssertSqlSafe(format!("PRAGMA {pragma}(1)"))).persistent(false);
    let found: Vec<String> = check.fetch_all(&mut *connection).await.map_err(failed)?;
    if let Some(problem) = found.into_iter().find(|line| line != "ok") {
        return Err(corrupt(problem.lines().last().unwrap_or_default().to_owned()));
    }
    // Migrations that cannot be run here, or that have removed their own table, say nothing about
    // the schema.
    if is_current(connection, spec).await
        && let Ok(mut missing) = expected(spec).await
    {
        // Another program may have added to it.
        let found = objects(connection).await.map_err(failed)?;
        missing.retain(|object| !found.contains(object));
        if !missing.is_empty() {
            return Err(corrupt("its schema is not the one that its migrations make".to_owned()));
        }
        if length <= seal::SMALL
            && let Some(problem) = form::problem(connection, spec.forms).await
        {
            return Err(corrupt(problem));
        }
    }
    if length <= seal::SMALL
        && let Some(table) = table_with_broken_text(connection).await.map_err(failed)?
    {
        return Err(corrupt(format!("a text in {table} is not UTF-8")));
    }
    Ok(())
}

/// Returns true if all migrations of this program are applied, and no others.
async fn is_current(connection: &mut SqliteConnection, spec: &DbSpec) -> bool {
    let found = sqlx::query_scalar("SELECT count(*) = ?1 AND max(version) = ?1 FROM _sqlx_migrations")
        .bind(spec.newest_version())
        .fetch_one(connection)
        .await;
    found.unwrap_or(false)
}

/// Returns a table with a text that is not UTF-8, which no check of SQLite looks for. Reads the
/// whole database.
pub(crate) async fn table_with_broken_text(
    connection: &mut SqliteConnection,
) -> Result<Option<String>, sqlx::Error> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT tables.name, group_concat(format('\"%w\"', columns.name)) \
         FROM pragma_table_list AS tables, pragma_table_xinfo(tables.name) AS columns \
         WHERE tables.schema = 'main' AND tables.type = 'table' AND columns.type = 'TEXT' AND columns.hidden = 0 \
         GROUP BY tables.name",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (table, columns) in columns {
        let name = table.replace('"', "\"\"");
        // The texts of a row as one value: a row costs more than its bytes.
        let texts = format!("SELECT CAST(concat_ws(char(0), {columns}) AS BLOB) FROM \"{name}\"");
        let texts = sqlx::query_scalar::<_, Vec<u8>>(AssertSqlSafe(texts)).persistent(false);
        let is_broken = |text: &Vec<u8>| std::str::from_utf8(text).is_err();
        if texts.fetch_all(&mut *connection).await?.iter().any(is_broken) {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// Returns the schema that the migrations make.
async fn expected(spec: &DbSpec) -> Result<Vec<Object>, sqlx::Error> {
    let mut blank = blank(spec).await?;
    let objects = objects(&mut blank).await?;
    blank.close().await?;
    Ok(objects)
}

/// Makes an empty database in memory with the migrations of this program.
pub(crate) async fn blank(spec: &DbSpec) -> Result<SqliteConnection, sqlx::Error> {
    let options: SqliteConnectOptions = "sqlite::memory:".parse()?;
    let mut blank = options.disable_statement_logging().connect().await?;
    for migration in spec.migrations {
        blank.execute(migration.sql).await?;
    }
    Ok(blank)
}

async fn objects(connection: &mut SqliteConnection) -> Result<Vec<Object>, sqlx::Error> {
    sqlx::query_as(
        "SELECT CAST(type AS BLOB), CAST(name AS BLOB), CAST(sql AS BLOB) FROM sqlite_schema \
         WHERE tbl_name <> ?1 AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY 1, 2",
    )
    .bind(TABLE)
    .fetch_all(connection)
    .await
}
