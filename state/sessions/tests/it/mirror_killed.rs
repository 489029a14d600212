//! A pass that ends in the middle is gone on with.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use threadkeep_sessions::{
    Draft, Environment, FoundSession, Listing, Mirror, OpenStore, ResumeCommand, Session, SessionStore,
    StoreError,
};

use crate::facts::Result;

/// Sessions of the store.
const SESSIONS: usize = 2_500;

/// Words of each session: with all of them, the disk is waited for more than once.
const WORDS: usize = 4_000;

/// Store with such sessions, which panics when it reads this one.
#[derive(Debug)]
struct Numbered(Option<usize>);

impl SessionStore for Numbered {
    fn name(&self) -> &'static str {
        "numbered"
    }

    fn title(&self) -> &'static str {
        "Numbered"
    }

    fn tested_version(&self) -> &'static str {
        "1"
    }

    fn places(&self, _: &Environment) -> Vec<PathBuf> {
        Vec::new()
    }

    fn open(&self, place: &Path) -> std::result::Result<OpenStore, StoreError> {
        let (mut listing, killed_at) = (Listing::default(), self.0.map(id));
        for number in 0..SESSIONS {
            listing.add(FoundSession::of_files(id(number), vec![place.join("sessions")]));
        }
        Ok(OpenStore::new(listing, move |found| {
            assert_ne!(Some(&found.native_id), killed_at.as_ref(), "killed");
            let mut draft = Draft::new(&found.native_id);
            draft.prompt(None, None, &"word ".repeat(WORDS), 0);
            Ok(draft.finish())
        }))
    }

    fn resume(&self, _: &Session) -> Option<ResumeCommand> {
        None
    }
}

fn id(number: usize) -> String {
    format!("session {number:05}")
}

#[test]
fn a_killed_pass_goes_on_where_it_was() -> Result {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("place");
    fs::create_dir(&place)?;
    fs::write(place.join("sessions"), "")?;
    let mirror = Mirror::new(folder.path().join("mirror"));
    let killed = catch_unwind(AssertUnwindSafe(|| mirror.sync(&Numbered(Some(SESSIONS - 1)), &place)));
    assert!(killed.is_err());
    let report = mirror.sync(&Numbered(None), &place)?.ok_or("locked")?;
    assert_eq!(report.found, SESSIONS as u64);
    assert!(report.written < SESSIONS as u64 / 2, "{} were written again", report.written);
    assert_eq!(mirror.sessions("numbered")?.len(), SESSIONS);
    Ok(())
}
