//! Forgetting a thread: every statement that takes what names it, or holds words of it, out of an index.

use std::collections::HashSet;

use sqlx::{Row as _, SqliteConnection};
use threadkeep_sqlite::text_of;
use uuid::Uuid;

use crate::graph::UNLINK;

/// What stands for a deleted thread in what says who started another one.
const DELETED_PARENT: &str = "deleted";

/// What names the thread `?1`, or holds words of it, each with the table that it is about. Its memory goes with its row.
const FORGET: [(&str, &str); 6] = [
    // A file that is named after the thread; its checkpoint goes with the row.
    ("rollouts", "DELETE FROM rollouts WHERE thread_id = ?1 AND instr(lower(path), ?1) > 0"),
    (
        "rollout_checkpoints",
        "DELETE FROM rollout_checkpoints WHERE path IN (SELECT path FROM rollouts WHERE thread_id = ?1)",
    ),
    (
        "rollouts",
        "UPDATE rollouts SET outcome = 'deleted', problem = NULL, detail = NULL, thread_id = NULL WHERE thread_id = ?1",
    ),
    ("session_names", "DELETE FROM session_names WHERE thread_id = ?1"),
    // An interrupted pass that came as far as its file begins again from the start.
    (
        "backfill_progress",
        "UPDATE backfill_progress SET watermark = NULL WHERE instr(lower(watermark), ?1) > 0",
    ),
    ("deleted_threads", "DELETE FROM deleted_threads WHERE thread_id = ?1"),
];

/// What an index that is not used any more has of a deletion itself.
const FORGET_CLEANUPS: (&str, &str) =
    ("pending_cleanups", "DELETE FROM pending_cleanups WHERE thread_id = ?1");

/// Forgets a thread; says whether the index had it.
pub(crate) async fn forget(conn: &mut SqliteConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let text = text_of(id);
    let row = sqlx::query("DELETE FROM threads WHERE id = ?1").bind(&text).execute(&mut *conn).await?;
    orphan_children(conn, id).await?;
    for (_, statement) in statements() {
        sqlx::query(statement).bind(&text).execute(&mut *conn).await?;
    }
    Ok(row.rows_affected() > 0)
}

/// Forgets a thread in a snapshot of an index, whatever version of the schema that has.
pub(crate) async fn forget_in_snapshot(conn: &mut SqliteConnection, id: Uuid) -> Result<(), sqlx::Error> {
    let text = text_of(id);
    let rows =
        sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(&mut *conn).await?;
    let tables = rows.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<&str>, _>>()?;
    sqlx::query("DELETE FROM threads WHERE id = ?1").bind(&text).execute(&mut *conn).await?;
    orphan_children(conn, id).await?;
    for (_, statement) in statements().chain([FORGET_CLEANUPS]).filter(|(table, _)| tables.contains(table)) {
        sqlx::query(statement).bind(&text).execute(&mut *conn).await?;
    }
    Ok(())
}

fn statements() -> impl Iterator<Item = (&'static str, &'static str)> {
    FORGET.into_iter().chain(UNLINK.map(|statement| ("agents", statement)))
}

/// Takes a thread out of the rows of those that it spawned.
async fn orphan_children(conn: &mut SqliteConnection, parent: Uuid) -> Result<(), sqlx::Error> {
    let text = text_of(parent);
    let children = sqlx::query("SELECT id, source FROM threads WHERE parent_thread_id = ?1")
        .bind(&text)
        .fetch_all(&mut *conn)
        .await?;
    for child in &children {
        let source: Option<&str> = child.try_get(1)?;
        sqlx::query("UPDATE threads SET parent_thread_id = NULL, source = ?2 WHERE id = ?1")
            .bind(child.try_get::<&str, _>(0)?.to_owned())
            .bind(source.map(|source| without_parent(source, parent)))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// What started a thread, without the name of the one that did: in every form in which it can be read as an id.
pub(super) fn without_parent(source: &str, parent: Uuid) -> String {
    let mut cleaned = source.to_owned();
    for form in [parent.hyphenated().to_string(), parent.simple().to_string()] {
        // As long as the text itself, because only ASCII letters change.
        while let Some(at) = cleaned.to_ascii_lowercase().find(&form) {
            cleaned.replace_range(at..at + form.len(), DELETED_PARENT);
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_named_in_no_form() {
        let parent = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba61);
        let other = "01a2036c-de71-77f1-a9e3-3c28701bba62";
        for form in [
            parent.to_string(),
            parent.to_string().to_uppercase(),
            parent.simple().to_string(),
            parent.urn().to_string(),
        ] {
            let source =
                format!("{{\"subagent\":{{\"of\":\"{form}\",\"é\":\"{form}\",\"not\":\"{other}\"}}}}");
            let cleaned = without_parent(&source, parent).replace("urn:uuid:", "");
            assert_eq!(
                cleaned,
                format!("{{\"subagent\":{{\"of\":\"deleted\",\"é\":\"deleted\",\"not\":\"{other}\"}}}}")
            );
        }
    }
}
