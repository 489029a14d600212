//! Values that several tests need.

use jiff::Timestamp;
use threadkeep_memories::{Memory, MemoryItem, StageOneOutput, ThreadFacts};
use uuid::Uuid;

pub(crate) fn thread(n: u128) -> ThreadFacts {
    ThreadFacts {
        id: Uuid::from_u128((n << 96) | n),
        title: Some(format!("Thread {n}")),
        cwd: Some("/home/me/project".to_owned()),
        git_branch: Some("main".to_owned()),
        rollout_path: format!("sessions/{n}.jsonl"),
        updated_at: Timestamp::from_second(1_795_000_000).expect("a time"),
    }
}

pub(crate) fn memory(n: u128, usage_count: u64, raw_memory: &str) -> Memory {
    Memory {
        thread: thread(n),
        output: StageOneOutput { raw_memory: raw_memory.to_owned(), ..StageOneOutput::default() },
        generated_at: Timestamp::from_second(1_795_000_000).expect("a time"),
        usage_count,
        last_used_at: None,
        selected: false,
    }
}

pub(crate) fn user(text: &str) -> MemoryItem {
    MemoryItem::User { text: text.to_owned() }
}

pub(crate) fn agent(text: &str) -> MemoryItem {
    MemoryItem::Agent { text: text.to_owned() }
}

pub(crate) fn files(paths: &[&str]) -> MemoryItem {
    MemoryItem::Files { paths: paths.iter().map(|&path| path.to_owned()).collect() }
}

/// A command with its exit code and output.
pub(crate) fn command(command: &str, exit_code: i64, output: &str) -> MemoryItem {
    MemoryItem::Command {
        command: command.to_owned(),
        exit_code: Some(exit_code),
        failed: exit_code != 0,
        output: output.to_owned(),
    }
}
