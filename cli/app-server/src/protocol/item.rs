//! Items of a turn.

use serde_json::{Map, Value};

use super::protocol;

protocol! {
    /// Item of a turn. Times are Unix milliseconds.
    #[serde(tag = "type", rename_all_fields = "camelCase")]
    pub enum ThreadItem {
        /// The user spoke.
        UserMessage {
            /// Id.
            id: Option<String>,
            /// Id that a client gave.
            client_id: Option<String>,
            /// Texts and images.
            content: Vec<Value>,
            /// Start.
            started_at_ms: Option<i64>,
            /// End.
            completed_at_ms: Option<i64>,
        },
        /// The agent spoke.
        AgentMessage {
            /// Not known here.
            moderation: Option<Value>,
            /// Id.
            id: Option<String>,
            /// Words.
            text: String,
            /// `final_answer` and the like.
            phase: Option<String>,
            /// Not known here.
            memory_citation: Option<Value>,
            /// Not known here.
            delivery: Option<Value>,
            /// Not known here.
            questions: Option<Value>,
            /// Start.
            started_at_ms: Option<i64>,
            /// End.
            completed_at_ms: Option<i64>,
        },
        /// The agent thought.
        Reasoning {
            /// Id.
            id: Option<String>,
            /// Summaries.
            summary: Vec<String>,
            /// The thoughts themselves, where they were written.
            content: Vec<String>,
            /// Start.
            started_at_ms: Option<i64>,
            /// End.
            completed_at_ms: Option<i64>,
        },
        /// The agent ran a command.
        CommandExecution {
            /// Id.
            id: Option<String>,
            /// Not known here.
            plugin_id: Option<String>,
            /// Not known here.
            script_path: Option<String>,
            /// The command line.
            command: String,
            /// Working directory.
            cwd: Option<String>,
            /// Id of the process.
            process_id: Option<String>,
            /// Starter of the command.
            source: Option<String>,
            /// `completed`, `failed`, ….
            status: Option<String>,
            /// The command's parts, as the agent understood them.
            command_actions: Vec<Value>,
            /// Output.
            aggregated_output: Option<String>,
            /// Exit code.
            exit_code: Option<i64>,
            /// Duration.
            duration_ms: Option<u64>,
            /// Start.
            started_at_ms: Option<i64>,
            /// End.
            completed_at_ms: Option<i64>,
        },
        /// The agent called a tool, in versions that wrote only the call.
        ToolCall {
            /// Id of the call.
            id: Option<String>,
            /// Name of the tool.
            name: String,
            /// JSON or text.
            arguments: String,
            /// Result.
            output: Option<String>,
        },
        /// The agent summed up the context to make room.
        ContextCompaction {
            /// Id.
            id: Option<String>,
        },
        /// A review began.
        EnteredReviewMode {
            /// Id.
            id: Option<String>,
            /// Subject of the review.
            review: Option<String>,
        },
        /// A review ended.
        ExitedReviewMode {
            /// Id.
            id: Option<String>,
            /// Its overall explanation.
            review: Option<String>,
        },
        /// Any other item: its keys in camelCase, and their values as they were written.
        #[serde(untagged)]
        Other(Map<String, Value>),
    }
}
