//! The agent's own files in its home: settings and credentials, read leniently and never written.

mod auth;
mod config;

pub use auth::{Auth, AuthFile};
pub use config::{AgentConfig, Parse, Provider};
