//! Places that move, several places with the same sessions, and places that are read together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use threadkeep_sessions::{Mirror, StorePlace, store, stores};

use crate::facts::{Result, homes};
use crate::mirror::Story;
use crate::mirror_damage::{claude, rollouts, synced};
use crate::shared::{Example, each};

#[cfg(unix)]
#[test]
fn a_linked_folder_is_read_again_when_it_changes() -> Result {
    let folder = tempfile::tempdir()?;
    let mut story = Story::new(folder.path())?;
    let far = folder.path().join("far");
    fs::rename(story.place.join("projects"), &far)?;
    std::os::unix::fs::symlink(&far, story.place.join("projects"))?;
    let mirror = Mirror::new(folder.path().join("mirror"));
    let claude = store("claude").ok_or("an agent that this build knows")?;
    for words in ["one", "two"] {
        story.add(words);
        story.write(0)?;
        assert_eq!(mirror.sync(claude, &story.place)?.ok_or("locked")?.written, 1, "{words}");
    }
    Ok(())
}

#[test]
fn a_store_that_moves_goes_on() -> Result {
    each(|example| {
        let folder = tempfile::tempdir()?;
        let mirror = Mirror::new(folder.path());
        let found = synced(&mirror, example)?.found;
        let moved = example.place.with_extension("moved");
        fs::rename(&example.place, &moved)?;
        let both =
            mirror.clone().with_places(example.store.name(), vec![example.place.clone(), moved.clone()]);
        let report = both.sync(example.store, &moved)?.ok_or("locked")?;
        assert_eq!((report.found, report.written), (found, found));
        let sessions = mirror.sessions(example.store.name())?;
        assert_eq!(sessions.len() as u64, found, "none twice");
        assert!(sessions.iter().all(|known| known.source.starts_with(&moved)));
        Ok(())
    })
}

#[test]
fn a_place_that_is_no_longer_added_gives_its_sessions_to_a_copy() -> Result {
    let (one, other, folder) = (claude()?, claude()?, tempfile::tempdir()?);
    let mirror = Mirror::new(folder.path());
    let both = mirror.clone().with_places("claude", vec![one.place.clone(), other.place.clone()]);
    let found = synced(&both, &one)?.found;
    assert_eq!((synced(&both, &other)?.written, synced(&both, &other)?.written), (0, 0));
    let second = mirror.with_places("claude", vec![other.place.clone()]);
    assert_eq!(synced(&second, &other)?.written, found);
    Ok(())
}

#[test]
fn a_session_that_a_place_loses_is_taken_over_by_a_copy() -> Result {
    let (one, other, folder) = (claude()?, claude()?, tempfile::tempdir()?);
    let places = vec![one.place.clone(), other.place.clone()];
    let mirror = Mirror::new(folder.path()).with_places("claude", places);
    synced(&mirror, &one)?;
    assert_eq!(synced(&mirror, &other)?.written, 0);
    let lost = one.store.open(&one.place)?.sessions()[0].source();
    fs::remove_file(&lost)?;
    assert_eq!((synced(&mirror, &one)?.gone, synced(&mirror, &other)?.written), (1, 1));
    assert!(mirror.sessions("claude")?.iter().all(|known| known.gone_since.is_none()));
    Ok(())
}

#[test]
fn a_thread_is_gone_once_no_place_has_its_session() -> Result {
    let (example, folder) = (claude()?, tempfile::tempdir()?);
    let mirror = Mirror::new(folder.path());
    synced(&mirror, &example)?;
    assert!(mirror.gone("claude")?.is_empty());
    fs::remove_file(example.store.open(&example.place)?.sessions()[0].source())?;
    assert_eq!(synced(&mirror, &example)?.gone, 1);
    let gone = mirror.sessions("claude")?.into_iter().filter_map(|it| Some((it.thread_id, it.gone_since?)));
    let gone: Vec<_> = gone.collect();
    assert_eq!(mirror.gone("claude")?.into_iter().collect::<Vec<_>>(), gone);
    // Another place has it.
    let path = folder.path().join("claude.json");
    let mut list: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let rows = list["places"].as_object_mut().ok_or("places")?;
    let mut copies = rows.values().next().ok_or("a place")?.clone();
    for row in copies.as_object_mut().ok_or("rows")?.values_mut() {
        row.as_object_mut().ok_or("a row")?.remove("gone_since");
    }
    rows.insert("/other".to_owned(), copies);
    fs::write(&path, list.to_string())?;
    assert!(mirror.gone("claude")?.is_empty());
    // The rollouts of a lost list count as gone until a place has them.
    fs::remove_file(&path)?;
    assert_eq!(mirror.gone("claude")?.len(), mirror.sessions("claude")?.len());
    Ok(())
}

#[test]
fn the_thread_of_a_kept_copy_stays_its_agents() -> Result {
    let (gemini, folder) = (store("gemini").ok_or("an agent that this build knows")?, tempfile::tempdir()?);
    let example = Example::of(gemini, &homes("gemini")?.remove(0))?;
    let threads = |mirror: Mirror| -> Result<BTreeSet<_>> {
        synced(&mirror, &example)?;
        Ok(mirror.sessions("gemini")?.iter().map(|known| known.thread_id).collect())
    };
    let own = threads(Mirror::new(folder.path().join("own")))?;
    let kept = own.iter().next().ok_or("a thread")?;
    let of_claude =
        threads(Mirror::new(folder.path().join("kept")).with_kept(vec![("claude".to_owned(), *kept)]))?;
    assert!(!of_claude.contains(kept) && of_claude.len() == own.len());
    let of_gemini =
        threads(Mirror::new(folder.path().join("its")).with_kept(vec![("gemini".to_owned(), *kept)]))?;
    assert_eq!(of_gemini, own);
    Ok(())
}

#[test]
fn places_that_are_read_together_give_what_each_gives_alone() -> Result {
    let (alone, together) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (mut examples, mirror) = (Vec::new(), Mirror::new(together.path()));
    for store in stores() {
        if let Some(home) = homes(store.name())?.first() {
            examples.push(Example::of(store, home)?);
        }
    }
    for example in &examples {
        synced(&Mirror::new(alone.path()), example)?;
    }
    let places = examples.iter().map(|example| StorePlace { store: example.store, path: &example.place });
    let mut lock = mirror.lock()?.ok_or("locked")?;
    for (report, example) in lock.read(&places.collect::<Vec<_>>()).into_iter().zip(&examples) {
        assert_eq!(report?.found, example.store.open(&example.place)?.sessions().len() as u64);
    }
    lock.finish()?;
    for example in &examples {
        let of = |folder: &Path| rollouts(&folder.join(example.store.name()));
        let bytes = |rollouts: BTreeMap<PathBuf, Vec<u8>>| rollouts.into_values().collect::<Vec<_>>();
        assert!(bytes(of(alone.path())?) == bytes(of(together.path())?), "{}", example.store.name());
        assert_eq!(synced(&mirror, example)?.written, 0);
    }
    Ok(())
}
