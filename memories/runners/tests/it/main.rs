//! Tests of the crate: models and agents at work.

#[cfg(target_os = "linux")]
mod command_agent;
mod digest_agent;
mod digest_model;
#[cfg(feature = "responses")]
mod http;
mod kit;
#[cfg(feature = "responses")]
mod responses;
