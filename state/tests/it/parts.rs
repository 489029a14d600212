//! A thread in several files, and forks that build on the files of others.

use threadkeep_rollout::BaseProblem;
use threadkeep_state::{HomeProblem, Thread};
use uuid::Uuid;

use crate::common::{Fixture, Result, id};

/// Three lines of a file: its header, a message, and a count of tokens.
struct Part<'a> {
    thread: Uuid,
    /// The file and the number of its lines that this one builds on.
    base: Option<(Uuid, u64)>,
    first_ordinal: u64,
    /// Hour of the day.
    hour: u8,
    says: &'a str,
    tokens: u64,
}

impl Part<'_> {
    fn text(&self) -> String {
        let Part { thread, first_ordinal, hour, says, tokens, .. } = self;
        let base = self.base.map_or_else(String::new, |(file, end)| {
            format!(
                ",\"history_mode\":\"paginated\",\"history_base\":{{\"thread_id\":\"{file}\",\
                 \"end_ordinal_exclusive\":{end},\"end_byte_offset\":0}}"
            )
        });
        let line = |n: u64, second: u8, line_type: &str, payload: &str| {
            format!(
                "{{\"timestamp\":\"2026-11-22T{hour:02}:00:{second:02}.000Z\",\"ordinal\":{},\"type\":\"{line_type}\",\
                 \"payload\":{{{payload}}}}}\n",
                first_ordinal + n
            )
        };
        let header = format!(
            "\"id\":\"{thread}\",\"timestamp\":\"2026-11-22T{hour:02}:00:00.000Z\",\"cwd\":\"/w\",\
             \"source\":\"cli\",\"model_provider\":\"mock\"{base}"
        );
        let item =
            format!("\"type\":\"UserMessage\",\"content\":[{{\"type\":\"text\",\"text\":\"{says}\"}}]");
        let count = format!(
            "\"type\":\"token_count\",\"info\":{{\"total_token_usage\":{{\"total_tokens\":{tokens}}}}}"
        );
        line(0, 0, "session_meta", &header)
            + &line(1, 1, "event_msg", &format!("\"type\":\"item_completed\",\"item\":{{{item}}}"))
            + &line(2, 2, "event_msg", &count)
    }
}

pub(crate) fn path(thread: Uuid, segment: Option<Uuid>) -> String {
    let segment = segment.map_or_else(String::new, |segment| format!("_{segment}"));
    format!("sessions/2026/11/22/rollout-2026-11-22T10-00-00-{thread}{segment}.jsonl")
}

/// A thread that was continued in a second file, and in a third after its last words were taken
/// back.
async fn continued() -> Result<Fixture> {
    let fixture = Fixture::empty().await?;
    let thread = id(1);
    let first = Part { thread, base: None, first_ordinal: 0, hour: 10, says: "one", tokens: 100 };
    let second = Part {
        base: Some((id(1), 3)),
        first_ordinal: 3,
        hour: 11,
        says: "two, taken back",
        tokens: 150,
        ..first
    };
    let third =
        Part { base: Some((id(1), 3)), first_ordinal: 3, hour: 12, says: "three", tokens: 130, ..first };
    fixture.write(&path(thread, None), first.text())?;
    fixture.write(&path(thread, Some(id(2))), second.text())?;
    fixture.write(&path(thread, Some(id(3))), third.text())?;
    Ok(fixture)
}

async fn only(fixture: &Fixture) -> Result<Thread> {
    let mut threads = fixture.threads().await?;
    assert_eq!(threads.len(), 1);
    Ok(threads.remove(0))
}

#[tokio::test]
async fn one_thread_has_one_row_however_many_files() -> Result {
    let fixture = continued().await?;
    let report = fixture.index().await?;
    assert_eq!((report.indexed, report.duplicates, report.problems), (3, 0, vec![]));
    let thread = only(&fixture).await?;
    assert_eq!(thread.rollout_path, path(id(1), Some(id(3))));
    assert_eq!((thread.title.as_deref(), thread.own_tokens), (Some("one"), Some(130)));
    assert_eq!(thread.created_at.to_string(), "2026-11-22T10:00:00Z");
    assert_eq!(thread.updated_at.to_string(), "2026-11-22T12:00:02Z");

    let report = fixture.index().await?;
    assert_eq!((report.unchanged, report.problems_total), (3, 0), "the older files are not read again");
    assert_eq!(fixture.state.threads().files_of(id(1)).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn an_older_file_takes_over_when_the_newest_goes() -> Result {
    let fixture = continued().await?;
    fixture.index().await?;
    std::fs::remove_file(fixture.path(&path(id(1), Some(id(3)))))?;
    fixture.index().await?;
    let thread = only(&fixture).await?;
    assert_eq!((thread.rollout_path, thread.own_tokens), (path(id(1), Some(id(2))), Some(150)));
    assert_eq!(fixture.state.file_problems(10).await?, []);
    assert_eq!(fixture.index().await?.unchanged, 2);
    Ok(())
}

#[tokio::test]
async fn a_copy_of_a_part_is_still_a_problem() -> Result {
    let fixture = continued().await?;
    let newest = path(id(1), Some(id(3)));
    let copy = newest.replace("/22/", "/21/");
    fixture.write(&copy, std::fs::read_to_string(fixture.path(&newest))?)?;
    fixture.index().await?;
    only(&fixture).await?;
    let problems = fixture.state.file_problems(10).await?;
    assert_eq!(problems.len(), 1);
    assert!(matches!(&problems[0].problem, HomeProblem::Duplicate { of } if *of == copy || *of == newest));
    Ok(())
}

#[tokio::test]
async fn a_base_that_goes_is_named_and_heals_when_it_comes_back() -> Result {
    let fixture = Fixture::empty().await?;
    let source = Part { thread: id(1), base: None, first_ordinal: 0, hour: 10, says: "one", tokens: 100 };
    let fork = Part {
        thread: id(2),
        base: Some((id(1), 3)),
        first_ordinal: 3,
        hour: 11,
        says: "a fork",
        tokens: 150,
    };
    let (source_path, fork_path) = (path(id(1), None), path(id(2), None));
    fixture.write(&source_path, source.text())?;
    fixture.write(&fork_path, fork.text())?;
    fixture.index().await?;
    let fork =
        async || -> Result<Thread> { Ok(fixture.state.threads().get(id(2)).await?.ok_or("the fork")?) };
    let problems = async || -> Result<Vec<(String, HomeProblem)>> {
        let problems = fixture.state.file_problems(10).await?;
        Ok(problems.into_iter().map(|problem| (problem.path, problem.problem)).collect())
    };
    let indexed = fork().await?;
    assert_eq!((indexed.own_tokens, indexed.inherited_tokens), (Some(50), Some(100)));
    assert_eq!(problems().await?, []);

    std::fs::remove_file(fixture.path(&source_path))?;
    fixture.index().await?;
    let missing = HomeProblem::Base(BaseProblem::Missing(id(1)));
    assert_eq!(problems().await?, [(fork_path, missing)]);
    assert_eq!(fork().await?.title.as_deref(), Some("a fork"), "its own words are there");

    fixture.write(&source_path, source.text())?;
    fixture.index().await?;
    assert_eq!(problems().await?, []);
    assert_eq!(fork().await?, indexed);
    Ok(())
}

#[tokio::test]
async fn a_file_that_goes_is_missed_by_everything_that_builds_on_it() -> Result {
    let fixture = continued().await?;
    let fork = |thread, base, hour, tokens| {
        Part { thread, base: Some((base, 6)), first_ordinal: 6, hour, says: "a fork", tokens }.text()
    };
    let (first, of_segment, of_fork) = (path(id(1), None), path(id(8), None), path(id(9), None));
    fixture.write(&of_segment, fork(id(8), id(3), 13, 200))?;
    fixture.write(&of_fork, fork(id(9), id(8), 14, 300))?;
    let whole = std::fs::read_to_string(fixture.path(&first))?;
    let rows = async || -> Result<Vec<Thread>> {
        fixture.index().await?;
        fixture.threads().await
    };
    let fresh = async || -> Result<Vec<Thread>> {
        let again = Fixture::empty().await?;
        for file in [&first, &path(id(1), Some(id(2))), &path(id(1), Some(id(3))), &of_segment, &of_fork] {
            if let Ok(text) = std::fs::read_to_string(fixture.path(file)) {
                again.write(file, text)?;
            }
        }
        again.index().await?;
        again.threads().await
    };
    assert_eq!(rows().await?, fresh().await?);
    std::fs::remove_file(fixture.path(&first))?;
    assert_eq!(rows().await?, fresh().await?, "the first file is gone");
    assert_eq!(fixture.threads().await?.len(), 3, "each shows what is its own");
    fixture.write(&first, whole)?;
    assert_eq!(rows().await?, fresh().await?, "it is back");
    Ok(())
}

/// A turn with this id, after which the thread's counter has this total.
pub(crate) fn turn(id: &str, total: u64) -> String {
    format!(
        "{{\"timestamp\":\"2026-11-22T10:00:01Z\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"task_started\",\
         \"turn_id\":\"{id}\"}}}}\n{{\"timestamp\":\"2026-11-22T10:00:02Z\",\"type\":\"event_msg\",\"payload\":\
         {{\"type\":\"token_count\",\"info\":{{\"total_token_usage\":{{\"total_tokens\":{total}}}}}}}}}\n"
    )
}

pub(crate) fn header(thread: Uuid, more: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-11-22T10:00:00Z\",\"type\":\"session_meta\",\"payload\":{{\"id\":\"{thread}\",\
         \"timestamp\":\"2026-11-22T10:00:00Z\",\"cwd\":\"/w\",\"source\":\"cli\"{more}}}}}\n"
    )
}

/// A fork of a fork: it has copied lines of its source, which builds on a file of a third thread.
#[tokio::test]
async fn copied_lines_follow_the_files_that_their_source_builds_on() -> Result {
    let fixture = Fixture::empty().await?;
    let third = header(id(1), "") + &turn("a", 100);
    let more = format!(
        ",\"forked_from_id\":\"{0}\",\"history_base\":{{\"thread_id\":\"{0}\",\"end_byte_offset\":{1}}}",
        id(1),
        third.len()
    );
    let source = header(id(2), &more) + &turn("b", 150);
    let forked = format!(",\"forked_from_id\":\"{}\"", id(2));
    let copied = header(id(2), "") + &turn("a", 100) + &turn("b", 150);
    fixture.write(&path(id(2), None), source)?;
    fixture.write(&path(id(3), None), header(id(3), &forked) + &copied + &turn("c", 170))?;
    let tokens = async || -> Result<(Option<i64>, Option<i64>)> {
        fixture.index().await?;
        let fork = fixture.state.threads().get(id(3)).await?.ok_or("the fork")?;
        Ok((fork.own_tokens, fork.inherited_tokens))
    };
    let without = tokens().await?;
    assert_ne!(without, (Some(20), Some(150)), "nothing says that the turn `a` was copied");
    fixture.write(&path(id(1), None), third)?;
    assert_eq!(tokens().await?, (Some(20), Some(150)));
    std::fs::remove_file(fixture.path(&path(id(1), None)))?;
    assert_eq!(tokens().await?, without);
    Ok(())
}

#[tokio::test]
async fn a_fork_with_copied_lines_knows_what_it_inherited_while_its_source_is_there() -> Result {
    let fixture = Fixture::empty().await?;
    let source = header(id(1), "") + &turn("a", 100);
    let forked = format!(",\"forked_from_id\":\"{}\"", id(1));
    let fork = header(id(2), &forked) + &source + &turn("b", 150);
    let (source_path, fork_path) = (path(id(1), None), path(id(2), None));
    fixture.write(&fork_path, fork)?;
    let tokens = async || -> Result<(Option<i64>, Option<i64>)> {
        fixture.index().await?;
        let fork = fixture.state.threads().get(id(2)).await?.ok_or("the fork")?;
        Ok((fork.own_tokens, fork.inherited_tokens))
    };
    assert_eq!(tokens().await?, (None, None), "nothing says what was copied");
    fixture.write(&source_path, source)?;
    assert_eq!(tokens().await?, (Some(50), Some(100)));
    std::fs::remove_file(fixture.path(&source_path))?;
    assert_eq!(tokens().await?, (None, None));
    Ok(())
}

/// A fork with copied lines, to which a second file and a fork by reference belong.
#[tokio::test]
async fn files_that_build_on_copied_lines_follow_the_source_of_these() -> Result {
    let fixture = Fixture::empty().await?;
    let source = header(id(1), "") + &turn("a", 100);
    let forked = format!(",\"forked_from_id\":\"{}\"", id(1));
    let fork = header(id(2), &forked) + &source + &turn("b", 150);
    let base =
        |end: usize| format!(",\"history_base\":{{\"thread_id\":\"{}\",\"end_byte_offset\":{end}}}", id(2));
    // The second file takes back the fork's own turn.
    let without_own = fork.len() - turn("b", 150).len();
    let second = header(id(2), &(forked + &base(without_own))) + &turn("c", 130);
    let more = format!(",\"forked_from_id\":\"{}\"{}", id(2), base(fork.len()));
    let source_path = path(id(1), None);
    fixture.write(&path(id(2), None), &fork)?;
    fixture.write(&path(id(2), Some(id(3))), second)?;
    fixture.write(&path(id(4), None), header(id(4), &more) + &turn("d", 170))?;
    let tokens = async || -> Result<Vec<(Option<i64>, Option<i64>)>> {
        fixture.index().await?;
        let mut threads = Vec::new();
        for thread in [id(2), id(4)] {
            let thread = fixture.state.threads().get(thread).await?.ok_or("the fork")?;
            threads.push((thread.own_tokens, thread.inherited_tokens));
        }
        Ok(threads)
    };
    let without = tokens().await?;
    fixture.write(&source_path, &source)?;
    let with = tokens().await?;
    assert_eq!(with, [(Some(30), Some(100)), (Some(20), Some(150))]);
    std::fs::remove_file(fixture.path(&source_path))?;
    assert_eq!(tokens().await?, without);
    fixture.write(&source_path, &source)?;
    assert_eq!(tokens().await?, with, "it is back");
    let audit = fixture.state.audit(&fixture.home()?, |_, _| ()).await?;
    assert_eq!(audit.differences, []);
    Ok(())
}
