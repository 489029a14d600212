//! The format: from a line to the [`Fact`](fact::Fact) that it stands for.
//!
//! A line's [`Kind`](kind::Kind) comes from its first bytes ([`head`]) where they have the usual
//! shape, and otherwise from the whole line ([`envelope`]). Kind and payload make the fact, in one
//! place for every user ([`read`]).

pub(crate) mod agent_goal;
pub(crate) mod call;
pub(crate) mod command;
mod completed;
pub(crate) mod edit;
pub(crate) mod envelope;
mod event;
pub(crate) mod fact;
mod file_url;
mod git_url;
pub(crate) mod head;
pub(crate) mod item;
pub(crate) mod kind;
pub(crate) mod line;
pub(crate) mod peek;
pub(crate) mod purpose;
pub(crate) mod read;
pub(crate) mod session_meta;
#[cfg(test)]
mod tests;
pub(crate) mod token_usage;
pub(crate) mod tokens;
pub(crate) mod tool_call;
pub(crate) mod turn_context;
pub(crate) mod user_message;

pub use git_url::strip_credentials;
