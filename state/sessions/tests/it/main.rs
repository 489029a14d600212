//! Tests of the crate, in one binary.

mod claude;
mod cline;
mod codex;
mod continue_cli;
mod copilot;
mod facts;
mod formats;
mod gemini;
mod goose;
mod grok;
mod kimi;
mod kimi_code;
mod migrated;
mod mirror;
mod mirror_damage;
mod mirror_killed;
mod opencode;
mod openhands;
mod pi;
mod pieces;
mod place;
mod qwen;
mod shared;
mod sqlite;
mod variables;
mod vibe;
