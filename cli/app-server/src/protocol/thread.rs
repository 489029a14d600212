//! A thread, and the methods that change one.

use serde_json::Value;
use uuid::Uuid;

use super::goal::ThreadGoal;
use super::turn::Turn;
use super::{present, protocol};

protocol! {
    /// A thread: a conversation with an agent.
    pub struct Thread {
        /// Id.
        pub id: Uuid,
        /// Not known here.
        pub environments: Option<Vec<Value>>,
        /// Not known here.
        pub extra: Option<Value>,
        /// Id of the thread at the root of the agents that spawned this one; its own without any.
        pub session_id: Uuid,
        /// Thread whose history this one continues.
        pub forked_from_id: Option<Uuid>,
        /// Thread to which this one belongs, as a side conversation.
        pub attached_to_thread_id: Option<Uuid>,
        /// Thread that spawned this one.
        pub parent_thread_id: Option<Uuid>,
        /// The user's first message, bounded; else the agent's goal; else nothing.
        pub preview: String,
        /// Always false: every thread has a rollout.
        pub ephemeral: bool,
        /// Not known here.
        pub section: Option<Value>,
        /// Not known here.
        pub section_entered_at: Option<i64>,
        /// Not known here.
        pub project_id: Option<String>,
        /// Form of the rollout: `legacy` or `paginated`; `null` from older agents.
        pub history_mode: Option<String>,
        /// Provider of the model.
        pub model_provider: String,
        /// Model of the latest turn.
        pub model: Option<String>,
        /// Reasoning effort of the latest turn.
        pub reasoning_effort: Option<String>,
        /// Start, in Unix seconds.
        pub created_at: i64,
        /// Time of the last line, in Unix seconds.
        pub updated_at: i64,
        /// The same: a thread that was only looked at has no new line.
        pub recency_at: Option<i64>,
        /// `active` while an agent works on it, in whatever process; else `notLoaded`.
        pub status: ThreadStatus,
        /// Path of the rollout.
        pub path: Option<String>,
        /// Working directory.
        pub cwd: Option<String>,
        /// Version of the agent that began the thread.
        pub cli_version: Option<String>,
        /// Program that began the thread.
        pub originator: Option<String>,
        /// Starter of the session: a word, or `{"subAgent": …}`.
        pub source: Value,
        /// Not known here.
        pub can_accept_direct_input: Option<bool>,
        /// Beneficiary of the thread: `user`, `subagent`, ….
        pub thread_source: Option<String>,
        /// Nickname of a sub-agent.
        pub agent_nickname: Option<String>,
        /// Role of a sub-agent.
        pub agent_role: Option<String>,
        /// Commit, branch and remote: the user's, or else those at the start.
        pub git_info: Option<GitInfo>,
        /// Name.
        pub name: Option<String>,
        /// Not known here.
        pub daybreak_enabled: Option<bool>,
        /// Turns, if they were asked for.
        pub turns: Vec<Turn>,
    }

    /// Git information.
    pub struct GitInfo {
        /// Commit.
        pub sha: Option<String>,
        /// Branch.
        pub branch: Option<String>,
        /// Remote, without credentials.
        pub origin_url: Option<String>,
    }

    /// Status of a thread.
    #[serde(tag = "type")]
    pub enum ThreadStatus {
        /// No agent works on it.
        NotLoaded,
        /// An agent works on it.
        #[serde(rename_all = "camelCase")]
        Active {
            /// Not known here: always empty.
            active_flags: Vec<Value>,
        },
        /// An agent is waiting. Only the agent's own server says so.
        Idle,
    }

    /// Parameters of a method about one thread.
    pub struct ThreadParams {
        /// The thread.
        pub thread_id: String,
    }

    /// Parameters of `thread/read`.
    pub struct ThreadReadParams {
        /// The thread.
        pub thread_id: String,
        /// Also reads its turns: the newest, at most 1,000 and about 16 MiB of them.
        #[serde(default)]
        pub include_turns: bool,
    }

    /// Answer of `thread/read`.
    pub struct ThreadReadResponse {
        /// The thread.
        pub thread: Thread,
        /// Not known here.
        pub read_state: Option<Value>,
        /// Reason why turns are missing, and how to read them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub incomplete: Option<String>,
    }

    /// Answer of a method that returns the thread.
    pub struct ThreadResponse {
        /// The thread.
        pub thread: Thread,
    }

    /// Parameters of `thread/name/set`.
    pub struct ThreadNameSetParams {
        /// The thread.
        pub thread_id: String,
        /// Name of 1 to 200 characters.
        pub name: String,
    }

    /// Parameters of `thread/metadata/update`.
    pub struct ThreadMetadataUpdateParams {
        /// The thread.
        pub thread_id: String,
        /// Change of its git information, of one part at least.
        pub git_info: Option<GitInfoUpdate>,
    }

    /// Change of git information. A part that is left out stays, and `null` removes it.
    #[derive(Default)]
    #[serde(default)]
    pub struct GitInfoUpdate {
        /// Commit.
        #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
        pub sha: Option<Option<String>>,
        /// Branch.
        #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
        pub branch: Option<Option<String>>,
        /// Remote. Credentials in it are removed.
        #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
        pub origin_url: Option<Option<String>>,
    }

    /// Parameters of `thread/memoryMode/set`.
    pub struct ThreadMemoryModeSetParams {
        /// The thread.
        pub thread_id: String,
        /// Permission to make memories from it.
        pub mode: MemoryMode,
    }

    /// Permission to make memories from a thread.
    pub enum MemoryMode {
        /// Memories may be made.
        Enabled,
        /// No memories may be made.
        Disabled,
    }

    /// Parameters of `thread/tree`.
    #[derive(Default)]
    pub struct ThreadTreeParams {
        /// Root of the tree; else all trees.
        pub thread_id: Option<String>,
        /// Number of levels below a root; else all.
        pub max_depth: Option<u32>,
    }

    /// Answer of `thread/tree`: the agents, each after the thread that spawned it.
    pub struct ThreadTreeResponse {
        /// The agents.
        pub data: Vec<Agent>,
    }

    /// Thread of the agent graph.
    pub struct Agent {
        /// Its id.
        pub thread_id: Uuid,
        /// Thread that spawned it.
        pub parent_thread_id: Option<Uuid>,
        /// Thread whose history it continues.
        pub forked_from_id: Option<Uuid>,
        /// Number of steps below the root.
        pub depth: u32,
        /// `open` or `closed`.
        pub lifecycle: String,
        /// Outcome of its last run.
        pub outcome: String,
        /// Name, or else title.
        pub name: Option<String>,
        /// Nickname.
        pub agent_nickname: Option<String>,
        /// Role.
        pub agent_role: Option<String>,
        /// Time of its last line, in Unix seconds.
        pub updated_at: Option<i64>,
    }

    /// Answer of `thread/close`.
    pub struct ThreadCloseResponse {
        /// Threads that were closed: the thread, and the open agents below it.
        pub thread_ids: Vec<Uuid>,
    }

    /// Answer of `thread/resume`.
    pub struct ThreadResumeResponse {
        /// The thread.
        pub thread: Thread,
        /// Threads that are open again: the thread, and the agents that were closed with it.
        pub thread_ids: Vec<Uuid>,
        /// Its goal.
        pub goal: Option<ThreadGoal>,
    }
}
