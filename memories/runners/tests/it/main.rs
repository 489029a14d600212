//! Tests of the crate: models and agents at work.

mod digest_agent;
mod digest_model;
mod kit;
