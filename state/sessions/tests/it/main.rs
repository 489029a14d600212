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
mod mirror_continued;
mod mirror_damage;
mod mirror_erased;
mod mirror_killed;
mod mirror_places;
mod mirror_recovered;

mod opencode;
mod openhands;
mod pi;
mod pieces;
mod place;
mod qwen;
mod requests;
mod shared;
mod sqlite;
mod variables;
mod vault;
mod vault_entries;
mod vault_moved;
mod vault_secrets;
mod vibe;
