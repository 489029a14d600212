//! Tests of the crate: models and agents at work.

#[cfg(target_os = "linux")]
mod command_agent;
mod digest_agent;
mod digest_model;
mod http;
mod kit;
mod responses;
#[cfg(target_os = "linux")]
mod whole;
