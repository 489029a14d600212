//! Databases that were made again while a command ran.

use std::sync::{Mutex, PoisonError};

use threadkeep_sqlite::Recovery;

use crate::message::{Message, command};
use crate::text::{count, counted};

static RECOVERED: Mutex<Vec<Message>> = Mutex::new(Vec::new());

/// Remembers a recovery for [`take`].
pub(crate) fn remember(label: &'static str, recovery: &Recovery) {
    let mut recovered = RECOVERED.lock().unwrap_or_else(PoisonError::into_inner);
    let described = describe(label, recovery);
    recovered.push(match recovery.damage {
        Some(_) => described.into(),
        None => (described, "; ", command("status"), " shows them").into(),
    });
}

/// Returns notes on the databases that were made again since the last call.
pub fn take() -> Vec<Message> {
    std::mem::take(&mut *RECOVERED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Describes the recovery of a database in one line.
pub fn describe(label: &str, recovery: &Recovery) -> String {
    let decisions = counted(recovery.decisions as u64, "decision");
    let Some(damage) = &recovery.damage else {
        let behind =
            "was behind its file of decisions (an interrupted command, or an older copy put in its place)";
        return format!("the {label} database {behind}: {decisions} of yours were applied");
    };
    let from = match &recovery.snapshot {
        Some(snapshot) => format!("made again from {}", snapshot.display()),
        None => "made again".to_owned(),
    };
    let mut text = format!("{damage}: {from}, with {decisions} of yours");
    if recovery.salvaged > 0 {
        text.push_str(&format!(" and {} that could still be read in it", count(recovery.salvaged as u64)));
    }
    if recovery.refused > 0 {
        text.push_str(&format!("; {} could not be saved", counted(recovery.refused as u64, "decision")));
    }
    if !["history", "logs"].contains(&label) && !recovery.is_complete {
        text.push_str("; decisions that were made since may be lost");
    }
    if let Some(moved) = &recovery.moved_to {
        text.push_str(&format!("; the damaged file is now {}", moved.display()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_says_what_was_damaged_and_what_was_saved() {
        let mut recovery = Recovery::default();
        recovery.decisions = 12;
        let interrupted = describe("state", &recovery);
        assert_eq!(
            interrupted,
            "the state database was behind its file of decisions (an interrupted command, or an older copy \
             put in its place): 12 decisions of yours were applied"
        );
        recovery.damage = Some("cannot use a.sqlite: the file is damaged: row 3 is missing".to_owned());
        recovery.moved_to = Some("damaged-1/a.sqlite".into());
        recovery.is_complete = true;
        assert_eq!(
            describe("state", &recovery),
            "cannot use a.sqlite: the file is damaged: row 3 is missing: made again, with 12 decisions of yours; \
             the damaged file is now damaged-1/a.sqlite"
        );
        (recovery.is_complete, recovery.decisions, recovery.salvaged) = (false, 0, 1);
        assert!(describe("goals", &recovery).contains("and 1 that could still be read in it"));
        assert!(describe("goals", &recovery).contains("may be lost"));
        recovery.moved_to = None;
        recovery.snapshot = Some("a.sqlite.snapshot-1".into());
        assert!(describe("goals", &recovery).contains("may be lost"), "the snapshot may be old");
    }
}
