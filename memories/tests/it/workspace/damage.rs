//! Damage of any file of the baseline is an answer, never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use threadkeep_memories::Baseline;

use super::{TestResult, Trial};

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> TestResult {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files(&path, found)? } else { found.push(path) }
    }
    Ok(())
}

#[test]
fn each_damaged_file_gives_an_answer() -> TestResult {
    let trial = Trial::with(&[("a.md", "some text\n"), ("sub/b.md", "more text\n")])?;
    trial.write("a.md", "edited\n")?;
    trial.remove("sub/b.md")?;
    let mut paths = Vec::new();
    files(&trial.path(".git"), &mut paths)?;
    for path in paths {
        let whole = fs::read(&path)?;
        let flipped = (0..whole.len()).step_by(whole.len() / 60 + 1).flat_map(|at| {
            [0x01, 0x80, 0xFF].map(|mask| {
                let mut bytes = whole.clone();
                bytes[at] ^= mask;
                bytes
            })
        });
        let cut = (0..whole.len()).step_by(whole.len() / 20 + 1).map(|at| whole[..at].to_vec());
        for bytes in flipped.chain(cut) {
            // A new file, since the old one may be mapped.
            fs::remove_file(&path)?;
            fs::write(&path, bytes)?;
            let baseline = trial.workspace.baseline()?;
            let diff = trial.workspace.diff();
            assert_eq!(diff.is_ok(), baseline == Baseline::Ours, "{path:?}: {baseline:?}, {diff:?}");
        }
        fs::write(&path, whole)?;
    }
    assert_eq!(trial.changes()?, ["M a.md", "A sub/", "D sub/b.md"]);
    Ok(())
}
