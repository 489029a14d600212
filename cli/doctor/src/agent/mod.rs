//! The agent's own files in its home: settings and credentials, read leniently and never written.

mod auth;
mod config;
mod mcp;
mod pasted;
mod program;

pub use auth::{Auth, AuthFile};
pub use config::{AgentConfig, Parse, Provider};
pub(crate) use mcp::{McpServer, Transport};
pub(crate) use pasted::is_variable;
pub(crate) use program::{bundled_search, version, version_of};
