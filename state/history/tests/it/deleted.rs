//! A deleted thread: no byte of its words is left, and none comes in again.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use threadkeep_history::TurnsQuery;
use threadkeep_sqlite::Tombstone;

use crate::changes::is_as_from_scratch;
use crate::common::{Fixture, Result, header, id, rollout_path, session, turn};

/// Words that are in no other text, of the user, the agent, and a failed command.
const WORDS: [&str; 3] = ["quxzanthem", "brelvorundo", "filmarquets"];

/// Counts the places of a folder's files in which a text is.
fn places(folder: &Path, text: &str) -> Result<usize> {
    let mut places = 0;
    for entry in fs::read_dir(folder)? {
        let content = fs::read(entry?.path())?;
        places += content.windows(text.len()).filter(|bytes| *bytes == text.as_bytes()).count();
    }
    Ok(places)
}

fn planted(thread: u128) -> String {
    let mut text = header(id(thread));
    // Some within a segment with others' words, and some that fill pages of their own.
    for number in 0..50_u64 {
        let agent =
            format!("{} {}", WORDS[1], (0..200).map(|n| format!("{}{n} ", WORDS[2])).collect::<String>());
        text += &turn(&format!("{number}"), &format!("{} {number}", WORDS[0]), &agent, number);
    }
    text
}

#[tokio::test]
async fn no_byte_of_a_deleted_thread_is_left() -> Result {
    let fixture = Fixture::new()?;
    for thread in 2..40 {
        fixture.write(&rollout_path(id(thread)), session(id(thread), &format!("other words {thread}")))?;
    }
    fixture.write(&rollout_path(id(1)), planted(1))?;
    fixture.index().await?;
    // More segments, and a tail that replaces one.
    fixture.append(&rollout_path(id(1)), &turn("more", WORDS[0], WORDS[1], 99))?;
    fixture.write(&rollout_path(id(50)), session(id(50), "even later"))?;
    fixture.index().await?;
    for word in WORDS {
        assert!(places(&fixture.sqlite_home(), word)? > 0, "{word} is looked for where it is");
        assert!(fixture.count(word).await? > 0);
    }
    let threads = fixture.history.deleted_threads();
    assert!(threads.erase(id(1), Timestamp::UNIX_EPOCH).await?, "nothing is left");
    for word in WORDS {
        assert_eq!((places(&fixture.sqlite_home(), word)?, fixture.count(word).await?), (0, 0), "{word}");
    }
    assert_eq!(fixture.history.turns(&fixture.home()?, id(1), &TurnsQuery::default()).await?.total, 0);
    assert_eq!(fixture.history.figures(id(1)).await?, None);
    assert_eq!(fixture.count("\"other words\"").await?, 38, "the others are still found");

    // Nothing of it comes in: when its file grows, moves, is doubled, or is read again anyway.
    fixture.append(&rollout_path(id(1)), &turn("late", WORDS[0], WORDS[1], 200))?;
    fixture.write(&format!("sessions/{}", rollout_path(id(1)).replace('/', "-")), planted(1))?;
    fixture.index().await?;
    fixture.rename(
        &rollout_path(id(1)),
        &format!("archived_sessions/rollout-2026-11-22T13-23-16-{}.jsonl", id(1)),
    )?;
    let report = fixture.index().await?;
    assert_eq!(report.excluded, 2, "{report:?}");
    fixture.history.ports(&fixture.home()?).await?.engine().with(|it| it.force = true).run(|_| ()).await?;
    fixture.history.close().await?;
    for word in WORDS {
        assert_eq!(places(&fixture.sqlite_home(), word)?, 0, "{word}");
    }
    is_as_from_scratch_but(&fixture, 1).await?;

    // Restored, it is read again.
    threads.restore(id(1)).await?;
    fixture.index().await?;
    assert_eq!(fixture.count(WORDS[0]).await?, 52);
    is_as_from_scratch(&fixture, &[id(1), id(2), id(50)]).await
}

/// Erases three threads of a hundred, so many at a time. Returns the number of segments that FTS5
/// wrote. It merges by itself only when a tenth of a segment is deleted.
async fn segments_written(at_once: usize) -> Result<i64> {
    let fixture = Fixture::new()?;
    for thread in 1..=100 {
        let words = if thread <= 3 { WORDS[0] } else { "other words" };
        fixture.write(&rollout_path(id(thread)), session(id(thread), words))?;
    }
    fixture.index().await?;
    // The first page of a segment's leaves: `segment << 37 | 1`. Greater segments are tombstones.
    let raw = fixture.raw()?;
    raw.execute_batch(
        "CREATE TABLE writes (segment INTEGER);
         CREATE TRIGGER count_writes AFTER INSERT ON history_words_data
         WHEN NEW.id & ((1 << 37) - 1) = 1 AND NEW.id >> 37 BETWEEN 1 AND 65535 BEGIN
           INSERT INTO writes VALUES (NEW.id >> 37);
         END",
    )?;
    let threads = fixture.history.deleted_threads();
    let stone = |thread| Tombstone { thread_id: id(thread), deleted_at: Timestamp::UNIX_EPOCH };
    for stones in (1..=3).map(stone).collect::<Vec<_>>().chunks(at_once) {
        assert!(threads.erase_all(stones).await?, "nothing is left");
    }
    assert_eq!((places(&fixture.sqlite_home(), WORDS[0])?, fixture.count("\"other words\"").await?), (0, 97));
    assert_eq!(threads.list().await?.len(), 3);
    let written = raw.query_row("SELECT count(*) FROM writes", [], |row| row.get(0))?;
    fixture.index().await?;
    assert_eq!(fixture.count(WORDS[0]).await?, 0, "none comes in again");
    Ok(written)
}

#[tokio::test]
async fn several_threads_are_erased_with_one_merge() -> Result {
    assert_eq!((segments_written(3).await?, segments_written(1).await?), (1, 3));
    Ok(())
}

#[tokio::test]
async fn no_byte_is_left_of_what_a_pass_removed_before_the_deletion() -> Result {
    // The file is gone; or it has other words now.
    for gone in [true, false] {
        let fixture = Fixture::new()?;
        fixture.write(&rollout_path(id(2)), session(id(2), "other words"))?;
        fixture.write(&rollout_path(id(1)), planted(1))?;
        fixture.index().await?;
        if gone {
            fs::remove_file(fixture.path(&rollout_path(id(1))))?;
        } else {
            fixture.write(&rollout_path(id(1)), header(id(1)))?;
        }
        fixture.index().await?;
        assert!(fixture.history.deleted_threads().erase(id(1), Timestamp::UNIX_EPOCH).await?);
        for word in WORDS {
            assert_eq!(places(&fixture.sqlite_home(), word)?, 0, "{word}, gone: {gone}");
        }
        assert_eq!(fixture.count("\"other words\"").await?, 1);
    }
    Ok(())
}

/// The other threads are as from scratch: a deleted one takes nothing with it.
async fn is_as_from_scratch_but(fixture: &Fixture, deleted: u128) -> Result {
    let other = Fixture::new()?;
    for thread in (2..40).chain([50]).filter(|thread| *thread != deleted) {
        other.write(&rollout_path(id(thread)), fs::read(fixture.path(&rollout_path(id(thread))))?)?;
    }
    other.index().await?;
    let threads: Vec<_> = (2..40).chain([50]).map(id).collect();
    assert_eq!(fixture.content(&threads).await?, other.content(&threads).await?);
    Ok(())
}

#[tokio::test]
async fn a_thread_that_is_deleted_while_a_pass_reads_it_stays_deleted() -> Result {
    let fixture = Fixture::new()?;
    fixture.write(&rollout_path(id(1)), planted(1))?;
    let ports = fixture.history.ports(&fixture.home()?).await?;
    let threads = fixture.history.deleted_threads();
    // Before the first commit of the pass, and with another handle.
    threads.erase(id(1), Timestamp::UNIX_EPOCH).await?;
    let report = ports.engine().run(|_| ()).await?;
    assert_eq!((report.excluded, fixture.count(WORDS[0]).await?), (1, 0));
    assert_eq!(places(&fixture.sqlite_home(), WORDS[0])?, 0);
    Ok(())
}
