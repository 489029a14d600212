//! Opens, migrates, kills and races real files with real processes.

mod support;

mod damaged;
mod deleted;
mod durable;
mod foreign_journal;
mod foreign_log;
mod fresh;
mod full;
mod inspecting;
mod journal;
mod lazy;
mod not_files;
mod old_snapshots;
mod processes;
mod read_only;
mod refused;
mod reported;
mod same_process;
mod snapshots;
mod upgrade;
mod write;
mod writing;
