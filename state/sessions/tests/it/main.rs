//! Tests of the crate, in one binary.

mod claude;
mod continue_cli;
mod facts;
mod gemini;
mod grok;
mod mirror;
mod place;
mod qwen;
