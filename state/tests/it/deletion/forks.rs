//! Forks of a deleted thread, whose files still lie in the home.

use threadkeep_state::backfill::IndexOptions;
use threadkeep_state::{ListThreads, Thread};

use super::{MARKER, now};
use crate::common::{Fixture, Result, id};
use crate::parts::{header, path, turn};

/// A message of the user in a turn of its own.
fn said(turn_id: &str, words: &str, total: u64) -> String {
    let words = format!(
        "{{\"timestamp\":\"2026-11-22T10:00:02Z\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"user_message\",\
         \"message\":\"{words}\"}}}}\n"
    );
    let turn = turn(turn_id, total);
    let (start, count) = turn.split_at(turn.find('\n').map_or(0, |end| end + 1));
    [start, &words, count].concat()
}

#[tokio::test]
async fn an_audit_leaves_forks_of_a_shrunk_file_alone() -> Result {
    let fixture = Fixture::empty().await?;
    let first = header(id(1), "") + &said("a", "first", 100);
    let forked = format!(",\"forked_from_id\":\"{}\"", id(1));
    let base =
        format!(",\"history_base\":{{\"thread_id\":\"{}\",\"end_byte_offset\":{}}}", id(1), first.len());
    fixture.write(&path(id(1), None), &first)?;
    fixture.write(&path(id(2), None), header(id(2), &forked) + &first + &said("b", "second", 150))?;
    fixture.write(&path(id(3), None), header(id(3), &(forked + &base)) + &said("c", "third", 180))?;
    fixture.index().await?;
    let forks = async || -> Result<Vec<Thread>> {
        Ok(fixture.threads().await?.into_iter().filter(|thread| thread.id != id(1)).collect())
    };
    let before = forks().await?;
    for left in [first.find('\n').map_or(0, |end| end + 1), 0] {
        fixture.write(&path(id(1), None), &first[..left])?;
        fixture.index().await?;
        let audit = fixture.state.audit(&fixture.home()?, |_, _| ()).await?;
        let of_forks = audit.differences.iter().filter(|difference| difference.thread_id != id(1));
        assert_eq!(of_forks.count(), 0, "{left} bytes: {:?}", audit.differences);
        fixture.state.prepare_repair(&audit, now()).await?;
        fixture.index().await?;
        assert_eq!(forks().await?, before, "{left} bytes");
    }
    Ok(())
}

/// Three threads, each a fork with copied lines of the one before, and two that build on files of
/// the second.
#[tokio::test]
async fn the_lines_of_a_deleted_thread_still_are_a_base() -> Result {
    for source_is_there in [true, false] {
        let fixture = Fixture::empty().await?;
        let forked = |source| format!(",\"forked_from_id\":\"{}\"", id(source));
        let first = header(id(1), "") + &said("a", "first", 100);
        let second = header(id(2), &forked(1)) + &first + &said("b", MARKER, 150);
        let third = header(id(3), &forked(2)) + &second;
        let base =
            format!(",\"history_base\":{{\"thread_id\":\"{}\",\"end_byte_offset\":{}}}", id(2), second.len());
        if source_is_there {
            fixture.write(&path(id(1), None), &first)?;
        }
        fixture.write(&path(id(2), None), &second)?;
        fixture.write(&path(id(3), None), third.clone() + &said("c", "third", 170))?;
        // Everything in it was copied.
        fixture.write(&path(id(4), None), third.replace(&id(3).to_string(), &id(4).to_string()))?;
        let fifth = header(id(5), &(forked(2) + &base)) + &said("d", "fifth", 180);
        fixture.write(&path(id(5), None), fifth)?;
        let rows = async |force| -> Result<Vec<Thread>> {
            let engine = fixture.engine(IndexOptions::default())?.with(|it| it.force = force);
            engine.run(|_| ()).await?;
            let mut threads = fixture.threads().await?;
            threads.retain(|thread| thread.id != id(2));
            Ok(threads)
        };
        let before = rows(false).await?;
        let of = |number| before.iter().find(|thread| thread.id == id(number)).ok_or("a row");
        assert_eq!((of(3)?.title.as_deref(), of(3)?.own_tokens), (Some("third"), Some(20)));
        assert_eq!((of(4)?.title.as_deref(), of(4)?.inherited_tokens), (None, Some(150)));
        let own = source_is_there.then_some(30);
        assert_eq!((of(5)?.title.as_deref(), of(5)?.own_tokens), (Some("fifth"), own));

        fixture.state.delete_thread(id(2), now()).await?;
        assert_eq!(rows(false).await?, before);
        assert_eq!(rows(true).await?, before, "also if everything is read again");
        for thread in [3, 4, 5] {
            fixture.append(&path(id(thread), None), &said("e", "more", 190))?;
        }
        let grown = rows(false).await?;
        let more = grown.iter().find(|thread| thread.id == id(4)).ok_or("a row")?;
        assert_eq!((more.title.as_deref(), more.own_tokens), (Some("more"), Some(40)));
        assert_eq!(fixture.state.file_problems(10).await?, []);
        let audit = fixture.state.audit(&fixture.home()?, |_, _| ()).await?;
        assert_eq!(audit.differences, []);

        let search = Some(MARKER.to_owned());
        let query = ListThreads { search, all: true, ..ListThreads::default() };
        assert_eq!(fixture.state.threads().list(&query).await?.threads, [], "its words are nowhere");
    }
    Ok(())
}
