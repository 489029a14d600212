//! Decisions of the user in the index: how it takes them over from the file next to it.
//!
//! The view `decisions` of migrations 0003, 0005 and 0006 says what is kept.

use threadkeep_sqlite::DecisionKind;

use crate::deletion::erase::ERASE;

/// The user's decisions in the index.
///
/// A thread that is not indexed yet gets a row without a file. An index run completes it, and a
/// thread whose rollout is gone stays as it is.
pub(crate) static DECISIONS: &[DecisionKind] = &[
    DecisionKind { name: "thread", put: &[SET_THREADS], clear: &[CLEAR_THREADS], volatile: &[] },
    DecisionKind { name: "git", put: &[SET_GIT], clear: &[CLEAR_GIT], volatile: &[] },
    DecisionKind {
        name: "agent",
        put: &[SET_AGENTS],
        clear: &[OPEN_AGENTS],
        volatile: &["created_at_ms", "updated_at_ms"],
    },
    DecisionKind { name: "deleted", put: &DELETE_THREADS, clear: &RESTORE_THREADS, volatile: &[] },
    DecisionKind { name: "device_key", put: &[BIND_KEYS], clear: &[UNBIND_KEYS], volatile: &[] },
];

const SET_THREADS: &str = "INSERT INTO threads (id, rollout_path, created_at_ms, updated_at_ms, model_provider, \
       rollout_archived, run_outcome, missing_since_ms, \
       user_name, user_named_at_ms, user_archived, user_archived_at_ms, user_memory_mode) \
     SELECT value ->> 0, '', 0, 0, '', 0, 'unknown', unixepoch() * 1000, \
       value ->> '$[1].name', value ->> '$[1].named_at_ms', value ->> '$[1].archived', \
       value ->> '$[1].archived_at_ms', value ->> '$[1].memory_mode' FROM jsonb_each(?1) WHERE true \
     ON CONFLICT (id) DO UPDATE SET user_name = excluded.user_name, user_named_at_ms = excluded.user_named_at_ms, \
       user_archived = excluded.user_archived, user_archived_at_ms = excluded.user_archived_at_ms, \
       user_memory_mode = excluded.user_memory_mode";
const CLEAR_THREADS: &str = "UPDATE threads SET user_name = NULL, user_named_at_ms = NULL, user_archived = NULL, \
       user_archived_at_ms = NULL, user_memory_mode = NULL WHERE id IN (SELECT value ->> 0 FROM jsonb_each(?1))";

const SET_GIT: &str = "INSERT INTO threads (id, rollout_path, created_at_ms, updated_at_ms, model_provider, \
       rollout_archived, run_outcome, missing_since_ms, user_git_sha, user_git_branch, user_git_origin_url) \
     SELECT value ->> 0, '', 0, 0, '', 0, 'unknown', unixepoch() * 1000, \
       value ->> '$[1].sha', value ->> '$[1].branch', value ->> '$[1].origin_url' FROM jsonb_each(?1) WHERE true \
     ON CONFLICT (id) DO UPDATE SET user_git_sha = excluded.user_git_sha, \
       user_git_branch = excluded.user_git_branch, user_git_origin_url = excluded.user_git_origin_url";
const CLEAR_GIT: &str = "UPDATE threads SET user_git_sha = NULL, user_git_branch = NULL, user_git_origin_url = NULL \
     WHERE id IN (SELECT value ->> 0 FROM jsonb_each(?1))";

const SET_AGENTS: &str = "INSERT INTO agents (thread_id, closed_by, created_at_ms, updated_at_ms) \
     SELECT value ->> 0, value ->> '$[1].closed_by', value ->> '$[1].created_at_ms', value ->> '$[1].updated_at_ms' \
     FROM jsonb_each(?1) WHERE true \
     ON CONFLICT (thread_id) DO UPDATE SET closed_by = excluded.closed_by, agent_closed_by = NULL, updated_at_ms = excluded.updated_at_ms";
const OPEN_AGENTS: &str =
    "UPDATE agents SET closed_by = NULL WHERE thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1))";

/// Deletes threads. The participants may not know of it, because the process that deleted them was
/// killed, or the index is an older one.
const DELETE_THREADS: [&str; 9] = {
    let [first, second, third, fourth, fifth, sixth, seventh] = ERASE;
    [first, second, third, fourth, fifth, sixth, seventh, COMPARE_ALL, PUT_TOMBSTONES]
};
/// Has all participants compared with the index, unless all tombstones are known: see
/// [`pending`](crate::deletion).
const COMPARE_ALL: &str = "INSERT INTO pending_deletions (thread_id, participant, created_at_ms) \
     SELECT 'all', participant.value, 0 FROM json_each('[\"goals\",\"history\",\"logs\",\"memories\",\"state\"]') AS participant \
     WHERE EXISTS (SELECT 1 FROM jsonb_each(?1) AS deleted \
       WHERE NOT EXISTS (SELECT 1 FROM tombstones WHERE thread_id = deleted.value ->> 0)) \
     ON CONFLICT (thread_id, participant) DO NOTHING";
const PUT_TOMBSTONES: &str = "INSERT INTO tombstones (thread_id, deleted_at_ms) \
     SELECT value ->> 0, value ->> '$[1].deleted_at_ms' FROM jsonb_each(?1) WHERE true \
     ON CONFLICT (thread_id) DO UPDATE SET deleted_at_ms = excluded.deleted_at_ms";

const RESTORE_THREADS: [&str; 3] = [
    "INSERT INTO pending_deletions (thread_id, participant, created_at_ms) \
     SELECT thread_id, participant.value, unixepoch() * 1000 \
     FROM json_each('[\"goals\",\"history\",\"logs\",\"memories\",\"state\"]') AS participant CROSS JOIN tombstones \
     WHERE thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1)) \
     ON CONFLICT (thread_id, participant) DO NOTHING",
    "DELETE FROM tombstones WHERE thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1))",
    "UPDATE rollouts SET outcome = 'lost' \
     WHERE outcome = 'deleted' AND thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1))",
];

const BIND_KEYS: &str = "INSERT INTO device_key_bindings (key_id, account_user_id, client_id, created_at_ms, updated_at_ms) \
     SELECT value ->> 0, value ->> '$[1].account_user_id', value ->> '$[1].client_id', \
       value ->> '$[1].created_at_ms', value ->> '$[1].updated_at_ms' FROM jsonb_each(?1) WHERE true \
     ON CONFLICT (key_id) DO UPDATE SET account_user_id = excluded.account_user_id, client_id = excluded.client_id, \
       created_at_ms = excluded.created_at_ms, updated_at_ms = excluded.updated_at_ms";
const UNBIND_KEYS: &str =
    "DELETE FROM device_key_bindings WHERE key_id IN (SELECT value ->> 0 FROM jsonb_each(?1))";
