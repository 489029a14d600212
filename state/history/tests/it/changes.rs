//! Files that grow, are rewritten, shrink, move, are compressed, doubled or lost: nothing of the
//! old bytes stays, and nothing counts twice.

use std::fs;

use threadkeep_history::{HistoryStore, OpenOptions, SearchQuery};

use crate::common::{Fixture, Result, header, id, rollout_path, session, turn};

/// Content of a history that is made from scratch of the same home.
async fn from_scratch(fixture: &Fixture, threads: &[uuid::Uuid]) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let history = HistoryStore::new(folder.path(), &OpenOptions::new());
    history.ports(&fixture.home()?).await?.engine().run(|_| ()).await?;
    fixture.with(history).content(threads).await
}

/// Checks that the history is what one from scratch would be, and that it is sound.
pub(crate) async fn is_as_from_scratch(fixture: &Fixture, threads: &[uuid::Uuid]) -> Result {
    assert_eq!(fixture.content(threads).await?, from_scratch(fixture, threads).await?);
    let raw = fixture.raw()?;
    let orphans: i64 = raw.query_row(
        "SELECT (SELECT count(*) FROM history_blocks WHERE file NOT IN (SELECT id FROM history_files WHERE is_owner)) \
           + (SELECT count(*) FROM history_turns WHERE file NOT IN (SELECT id FROM history_files WHERE is_owner)) \
           + (SELECT count(*) FROM history_usage WHERE file NOT IN (SELECT id FROM history_files WHERE is_owner)) \
           + (SELECT count(*) FROM history_other_usage \
               WHERE file NOT IN (SELECT id FROM history_files WHERE is_owner)) \
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
    let fixture = Fixture::new()?;
    let path = rollout_path(id(1));
    let long = |word: &str| {
        let turns = (0..200_u64)
            .map(|n| turn(&format!("{n}"), &format!("{word} {n} {}", "x ".repeat(500)), "yes", n));
        header(id(1)) + &turns.collect::<String>()
    };
    fixture.write(&path, long("former"))?;
    fixture.index().await?;
    assert_eq!(fixture.count("former").await?, 200);
    // The same length, other words.
    let mut again = long("latter");
    fixture.write(&path, &again)?;
    fixture.index().await?;
    assert_eq!((fixture.count("former").await?, fixture.count("latter").await?), (0, 200));
    is_as_from_scratch(&fixture, &[id(1)]).await?;
    // Shorter, then grown from there, then with another beginning and the same end.
    again.truncate(again.len() / 2);
    fixture.write(&path, &again)?;
    fixture.index().await?;
    is_as_from_scratch(&fixture, &[id(1)]).await?;
    fixture.append(&path, &(String::from("\n") + &turn("new", "grown again", "yes", 900)))?;
    fixture.index().await?;
    assert_eq!(fixture.count("grown again").await?, 1);
    is_as_from_scratch(&fixture, &[id(1)]).await?;
    fixture.write(&path, again.replacen("latter 1 ", "middle one more ", 1))?;
    fixture.index().await?;
    assert_eq!((fixture.count("\"middle one\"").await?, fixture.count("\"latter 1 x\"").await?), (1, 0));
    is_as_from_scratch(&fixture, &[id(1)]).await
}

#[tokio::test]
async fn a_line_that_is_appended_costs_the_last_turn_alone() -> Result {
    let fixture = Fixture::new()?;
    let path = rollout_path(id(1));
    let turns =
        (0..100_u64).map(|n| turn(&format!("{n}"), &format!("turn {n} {}", "filler ".repeat(500)), "yes", n));
    let text = header(id(1)) + &turns.collect::<String>();
    fixture.write(&path, &text)?;
    fixture.index().await?;
    // Bytes at the beginning that changed behind its back show that they are not read again.
    fixture.write(
        &path,
        text.replacen("turn 3 filler", "turn 3 hidden", 1) + &turn("last", "one more", "yes", 200),
    )?;
    fixture.index().await?;
    assert_eq!((fixture.count("\"one more\"").await?, fixture.count("hidden").await?), (1, 0));
    assert_eq!(fixture.history.figures(id(1)).await?.map(|figures| figures.turns), Some(101));
    // A pass that is forced reads everything.
    fixture.history.ports(&fixture.home()?).await?.engine().with(|it| it.force = true).run(|_| ()).await?;
    assert_eq!(fixture.count("hidden").await?, 1);
    is_as_from_scratch(&fixture, &[id(1)]).await
}

#[tokio::test]
async fn a_file_that_grows_line_by_line_is_as_one_that_is_read_at_once() -> Result {
    let fixture = Fixture::new()?;
    let path = rollout_path(id(1));
    let turns = (0..6_u64)
        .map(|n| turn(&format!("{n}"), &format!("turn {n}"), &"long words ".repeat(5_000), 10 * n + 9));
    let text = header(id(1)) + &turns.collect::<String>();
    let mut written = 0;
    for line in text.split_inclusive('\n') {
        // Half a line, and then the rest of it.
        for end in [written + line.len() / 2, written + line.len()] {
            fixture.write(&path, &text[..end])?;
            fixture.index().await?;
        }
        written += line.len();
        is_as_from_scratch(&fixture, &[id(1)]).await?;
        assert_eq!(fixture.count("turn").await?, text[..written].matches("user_message").count());
    }
    Ok(())
}

#[tokio::test]
async fn files_that_move_are_compressed_or_doubled_count_once() -> Result {
    let fixture = Fixture::new()?;
    let (path, archived) =
        (rollout_path(id(1)), format!("archived_sessions/rollout-2026-11-22T13-23-16-{}.jsonl", id(1)));
    fixture.write(&path, session(id(1), "the needle"))?;
    fixture.write(&rollout_path(id(2)), session(id(2), "another"))?;
    fixture.index().await?;
    let content = fixture.content(&[id(1), id(2)]).await?;
    let tokens = async |fixture: &Fixture| -> Result<i64> {
        Ok(fixture.history.usage(&threadkeep_history::UsageQuery::default()).await?[0].tokens.total)
    };
    assert_eq!(tokens(&fixture).await?, 20);
    fixture.rename(&path, &archived)?;
    fixture.index().await?;
    assert_eq!(fixture.content(&[id(1), id(2)]).await?, content.replace(&path, &archived));
    // Doubled while it moves back, and compressed.
    fixture.write(&path, fs::read(fixture.path(&archived))?)?;
    let report = fixture.index().await?;
    assert_eq!((report.duplicates, fixture.count("needle").await?, tokens(&fixture).await?), (1, 1, 20));
    let compressed = format!("{path}.zst");
    fixture.write(&compressed, zstd::encode_all(&fs::read(fixture.path(&path))?[..], 3)?)?;
    assert_eq!(fixture.index().await?.duplicates, 2);
    fs::remove_file(fixture.path(&path))?;
    fs::remove_file(fixture.path(&archived))?;
    let report = fixture.index().await?;
    assert_eq!(
        (report.duplicates, report.rows_gone, fixture.count("needle").await?, tokens(&fixture).await?),
        (0, 0, 1, 20)
    );
    let query = SearchQuery::new("needle");
    let hits = fixture.hits(&query).await?;
    assert_eq!(hits[0].path, compressed);
    let shown = fixture.history.show(&fixture.home()?, &query, &hits).await?;
    assert_eq!(shown[0].snippet.as_ref().map(|snippet| &*snippet.text), Some("the needle"));
    is_as_from_scratch(&fixture, &[id(1), id(2)]).await?;
    // A file that moved since is shown all the same.
    fixture.rename(&compressed, &format!("{archived}.zst"))?;
    let shown = fixture.history.show(&fixture.home()?, &query, &hits).await?;
    assert!(shown[0].snippet.is_some());
    fs::remove_file(fixture.path(&format!("{archived}.zst")))?;
    assert_eq!(fixture.index().await?.rows_gone, 1);
    assert_eq!((fixture.count("needle").await?, tokens(&fixture).await?), (0, 10));
    is_as_from_scratch(&fixture, &[id(1), id(2)]).await
}

#[tokio::test]
async fn a_lost_or_damaged_database_is_made_again() -> Result {
    let fixture = Fixture::new()?;
    fixture.write(&rollout_path(id(1)), session(id(1), "the needle"))?;
    fixture.index().await?;
    let path = fixture.history.database().path();
    fixture.history.close().await?;
    fs::remove_file(&path)?;
    fixture.index().await?;
    assert_eq!(fixture.count("needle").await?, 1);
    fixture.history.close().await?;
    let mut bytes = fs::read(&path)?;
    let length = bytes.len();
    bytes[4096..length - 4096].fill(0x5a);
    fs::write(&path, bytes)?;
    let fixture = fixture.recovering();
    fixture.index().await?;
    assert_eq!(fixture.count("needle").await?, 1);
    Ok(())
}
