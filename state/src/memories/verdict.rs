//! The rules of a claim as SQL, in one place for claims, dry runs and counts.

use jiff::Timestamp;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};
use threadkeep_memories::{ClaimRequest, SkipReason};
use threadkeep_sqlite::{json, owner_is_dead, uuid_text};
use uuid::Uuid;

/// Word of a [`SkipReason`], or NULL for a thread that can be claimed. The words are those of
/// [`SkipReason::code`]; a test compares both.
///
/// `?1` the present, `?2` and `?3` the oldest and newest update, `?4` the current thread, `?5` and
/// `?6` true to include `exec` and archived threads, `?7` the most attempts, `?8` the threads whose
/// worker is dead, as a JSON array, `?9` the time before which no failure counts.
const VERDICT: &str = "CASE \
    WHEN kind <> 'user' THEN 'kind' \
    WHEN source_kind IS NOT 'cli' AND source_kind IS NOT 'vscode' AND NOT (?5 AND source_kind IS 'exec') \
      THEN 'source' \
    WHEN missing_since_ms IS NOT NULL THEN 'missing' \
    WHEN archived AND NOT ?6 THEN 'archived' \
    WHEN memory_mode <> 'enabled' THEN 'memory_off' \
    WHEN threads.id IS ?4 THEN 'current' \
    WHEN updated_at_ms < ?2 THEN 'too_old' \
    WHEN updated_at_ms > ?3 THEN 'too_recent' \
    WHEN remembered_ms >= updated_at_ms THEN 'up_to_date' \
    WHEN state = 'running' AND lease_expires_ms > ?1 \
      AND memory_jobs.thread_id NOT IN (SELECT value FROM json_each(?8)) THEN 'running' \
    WHEN input_ms < updated_at_ms OR coalesce(finished_at_ms, 0) < ?9 THEN NULL \
    WHEN state = 'failed' AND (retry_at_ms IS NULL OR attempts >= ?7) \
      OR state = 'running' AND attempts >= ?7 THEN 'no_retries_left' \
    WHEN state = 'failed' AND retry_at_ms > ?1 THEN 'waiting' \
    END";

/// Number of claims of a thread that count.
const TRIES: &str = "CASE WHEN input_ms < updated_at_ms OR coalesce(finished_at_ms, 0) < ?9 THEN 0 ELSE coalesce(attempts, 0) END";

const FROM: &str = "FROM threads LEFT JOIN memory_jobs ON memory_jobs.thread_id = threads.id";

/// Columns of a thread's facts, see [`facts`](super::claim::facts).
pub(super) const FACTS: &str = "threads.id, coalesce(name, title, first_user_message), cwd, \
     nullif(coalesce(user_git_branch, git_branch), ''), rollout_path, updated_at_ms";

/// Selects the threads to claim, at most `?10`.
///
/// The conditions before the verdict follow from it. They let SQLite read one range of an index:
/// `threads_to_remember`, unless runs of `exec` count.
pub(super) fn to_claim(include_exec: bool, include_archived: bool) -> String {
    let listing = if include_archived { "listing IN (0, 1)" } else { "listing = 0" };
    let source = if include_exec { "" } else { "AND (source_kind = 'cli' OR source_kind = 'vscode') " };
    format!(
        "SELECT {FACTS}, {TRIES} {FROM} \
         WHERE {listing} {source}AND (remembered_ms IS NULL OR remembered_ms < updated_at_ms) \
           AND updated_at_ms BETWEEN ?2 AND ?3 AND {VERDICT} IS NULL \
         ORDER BY updated_at_ms DESC, threads.id DESC LIMIT +?10"
    )
}

/// Selects every thread with its verdict, the latest update first.
pub(super) fn all() -> String {
    format!(
        "SELECT {FACTS}, {VERDICT}, retry_at_ms, CASE WHEN state IN ('failed', 'succeeded_no_output') THEN reason END {FROM} \
         ORDER BY updated_at_ms DESC, threads.id DESC"
    )
}

/// Counts threads by verdict, each with the first time at which time alone makes one eligible.
pub(super) fn counts() -> String {
    format!(
        "SELECT verdict, count(*), \
           min(CASE verdict WHEN 'too_recent' THEN updated_at_ms + ?1 - ?3 WHEN 'waiting' THEN retry_at_ms END) \
         FROM (SELECT {VERDICT} AS verdict, updated_at_ms, retry_at_ms {FROM}) GROUP BY verdict"
    )
}

/// Statements that are put together at run time, by name.
pub(super) fn statements() -> Vec<(String, String)> {
    let name = |name: &str| format!("memories::{name}");
    vec![
        (name("claim"), to_claim(false, false)),
        (name("claim, archived"), to_claim(false, true)),
        (name("claim, exec"), to_claim(true, false)),
        (name("claim, exec and archived"), to_claim(true, true)),
        (name("consider"), all()),
        (name("count"), counts()),
    ]
}

/// Query with a request's rules bound as `?1` to `?9`.
pub(super) trait BindRules: Sized {
    /// Binds the rules of a request. `dead` are the threads whose worker is dead.
    fn rules(self, request: &ClaimRequest, dead: &[String]) -> Self;
}

impl BindRules for sqlx::query::Query<'_, Sqlite, SqliteArguments> {
    fn rules(self, request: &ClaimRequest, dead: &[String]) -> Self {
        let rules = &request.rules;
        let now = request.term.now.as_millisecond();
        let before =
            |age: std::time::Duration| now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        self.bind(now)
            .bind(before(rules.max_age))
            .bind(before(rules.min_idle))
            .bind(rules.current_thread.map(uuid_text))
            .bind(rules.include_exec)
            .bind(rules.include_archived)
            .bind(rules.max_attempts)
            .bind(json(dead))
            .bind(rules.retry_before.map(Timestamp::as_millisecond))
    }
}

/// Jobs that run: their number, and the threads of those whose worker is dead, which do not count.
pub(super) struct Running {
    pub(super) count: u32,
    pub(super) dead: Vec<String>,
}

/// Reads the jobs that run.
pub(super) async fn running(conn: &mut SqliteConnection, now: Timestamp) -> Result<Running, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT thread_id, owner FROM memory_jobs WHERE state = 'running' AND lease_expires_ms > ?1",
    )
    .bind(now.as_millisecond())
    .fetch_all(conn)
    .await?;
    let (dead, alive): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, owner)| owner_is_dead(owner));
    let count = u32::try_from(alive.len()).unwrap_or(u32::MAX);
    Ok(Running { count, dead: dead.into_iter().map(|(thread, _)| thread).collect() })
}

/// Returns the reason that a verdict's word stands for.
pub(super) fn reason(word: Option<&str>) -> Option<SkipReason> {
    SkipReason::ALL.into_iter().find(|reason| Some(reason.code()) == word)
}

/// Returns the threads of an id's text.
pub(super) fn ids(texts: &[String]) -> Vec<Uuid> {
    texts.iter().filter_map(|text| Uuid::parse_str(text).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_reasons() {
        let words: Vec<&str> =
            VERDICT.split("THEN '").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
        let codes: Vec<&str> = SkipReason::ALL.iter().map(|reason| reason.code()).collect();
        let mut missing: Vec<_> = codes.iter().filter(|code| !words.contains(code)).collect();
        assert_eq!(missing.pop(), Some(&"limit_reached"), "which no thread has by itself");
        assert!(missing.is_empty() && words.iter().all(|word| codes.contains(word)), "{words:?} {missing:?}");
    }
}
