//! Files that grow, are rewritten, shrink, move, are compressed, doubled or lost: nothing of the
//! old bytes stays, and nothing counts twice.

use std::fs;

use threadkeep_history::{HistoryStore, OpenOptions, SearchQuery};

use crate::common::{Lab, Result, header, id, rollout_path, session, turn};

/// What a history from scratch of the same home shows.
async fn from_scratch(lab: &Lab, threads: &[uuid::Uuid]) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let history = HistoryStore::new(folder.path(), &OpenOptions::new());
    history.ports(&lab.home()?).await?.engine().run(|_| ()).await?;
    lab.with(history).content(threads).await
}

/// Checks that the history is what one from scratch would be, and that it is sound.
pub(crate) async fn is_as_from_scratch(lab: &Lab, threads: &[uuid::Uuid]) -> Result {
    assert_eq!(lab.content(threads).await?, from_scratch(lab, threads).await?);
    let raw = lab.raw()?;
    let orphans: i64 = raw.query_row(
        "SELECT (SELECT count(*) FROM history_blocks WHERE file NOT IN (SELECT id FROM history_files WHERE is_owner)) \
           + (SELECT count(*) FROM history_turns WHERE file NOT IN (SELECT id FROM history_files WHERE is_owner)) \
           + (SELECT count(*) FROM history_usage WHERE file NOT IN (SELECT id FROM history_files WHERE is_owner)) \
           + (SELECT count(*) FROM history_checkpoints WHERE file NOT IN (SELECT id FROM history_files WHERE is_owner))",
        [],
        |row| row.get(0),
    )?;
    assert_eq!(orphans, 0, "rows without a file");
    raw.execute("INSERT INTO history_words (history_words) VALUES ('integrity-check')", [])?;
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_rewritten_under_its_name_leaves_nothing() -> Result {
    let lab = Lab::new()?;
    let path = rollout_path(id(1));
    let long = |word: &str| {
        let turns = (0..200_u64)
            .map(|n| turn(&format!("{n}"), &format!("{word} {n} {}", "x ".repeat(500)), "yes", n));
        header(id(1)) + &turns.collect::<String>()
    };
    lab.write(&path, long("former"))?;
    lab.index().await?;
    assert_eq!(lab.count("former").await?, 200);
    // The same length, other words.
    let mut again = long("latter");
    lab.write(&path, &again)?;
    lab.index().await?;
    assert_eq!((lab.count("former").await?, lab.count("latter").await?), (0, 200));
    is_as_from_scratch(&lab, &[id(1)]).await?;
    // Shorter, then grown from there, then with another beginning and the same end.
    again.truncate(again.len() / 2);
    lab.write(&path, &again)?;
    lab.index().await?;
    is_as_from_scratch(&lab, &[id(1)]).await?;
    lab.append(&path, &(String::from("\n") + &turn("new", "grown again", "yes", 900)))?;
    lab.index().await?;
    assert_eq!(lab.count("grown again").await?, 1);
    is_as_from_scratch(&lab, &[id(1)]).await?;
    lab.write(&path, again.replacen("latter 1 ", "middle one more ", 1))?;
    lab.index().await?;
    assert_eq!((lab.count("\"middle one\"").await?, lab.count("\"latter 1 x\"").await?), (1, 0));
    is_as_from_scratch(&lab, &[id(1)]).await
}

#[tokio::test]
async fn a_line_that_is_appended_costs_the_last_turn_alone() -> Result {
    let lab = Lab::new()?;
    let path = rollout_path(id(1));
    let turns =
        (0..100_u64).map(|n| turn(&format!("{n}"), &format!("turn {n} {}", "filler ".repeat(500)), "yes", n));
    let text = header(id(1)) + &turns.collect::<String>();
    lab.write(&path, &text)?;
    lab.index().await?;
    // Bytes at the beginning that changed behind its back show that they are not read again.
    lab.write(
        &path,
        text.replacen("turn 3 filler", "turn 3 hidden", 1) + &turn("last", "one more", "yes", 200),
    )?;
    lab.index().await?;
    assert_eq!((lab.count("\"one more\"").await?, lab.count("hidden").await?), (1, 0));
    assert_eq!(lab.history.figures(id(1)).await?.map(|figures| figures.turns), Some(101));
    // A pass that is forced reads everything.
    lab.history.ports(&lab.home()?).await?.engine().with(|it| it.force = true).run(|_| ()).await?;
    assert_eq!(lab.count("hidden").await?, 1);
    is_as_from_scratch(&lab, &[id(1)]).await
}

#[tokio::test]
async fn a_file_that_grows_line_by_line_is_as_one_that_is_read_at_once() -> Result {
    let lab = Lab::new()?;
    let path = rollout_path(id(1));
    let turns = (0..6_u64)
        .map(|n| turn(&format!("{n}"), &format!("turn {n}"), &"long words ".repeat(5_000), 10 * n + 9));
    let text = header(id(1)) + &turns.collect::<String>();
    let mut written = 0;
    for line in text.split_inclusive('\n') {
        // Half a line, and then the rest of it.
        for end in [written + line.len() / 2, written + line.len()] {
            lab.write(&path, &text[..end])?;
            lab.index().await?;
        }
        written += line.len();
        is_as_from_scratch(&lab, &[id(1)]).await?;
        assert_eq!(lab.count("turn").await?, text[..written].matches("user_message").count());
    }
    Ok(())
}

#[tokio::test]
async fn files_that_move_are_compressed_or_doubled_count_once() -> Result {
    let lab = Lab::new()?;
    let (path, archived) =
        (rollout_path(id(1)), format!("archived_sessions/rollout-2026-11-22T13-23-16-{}.jsonl", id(1)));
    lab.write(&path, session(id(1), "the needle"))?;
    lab.write(&rollout_path(id(2)), session(id(2), "another"))?;
    lab.index().await?;
    let content = lab.content(&[id(1), id(2)]).await?;
    let tokens = async |lab: &Lab| -> Result<i64> {
        Ok(lab.history.usage(&threadkeep_history::UsageQuery::default()).await?[0].tokens.total)
    };
    assert_eq!(tokens(&lab).await?, 20);
    lab.rename(&path, &archived)?;
    lab.index().await?;
    assert_eq!(lab.content(&[id(1), id(2)]).await?, content.replace(&path, &archived));
    // Doubled while it moves back, and compressed.
    lab.write(&path, fs::read(lab.path(&archived))?)?;
    let report = lab.index().await?;
    assert_eq!((report.duplicates, lab.count("needle").await?, tokens(&lab).await?), (1, 1, 20));
    let compressed = format!("{path}.zst");
    lab.write(&compressed, zstd::encode_all(&fs::read(lab.path(&path))?[..], 3)?)?;
    assert_eq!(lab.index().await?.duplicates, 2);
    fs::remove_file(lab.path(&path))?;
    fs::remove_file(lab.path(&archived))?;
    let report = lab.index().await?;
    assert_eq!(
        (report.duplicates, report.rows_gone, lab.count("needle").await?, tokens(&lab).await?),
        (0, 0, 1, 20)
    );
    let query = SearchQuery::new("needle");
    let hits = lab.hits(&query).await?;
    assert_eq!(hits[0].path, compressed);
    let shown = lab.history.show(&lab.home()?, &query, &hits).await?;
    assert_eq!(shown[0].snippet.as_ref().map(|snippet| &*snippet.text), Some("the needle"));
    is_as_from_scratch(&lab, &[id(1), id(2)]).await?;
    // A file that moved since is shown all the same.
    lab.rename(&compressed, &format!("{archived}.zst"))?;
    let shown = lab.history.show(&lab.home()?, &query, &hits).await?;
    assert!(shown[0].snippet.is_some());
    fs::remove_file(lab.path(&format!("{archived}.zst")))?;
    assert_eq!(lab.index().await?.rows_gone, 1);
    assert_eq!((lab.count("needle").await?, tokens(&lab).await?), (0, 10));
    is_as_from_scratch(&lab, &[id(1), id(2)]).await
}

#[tokio::test]
async fn a_lost_or_damaged_database_is_made_again() -> Result {
    let lab = Lab::new()?;
    lab.write(&rollout_path(id(1)), session(id(1), "the needle"))?;
    lab.index().await?;
    let path = lab.history.database().path();
    lab.history.close().await?;
    fs::remove_file(&path)?;
    lab.index().await?;
    assert_eq!(lab.count("needle").await?, 1);
    lab.history.close().await?;
    let mut bytes = fs::read(&path)?;
    let length = bytes.len();
    bytes[4096..length - 4096].fill(0x5a);
    fs::write(&path, bytes)?;
    let lab = lab.recovering();
    lab.index().await?;
    assert_eq!(lab.count("needle").await?, 1);
    Ok(())
}
