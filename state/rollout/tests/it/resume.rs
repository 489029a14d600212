//! An extraction that goes on from a checkpoint says what one from the start says.

use std::fs::{self, OpenOptions};
use std::io::Write;

use proptest::prelude::*;
use proptest::sample::Index;
use threadkeep_rollout::{Checkpoint, Extractor};

use crate::{NAME, Result, extract_file, replace, rollouts};

/// Extracts `bytes` piece by piece, each time from the stored checkpoint, and compares with one go.
fn in_pieces(bytes: &[u8], mut cuts: Vec<usize>) -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    cuts.push(bytes.len());
    cuts.sort_unstable();
    let mut checkpoint: Option<Checkpoint> = None;
    let mut written = 0;
    let mut last = None;
    for cut in cuts {
        OpenOptions::new().create(true).append(true).open(&path)?.write_all(&bytes[written..cut])?;
        written = cut;
        if cut == 0 {
            continue;
        }
        let extraction = extract_file(&path, checkpoint.as_ref())?;
        assert_eq!(extraction.resumed, checkpoint.is_some_and(|from| from.offset() > 0));
        let stored = serde_json::to_string(&extraction.checkpoint)?;
        checkpoint = Some(serde_json::from_str(&stored)?);
        assert_eq!(checkpoint.as_ref(), Some(&extraction.checkpoint));
        last = Some(extraction);
    }
    let last = last.ok_or("nothing was written")?;
    let whole = extract_file(&path, None)?;
    assert_eq!(last.metadata, whole.metadata);
    assert_eq!(last.checkpoint, whole.checkpoint);
    assert_eq!((last.lines, &last.skipped), (whole.lines, &whole.skipped));
    assert!(whole.skipped.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_pieces_give_the_same(file: Index, cuts in proptest::collection::vec(any::<Index>(), 1..5)) {
        let rollouts = rollouts().map_err(|error| TestCaseError::fail(error.to_string()))?;
        let (file, bytes) = file.get(&rollouts);
        let cuts = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        in_pieces(bytes, cuts).map_err(|error| TestCaseError::fail(format!("{}: {error}", file.path)))?;
    }
}

#[test]
fn every_file_goes_on_at_every_line() -> Result {
    for (_, bytes) in rollouts()? {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        in_pieces(&bytes, ends.collect())?;
    }
    Ok(())
}

#[test]
fn only_what_was_added_is_read() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let bytes = rollouts()?.swap_remove(3).1;
    fs::write(&path, &bytes)?;
    let first = extract_file(&path, None)?;
    assert_eq!((first.bytes_read, first.resumed), (bytes.len() as u64, false));
    let again = extract_file(&path, Some(&first.checkpoint))?;
    assert_eq!((again.bytes_read, again.resumed), (4096, true));
    assert_eq!(again.checkpoint, first.checkpoint);
    let line =
        b"{\"timestamp\":\"2030-01-01T00:00:00.000Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"x\"}}\n";
    OpenOptions::new().append(true).open(&path)?.write_all(line)?;
    let more = extract_file(&path, Some(&first.checkpoint))?;
    assert_eq!(more.bytes_read, 4096 + line.len() as u64);
    assert_eq!(more.lines, first.lines + 1);
    assert_eq!(more.metadata.updated_at.map(|at| at.to_string()).as_deref(), Some("2030-01-01T00:00:00Z"));
    Ok(())
}

#[test]
fn a_file_that_was_written_anew_is_read_anew() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let mut rollouts = rollouts()?;
    let (other, bytes) = (rollouts.swap_remove(5).1, rollouts.swap_remove(2).1);
    fs::write(&path, &bytes)?;
    let checkpoint = extract_file(&path, None)?.checkpoint;
    for changed in [&bytes[..bytes.len() / 2], &other] {
        fs::write(&path, changed)?;
        let extraction = extract_file(&path, Some(&checkpoint))?;
        assert!(!extraction.resumed);
        assert_eq!(extraction.metadata, extract_file(&path, None)?.metadata);
    }
    // One byte within the guarded end.
    let mut changed = bytes.clone();
    let at = changed.len() - 10;
    changed[at] ^= 1;
    fs::write(&path, &changed)?;
    assert!(!extract_file(&path, Some(&checkpoint))?.resumed);
    // A checkpoint of another format.
    fs::write(&path, &bytes)?;
    let mut json = serde_json::to_value(&checkpoint)?;
    json["v"] = 999.into();
    assert!(!extract_file(&path, Some(&serde_json::from_value(json)?))?.resumed);
    assert!(extract_file(&path, Some(&checkpoint))?.resumed);
    replace(&path, &bytes)?;
    assert!(!extract_file(&path, Some(&checkpoint))?.resumed);
    Ok(())
}

#[test]
fn an_extractor_brings_nothing_from_one_file_to_the_next() -> Result {
    let home = crate::bundled()?;
    let mut extractor = Extractor::new();
    for file in home.discover().files.iter().rev() {
        let path = home.absolute(&file.path);
        let got = extractor.extract(&path, file.compressed, file.name.as_ref(), None)?;
        assert_eq!(got, crate::extract(&home, file)?, "{}", file.path);
    }
    Ok(())
}

#[test]
fn a_checkpoint_is_small() -> Result {
    let home = crate::bundled()?;
    for file in &home.discover().files {
        let size = serde_json::to_string(&crate::extract(&home, file)?.checkpoint)?.len();
        assert!(size < 2_500, "{}: {size}", file.path);
    }
    Ok(())
}
