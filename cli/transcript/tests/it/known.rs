//! Turns that the history knows are read as the rollouts have them.

use std::ops::ControlFlow::{Break, Continue};
use std::process::Command;

use threadkeep_history::{AgentHome, HistoryStore, OpenOptions};
use threadkeep_rollout::{Chain, ExtractError, Turn};
use threadkeep_transcript::turns::{self, Reading, Selection};

use crate::support::{Result, examples};

/// Turns as JSON with their numbers, and the account of the reading.
type Read = (Vec<(u64, String)>, Reading);

/// Takes at most `most` turns.
fn collect(
    most: usize,
    read: impl FnOnce(
        &mut dyn FnMut(u64, Turn) -> std::ops::ControlFlow<()>,
    ) -> std::result::Result<Reading, ExtractError>,
) -> Result<Read> {
    let mut all = Vec::new();
    let reading = read(&mut |number, turn| {
        all.push((number, serde_json::to_string(&turn).unwrap_or_default()));
        if all.len() < most { Continue(()) } else { Break(()) }
    })?;
    Ok((all, reading))
}

#[tokio::test]
async fn every_selection_is_read_alike() -> Result {
    let (mut several, mut compared) = (0, 0);
    for example in ["home", "home-0.171", "home-tools"] {
        let folder = tempfile::tempdir()?;
        let status =
            Command::new("cp").arg("-r").arg(examples(example)).arg(folder.path().join("home")).status()?;
        assert!(status.success());
        let home = AgentHome::open(folder.path().join("home"))?;
        let history = HistoryStore::new(folder.path(), &OpenOptions::new());
        history.ports(&home).await?.engine().run(|_| {}).await?;
        for file in home.discover().files {
            let thread = file.name.ok_or("a rollout has a name")?.thread_id;
            if !history.is_current(&home, thread, &file.path).await? {
                continue;
            }
            let chain = Chain::resolve(&home, &file, |_| true)?;
            assert!(chain.is_surely_whole(), "{}", file.path);
            let total = turns::list(&chain)?.len() as u64;
            let ones = (1..=total + 1).map(Selection::One);
            for selection in ones.chain((0..=total + 1).map(Selection::Last)) {
                let query = selection.query().ok_or("some turns are selected")?;
                let known = history.turns(&home, thread, &query).await?;
                for most in [1, 2, usize::MAX] {
                    let wanted = collect(most, |take| turns::read(&chain, selection, take))?;
                    let got =
                        collect(most, |take| turns::read_known(&home, &chain, selection, &known, take))?;
                    assert_eq!(got, wanted, "{selection:?} of {}", file.path);
                    compared += 1;
                }
            }
            several += u64::from(total > 1);
        }
        history.close().await?;
    }
    assert!(several > 5 && compared > 100, "{several} threads, {compared} readings");
    Ok(())
}

#[tokio::test]
async fn a_file_that_was_rewritten_meanwhile_is_read_from_its_beginning() -> Result {
    let folder = tempfile::tempdir()?;
    let status =
        Command::new("cp").arg("-r").arg(examples("home")).arg(folder.path().join("home")).status()?;
    assert!(status.success());
    let home = AgentHome::open(folder.path().join("home"))?;
    let history = HistoryStore::new(folder.path(), &OpenOptions::new());
    history.ports(&home).await?.engine().run(|_| {}).await?;
    let mut rewritten = 0;
    for file in home.discover().files {
        let thread = file.name.ok_or("a rollout has a name")?.thread_id;
        let chain = Chain::resolve(&home, &file, |_| true)?;
        let selection = Selection::Last(2);
        let known = history.turns(&home, thread, &selection.query().ok_or("some")?).await?;
        let path = home.absolute(&file.path);
        let text = std::fs::read_to_string(&path)?;
        let (first, rest) = text.split_once('\n').ok_or("a first line")?;
        std::fs::write(&path, format!("{first}\n\n{rest}"))?;
        let wanted = collect(usize::MAX, |take| turns::read(&chain, selection, take))?;
        let got = collect(usize::MAX, |take| turns::read_known(&home, &chain, selection, &known, take))?;
        assert_eq!(got, wanted, "{}", file.path);
        rewritten += wanted.0.len();
    }
    assert!(rewritten > 10, "{rewritten} turns");
    Ok(())
}
