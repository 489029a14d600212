//! Every statement of the agent graph, in one place, so that an audit can explain each.

/// The columns that [`Agent::from_row`](super::Agent) reads, with the column of the thread's id.
macro_rules! agent {
    ($id:literal) => {
        concat!(
            $id,
            ", agents.parent_thread_id, depth, agents.closed_by, threads.run_outcome, \
             coalesce(threads.name, threads.title, threads.first_user_message), threads.updated_at_ms, \
             threads.agent_nickname, threads.agent_role, threads.agent_path, threads.forked_from_id, \
             coalesce(threads.created_at_ms, agents.created_at_ms)"
        )
    };
}

/// The threads `?1` (a JSON array) and all below them, down to depth `?2`.
pub(super) const BELOW: &str = concat!(
    "WITH RECURSIVE below (id, depth) AS ( \
       SELECT value, 0 FROM json_each(?1) \
       UNION ALL \
       SELECT agents.thread_id, below.depth + 1 FROM below CROSS JOIN agents ON agents.parent_thread_id = below.id \
       WHERE below.depth < ?2 ) \
     SELECT ",
    agent!("agents.thread_id"),
    " FROM below CROSS JOIN agents ON agents.thread_id = below.id LEFT JOIN threads ON threads.id = below.id"
);

/// Counts the sub-agents below each of the threads `?1` (a JSON array), and sums up the own tokens
/// of all threads below it (`sum` fails where it overflows). Threads without any are left out.
pub(super) const TOTALS: &str = "WITH RECURSIVE below (top, id, depth) AS ( \
       SELECT value, value, 0 FROM json_each(?1) \
       UNION ALL \
       SELECT below.top, agents.thread_id, below.depth + 1 \
       FROM below CROSS JOIN agents ON agents.parent_thread_id = below.id WHERE below.depth < ?2 ) \
     SELECT top, count(*) FILTER (WHERE threads.kind = 'subagent'), CASE WHEN count(own_tokens) > 0 THEN CAST(total(own_tokens) AS INTEGER) END \
     FROM below CROSS JOIN threads ON threads.id = below.id WHERE below.depth > 0 GROUP BY top";

/// The ancestors of `?1`, at most `?2` steps up.
pub(super) const ABOVE: &str = concat!(
    "WITH RECURSIVE above (id, depth) AS ( \
       SELECT parent_thread_id, 1 FROM agents WHERE thread_id = ?1 AND parent_thread_id IS NOT NULL \
       UNION ALL \
       SELECT agents.parent_thread_id, above.depth + 1 FROM above CROSS JOIN agents ON agents.thread_id = above.id \
       WHERE agents.parent_thread_id IS NOT NULL AND above.depth < ?2 ) \
     SELECT ",
    agent!("agents.thread_id"),
    " FROM above CROSS JOIN agents ON agents.thread_id = above.id LEFT JOIN threads ON threads.id = above.id"
);

/// The root above each of the threads `?1` (a JSON array), at most `?2` steps up.
pub(super) const ROOTS_OF: &str = "WITH RECURSIVE above (id, root, depth) AS ( \
       SELECT value, value, 0 FROM json_each(?1) \
       UNION ALL \
       SELECT above.id, agents.parent_thread_id, above.depth + 1 \
       FROM above CROSS JOIN agents ON agents.thread_id = above.root \
       WHERE agents.parent_thread_id IS NOT NULL AND above.depth < ?2 ) \
     SELECT id, root, max(depth) FROM above GROUP BY id";

/// Returns a row if the index has the thread `?1`: the graph does not have one without edges.
pub(super) const IS_INDEXED: &str = "SELECT 1 FROM threads WHERE id = ?1";

/// The threads `?1` (a JSON array) and all below them, down to depth `?2`: sub-agents, and forks
/// that are no sub-agents. A thread without edges is in the index alone.
pub(super) const FAMILY: &str = concat!(
    "WITH RECURSIVE below (id, depth) AS ( \
       SELECT value, 0 FROM json_each(?1) \
       UNION ALL \
       SELECT agents.thread_id, below.depth + 1 FROM below CROSS JOIN agents ON agents.parent_thread_id = below.id \
       WHERE below.depth < ?2 \
       UNION ALL \
       SELECT fork.id, below.depth + 1 FROM below CROSS JOIN threads AS fork ON fork.forked_from_id = below.id \
       WHERE below.depth < ?2 AND NOT EXISTS ( \
         SELECT 1 FROM agents WHERE agents.thread_id = fork.id AND agents.parent_thread_id IS NOT NULL) ) \
     SELECT ",
    agent!("below.id"),
    " FROM below LEFT JOIN agents ON agents.thread_id = below.id LEFT JOIN threads ON threads.id = below.id \
     WHERE agents.thread_id IS NOT NULL OR threads.id IS NOT NULL"
);

/// At most `?2` roots that come after the thread `?1`, or from the first on if it is NULL: the
/// latest updated first, like a list of threads. A root is neither a sub-agent nor a fork of an
/// indexed thread. A root without a row in `threads` has the time at which the graph took it in.
pub(super) const ROOTS: &str = "WITH roots (id) AS ( \
       SELECT thread_id FROM agents WHERE parent_thread_id IS NULL \
         AND NOT EXISTS (SELECT 1 FROM threads AS me CROSS JOIN threads AS source ON source.id = me.forked_from_id \
           WHERE me.id = agents.thread_id) \
       UNION \
       SELECT forked_from_id FROM threads WHERE forked_from_id > '' \
         AND EXISTS (SELECT 1 FROM threads AS me WHERE me.id = threads.forked_from_id) \
         AND NOT EXISTS (SELECT 1 FROM threads AS me CROSS JOIN threads AS source ON source.id = me.forked_from_id \
           WHERE me.id = threads.forked_from_id) \
         AND NOT EXISTS (SELECT 1 FROM agents AS me \
           WHERE me.thread_id = threads.forked_from_id AND me.parent_thread_id IS NOT NULL) ) \
     SELECT id FROM ( \
       SELECT id, coalesce((SELECT updated_at_ms FROM threads WHERE threads.id = roots.id), \
         (SELECT created_at_ms FROM agents WHERE thread_id = roots.id)) AS at FROM roots) \
     WHERE ?1 IS NULL OR (at, id) < (coalesce((SELECT updated_at_ms FROM threads WHERE threads.id = ?1), \
       (SELECT created_at_ms FROM agents WHERE thread_id = ?1)), ?1) \
     ORDER BY at DESC, id DESC LIMIT +?2";

/// The parent that the child `?2` has, and whether the child is the parent `?1` or above it.
pub(super) const MAY_LINK: &str = "WITH RECURSIVE above (id) AS ( \
       SELECT ?1 \
       UNION \
       SELECT agents.parent_thread_id FROM above CROSS JOIN agents ON agents.thread_id = above.id \
       WHERE agents.parent_thread_id IS NOT NULL ) \
     SELECT (SELECT parent_thread_id FROM agents WHERE thread_id = ?2), EXISTS (SELECT 1 FROM above WHERE id = ?2)";

/// Makes `?2` a child of `?1` at the time `?3`. A child of a thread that the user closed is
/// closed with it. Other threads that are new to the graph are open.
///
/// The two times of a row differ from a decision of the user on. A new edge moves both or neither.
pub(super) const LINK: &str = "INSERT INTO agents (thread_id, parent_thread_id, closed_by, created_at_ms, updated_at_ms) \
     VALUES (?1, NULL, NULL, ?3, ?3), (?2, ?1, (SELECT closed_by FROM agents WHERE thread_id = ?1 AND agent_closed_by IS NULL), ?3, ?3) \
     ON CONFLICT (thread_id) DO UPDATE SET parent_thread_id = excluded.parent_thread_id, \
       created_at_ms = iif(agents.updated_at_ms = agents.created_at_ms, excluded.created_at_ms, agents.created_at_ms), \
       updated_at_ms = iif(agents.updated_at_ms = agents.created_at_ms, excluded.updated_at_ms, agents.updated_at_ms) \
     WHERE excluded.parent_thread_id IS NOT NULL";

/// Adds the indexed thread `?1` to the graph at the time `?2`, if it is not there.
pub(super) const TAKE_IN: &str = "INSERT OR IGNORE INTO agents (thread_id, created_at_ms, updated_at_ms) \
     SELECT id, ?2, ?2 FROM threads WHERE id = ?1";

/// Reads the thread at which the closing of `?1` began. No row if `?1` is not in the graph.
pub(super) const CLOSED_BY: &str = "SELECT closed_by FROM agents WHERE thread_id = ?1";

/// Closes or opens `?1` alone: `?2` is the thread at which the closing began, or NULL.
pub(super) const SET_CLOSED_BY: &str = "UPDATE agents SET closed_by = ?2, agent_closed_by = NULL, updated_at_ms = ?3 \
     WHERE thread_id = ?1 AND ((closed_by IS NULL) <> (?2 IS NULL) OR agent_closed_by IS NOT NULL)";

/// Closes `?1` and all open threads below it, as a closing that began at `?2`. The user's closing
/// of `?1` replaces that of an agent.
pub(super) const CLOSE_BELOW: &str = "WITH RECURSIVE below (id) AS ( \
       SELECT ?1 \
       UNION \
       SELECT agents.thread_id FROM below CROSS JOIN agents ON agents.parent_thread_id = below.id ) \
     UPDATE agents SET closed_by = ?2, agent_closed_by = NULL, updated_at_ms = ?3 \
     WHERE thread_id IN (SELECT id FROM below) \
       AND (closed_by IS NULL OR (thread_id = ?1 AND agent_closed_by IS NOT NULL)) RETURNING thread_id";

/// Opens `?1` and all threads below it that the closing closed which began at `?2`.
pub(super) const OPEN_BELOW: &str = "WITH RECURSIVE below (id) AS ( \
       SELECT ?1 \
       UNION \
       SELECT agents.thread_id FROM below CROSS JOIN agents ON agents.parent_thread_id = below.id ) \
     UPDATE agents SET closed_by = NULL, agent_closed_by = NULL, updated_at_ms = ?3 \
     WHERE thread_id IN (SELECT id FROM below) AND closed_by = ?2 RETURNING thread_id";

/// Adds the parents that rollouts name: `?1` is a JSON array of `[child, parent, time]`. Leaves out
/// deleted threads. A root is as old as its first child.
pub(super) const PARENTS_OF_ROLLOUTS: &str = "INSERT INTO agents (thread_id, created_at_ms, updated_at_ms) \
     SELECT value ->> 1, value ->> 2, value ->> 2 FROM json_each(?1) WHERE value ->> 0 <> value ->> 1 \
       AND NOT EXISTS (SELECT 1 FROM tombstones WHERE tombstones.thread_id IN (value ->> 0, value ->> 1)) \
     ON CONFLICT (thread_id) DO UPDATE SET created_at_ms = excluded.created_at_ms, updated_at_ms = excluded.updated_at_ms \
     WHERE agents.parent_thread_id IS NULL AND agents.updated_at_ms = agents.created_at_ms \
       AND excluded.created_at_ms < agents.created_at_ms";

/// Adds their children. A child that has a parent keeps it. A child of a thread that the user
/// closed is closed with it. A decision of the user keeps its time. A closing may name an agent
/// before its own rollout is read, and with a later time.
pub(super) const CHILDREN_OF_ROLLOUTS: &str = "INSERT INTO agents \
       (thread_id, parent_thread_id, closed_by, created_at_ms, updated_at_ms) \
     SELECT value ->> 0, parent.thread_id, CASE WHEN parent.agent_closed_by IS NULL THEN parent.closed_by END, value ->> 2, value ->> 2 \
     FROM json_each(?1) CROSS JOIN agents AS parent ON parent.thread_id = value ->> 1 \
     WHERE value ->> 0 <> value ->> 1 \
       AND NOT EXISTS (SELECT 1 FROM tombstones WHERE tombstones.thread_id IN (value ->> 0, value ->> 1)) \
     ON CONFLICT (thread_id) DO UPDATE SET parent_thread_id = excluded.parent_thread_id, \
       created_at_ms = iif(agents.updated_at_ms = agents.created_at_ms, excluded.created_at_ms, agents.created_at_ms), \
       updated_at_ms = iif(agents.updated_at_ms = agents.created_at_ms, excluded.updated_at_ms, agents.updated_at_ms) \
     WHERE agents.parent_thread_id IS NULL OR (agents.parent_thread_id = excluded.parent_thread_id \
       AND agents.updated_at_ms = agents.created_at_ms AND excluded.created_at_ms < agents.created_at_ms)";

/// The children in `?1` (a JSON array of `[child, …]`) and everything above them, each with its
/// parent and once.
pub(super) const ANCESTRY: &str = "WITH RECURSIVE above (id) AS ( \
       SELECT value ->> 0 FROM json_each(?1) \
       UNION \
       SELECT agents.parent_thread_id FROM above CROSS JOIN agents ON agents.thread_id = above.id \
       WHERE agents.parent_thread_id IS NOT NULL ) \
     SELECT thread_id, parent_thread_id FROM above CROSS JOIN agents ON agents.thread_id = above.id \
     WHERE parent_thread_id IS NOT NULL";

/// Makes the threads `?1` (a JSON array) roots.
pub(super) const CUT: &str =
    "UPDATE agents SET parent_thread_id = NULL WHERE thread_id IN (SELECT value FROM json_each(?1))";

/// Opens the agents that the threads `?2` (a JSON array) closed, unless `?1` still has them. An
/// agent below a thread that the user closed is closed with that.
#[cfg(feature = "backfill")]
pub(super) const OPEN_AGENTS: &str = "UPDATE agents SET agent_closed_by = NULL, closed_by = ( \
       SELECT parent.closed_by FROM agents AS parent \
       WHERE parent.thread_id = agents.parent_thread_id AND parent.agent_closed_by IS NULL) \
     WHERE agent_closed_by IN (SELECT value FROM json_each(?2)) AND NOT EXISTS ( \
       SELECT 1 FROM json_each(?1) AS closed \
       WHERE closed.value ->> 0 = agents.thread_id AND closed.value ->> 1 = agents.agent_closed_by)";

/// Closes the agents in `?1`, a JSON array of `[child, parent, time]`, that the user has not opened
/// or closed since.
#[cfg(feature = "backfill")]
pub(super) const CLOSE_AGENTS: &str = "UPDATE agents SET closed_by = thread_id, agent_closed_by = closed.value ->> 1 \
     FROM json_each(?1) AS closed \
     WHERE agents.thread_id = closed.value ->> 0 AND closed_by IS NULL \
       AND (updated_at_ms = created_at_ms OR updated_at_ms <= closed.value ->> 2)";

/// The edges from the parents `?1` (a JSON array) to their indexed children, as a JSON array of
/// `[child, parent, time]`.
#[cfg(feature = "backfill")]
pub(super) const CHILDREN_OF: &str = "SELECT json_group_array(json_array(id, parent_thread_id, created_at_ms)) \
     FROM threads WHERE parent_thread_id IN (SELECT value FROM json_each(?1))";

/// Returns the statements that are put together of parts, by name. An audit finds the others.
pub(crate) fn statements() -> [(&'static str, &'static str); 3] {
    [("graph::below", BELOW), ("graph::above", ABOVE), ("graph::family", FAMILY)]
}
