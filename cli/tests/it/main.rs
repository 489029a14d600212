//! Runs the real binary on copies of the bundled home.

mod agents;
mod agents_grown;
mod agents_listed;
mod agents_placed;
mod agents_taken_over;
mod agents_usage;
mod agents_without_codex;
mod app_server;
#[cfg(unix)]
mod asked;
mod audit;
mod backfill;
mod bad_database;
mod bad_input;
mod completions;
mod config;
mod crash;
mod device_keys;
mod doctor;
mod doctor_fix;
mod edit;
mod family;
mod feedback;
mod fixture;
mod full;
mod goals;
mod goals_and_threads;
mod history;
mod json;
mod kept;
mod kept_killed;
mod kept_recovered;
mod kept_restored;
mod kept_unread;
mod kinds;
mod list;
mod logs;
mod manners;
mod meanwhile;
mod memories;
mod memories_consolidated;
mod memories_meanwhile;
mod memories_server;
mod native_ids;
#[cfg(unix)]
mod not_utf8;
#[cfg(unix)]
mod opened;
mod own_log;
mod pipes;
mod places;
mod protected;
mod read_only;
mod search;
mod secrets;
mod several;
mod signals;
#[cfg(all(feature = "tpm", target_os = "linux"))]
#[allow(dead_code, reason = "the tests of the library use all of it")]
#[path = "../../../device-key/tests/it/swtpm.rs"]
mod swtpm;
#[cfg(unix)]
mod terminal;
mod transcript;
mod tree;
#[cfg(unix)]
mod unwritable;
mod usage;
#[cfg(unix)]
mod waiting;
mod written;
