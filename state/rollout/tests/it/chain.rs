//! A thread in several files has the metadata of the same conversation in one file.

use std::fs;

use serde_json::{Value, json};
use threadkeep_rollout::{BaseProblem, Chain, Extractor, RunOutcome, ThreadMetadata, TurnQuery, list_turns};

use crate::Result;
use crate::written::{Home, id};

/// Title, model, own tokens and inherited ones.
fn short(metadata: &ThreadMetadata) -> (Option<&str>, Option<&str>, Option<i64>, Option<i64>) {
    let tokens = (metadata.own_tokens, metadata.inherited_tokens);
    (metadata.title.as_deref(), metadata.model.as_deref(), tokens.0, tokens.1)
}

#[test]
fn a_thread_goes_on_in_a_second_and_a_third_file() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("plan")?;
    let mut second = home.segment(&first, id(2), end)?;
    let end = second.turn("paint")?;
    let mut third = home.segment(&second, id(3), end)?;
    third.begin_turn("dry")?;
    let read = home.extract(id(3))?;
    let metadata = &read.metadata;
    assert_eq!(short(metadata), (Some("plan"), Some("dry"), Some(300), Some(0)));
    assert_eq!((metadata.thread_id, metadata.run_outcome), (id(1), RunOutcome::Running));
    assert_eq!(metadata.created_at, Some("2026-11-20T10:00:00Z".parse()?));
    assert_eq!((read.base, read.base_problem, read.lines), (Some(id(2)), None, 5));
    assert_eq!(short(&home.extract(id(2))?.metadata), (Some("plan"), Some("paint"), Some(200), Some(0)));
    assert_eq!((home.extract(id(1))?.base, home.extract(id(1))?.lines), (None, 6));

    // Only new lines are read when the file grows, and the bases not at all.
    second.remove()?;
    third.event(&json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": 350}}}))?;
    let grown = home.extract_from(id(3), Some(&read.checkpoint))?;
    assert!(grown.resumed && grown.base_problem.is_none());
    assert_eq!(short(&grown.metadata), (Some("plan"), Some("dry"), Some(350), Some(0)));
    Ok(())
}

#[test]
fn what_was_taken_back_counts_nowhere() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("keep")?;
    let before = first.total;
    first.turn("take back")?;
    first.total = before;
    let mut second = home.segment(&first, id(2), end)?;
    second.turn("again")?;
    assert_eq!(short(&home.extract(id(2))?.metadata), (Some("keep"), Some("again"), Some(200), Some(0)));
    // The second revert goes back behind the first line of the second file.
    let mut third = home.segment(&second, id(3), 3)?;
    third.total = 0;
    third.turn("from scratch")?;
    let metadata = home.extract(id(3))?.metadata;
    assert_eq!(short(&metadata), (Some("from scratch"), Some("from scratch"), Some(100), Some(0)));
    // Without a base, a segment begins with nothing but the thread's id.
    let mut fourth = home.begin(id(1), Some(id(4)), 0, &json!({}))?;
    fourth.turn("first words again")?;
    let metadata = home.extract(id(4))?.metadata;
    assert_eq!((metadata.thread_id, metadata.title.as_deref()), (id(1), Some("first words again")));
    Ok(())
}

#[test]
fn a_fork_inherits_tokens_and_settings_and_nothing_else() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("source")?;
    let mut fork = home.fork(&first, id(2), end)?;
    first.turn("later")?;
    let metadata = home.extract(id(2))?.metadata;
    assert_eq!((metadata.thread_id, metadata.forked_from_id), (id(2), Some(id(1))));
    assert_eq!(short(&metadata), (None, Some("source"), Some(0), Some(100)));
    assert_eq!(metadata.run_outcome, RunOutcome::Unknown);
    let end = fork.turn("fork")?;
    assert_eq!(short(&home.extract(id(2))?.metadata), (Some("fork"), Some("fork"), Some(100), Some(100)));
    // A fork of the fork, and a segment of the fork.
    home.fork(&fork, id(3), end)?.turn("deeper")?;
    home.segment(&fork, id(4), end)?.turn("longer")?;
    assert_eq!(short(&home.extract(id(3))?.metadata), (Some("deeper"), Some("deeper"), Some(100), Some(200)));
    assert_eq!(short(&home.extract(id(4))?.metadata), (Some("fork"), Some("longer"), Some(200), Some(100)));
    Ok(())
}

#[test]
fn a_base_is_found_compressed_and_elsewhere() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("plan")?;
    let mut second = home.segment(&first, id(2), end)?;
    second.turn("paint")?;
    let plain = home.extract(id(2))?;
    first.compress()?;
    second.compress()?;
    assert_eq!(home.extract(id(2))?.metadata, plain.metadata);
    let archive = home.folder.path().join("archived_sessions");
    fs::create_dir(&archive)?;
    let file = home.file(id(1))?;
    fs::rename(home.home.absolute(&file.path), archive.join(format!("{}.zst", first.name)))?;
    assert_eq!(home.extract(id(2))?.metadata, plain.metadata);
    Ok(())
}

#[test]
fn an_old_base_is_cut_at_a_byte() -> Result {
    let home = Home::new()?;
    let name = format!("rollout-2026-11-20T10-00-00-{}.jsonl", id(1));
    let line = |line_type: &str, payload: Value| {
        json!({"timestamp": "2026-11-20T10:00:00.000Z", "type": line_type, "payload": payload}).to_string()
            + "\n"
    };
    let said = |words: &str| line("event_msg", json!({"type": "user_message", "message": words}));
    let count = |total: i64| {
        line(
            "event_msg",
            json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": total}}}),
        )
    };
    let kept = [line("session_meta", json!({"id": id(1)})), said("one"), count(10)].concat();
    let all = kept.clone() + &said("two") + &count(20);
    fs::write(home.folder.path().join("sessions").join(&name), &all)?;
    let base = |end: usize| json!({"forked_from_id": id(1), "history_base": {"thread_id": id(1), "end_ordinal_exclusive": 3, "end_byte_offset": end}});
    for (thread, end, tokens) in [(2, kept.len(), 10), (3, all.len(), 20)] {
        home.begin(id(thread), None, 3, &base(end))?;
        let read = home.extract(id(thread))?;
        assert_eq!((read.metadata.inherited_tokens, read.base_problem), (Some(tokens), None));
    }
    home.begin(id(4), None, 3, &base(all.len() + 1))?;
    assert_eq!(home.extract(id(4))?.base_problem, Some(BaseProblem::Cut(id(1))));
    Ok(())
}

#[test]
fn a_base_that_is_missing_or_cut_is_named_and_is_no_error() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("plan")?;
    let mut second = home.segment(&first, id(2), end)?;
    second.turn("paint")?;
    let end = second.next;
    home.fork(&second, id(3), end)?.turn("fork")?;
    let whole = home.extract(id(3))?;
    let lone = |file_id| -> Result<(Option<String>, Option<BaseProblem>)> {
        let read = home.extract(file_id)?;
        assert!(read.base.is_some());
        Ok((read.metadata.title, read.base_problem))
    };
    // Cut in its last line, and before it.
    let length = fs::metadata(&second.path)?.len();
    second.cut_to(length - 2)?;
    assert_eq!(lone(id(3))?, (Some("fork".to_owned()), Some(BaseProblem::Cut(id(2)))));
    second.cut_to(length / 2)?;
    assert_eq!(lone(id(3))?.1, Some(BaseProblem::Cut(id(2))));
    assert_eq!(home.extract(id(3))?.metadata.own_tokens, None, "nothing says what the base had used");
    first.remove()?;
    assert_eq!(lone(id(2))?.1, Some(BaseProblem::Missing(id(1))));
    second.remove()?;
    let read = home.extract(id(3))?;
    assert_eq!(lone(id(3))?, (Some("fork".to_owned()), Some(BaseProblem::Missing(id(2)))));

    // When the files are there again, the whole file is read again.
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("plan")?;
    home.segment(&first, id(2), end)?.turn("paint")?;
    let again = home.extract_from(id(3), Some(&read.checkpoint))?;
    assert_eq!((again.resumed, &again.metadata), (false, &whole.metadata));
    Ok(())
}

#[test]
fn a_chain_that_leads_back_to_itself_ends() -> Result {
    let home = Home::new()?;
    let base = |file: u64| json!({"history_base": {"thread_id": id(file), "end_ordinal_exclusive": 9}});
    home.begin(id(1), None, 0, &base(1))?.turn("alone")?;
    home.begin(id(2), None, 0, &base(3))?.turn("two")?;
    home.begin(id(3), None, 0, &base(2))?.turn("three")?;
    assert_eq!(home.extract(id(1))?.base_problem, Some(BaseProblem::Missing(id(1))));
    assert_eq!(home.extract(id(2))?.base_problem, Some(BaseProblem::Missing(id(2))));
    Ok(())
}

#[test]
fn a_long_chain_is_read_once() -> Result {
    let home = Home::new()?;
    let mut file = home.begin(id(1), None, 0, &json!({}))?;
    let mut ids = vec![file.id()];
    for number in 2..=300 {
        let end = file.turn("on")?;
        let next = home.segment(&file, id(number), end)?;
        file = next;
        ids.push(file.id());
    }
    // The last file alone, and then each after the one before.
    let last = home.extract(id(300))?;
    assert_eq!((last.metadata.own_tokens, last.base_problem), (Some(29_900), None));
    let mut extractor = Extractor::of_home(&home.home);
    for (turns, file_id) in ids.into_iter().enumerate() {
        let file = home.file(file_id)?;
        let path = home.home.absolute(&file.path);
        let read = extractor.extract(&path, false, file.name.as_ref(), None)?;
        let tokens = if turns + 1 < 300 { 100 * (turns + 1) } else { 100 * turns };
        assert_eq!((read.metadata.own_tokens, read.base_problem), (Some(i64::try_from(tokens)?), None));
    }
    Ok(())
}

#[test]
fn a_chain_of_more_than_a_thousand_files_ends_at_the_same_one() -> Result {
    let home = Home::new()?;
    let mut file = home.begin(id(1), None, 0, &json!({}))?;
    for number in 2..=1_003 {
        let next = home.segment(&file, id(number), file.next)?;
        file = next;
    }
    let mut extractor = Extractor::of_home(&home.home);
    let mut read = |number: u64| -> Result<Option<BaseProblem>> {
        let file = home.file(id(number))?;
        Ok(extractor.extract(&home.home.absolute(&file.path), false, file.name.as_ref(), None)?.base_problem)
    };
    for number in 998..=1_001 {
        assert_eq!(read(number)?, None, "{number}");
    }
    for (number, missing) in [(1_002, 1), (1_003, 2)] {
        assert_eq!(read(number)?, Some(BaseProblem::Missing(id(missing))));
        assert_eq!(home.extract(id(number))?.base_problem, Some(BaseProblem::Missing(id(missing))));
    }
    Ok(())
}

#[test]
fn last_lines_show_that_nothing_is_missing() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("plan")?;
    let (whole, length) = (fs::read(&first.path)?, fs::metadata(&first.path)?.len());
    let mut second = home.segment(&first, id(2), end)?;
    second.turn("paint")?;
    let chain = || -> Result<Chain> { Ok(Chain::resolve(&home.home, &home.file(id(2))?, |_| true)?) };
    let problem = || -> Result<_> { Ok(list_turns(&chain()?, &TurnQuery::default())?.problem) };
    assert_eq!((chain()?.is_surely_whole(), problem()?), (true, None));
    first.turn("more that does not count")?;
    assert_eq!((chain()?.is_surely_whole(), problem()?), (true, None));
    // Its last line is whole, has no end, or is torn.
    for bytes in [length, length - 1, length - 2] {
        first.cut_to(bytes)?;
        let problem = problem()?;
        assert_eq!(problem, Some(BaseProblem::Cut(id(1))).filter(|_| bytes < length - 1));
        assert_eq!(chain()?.is_surely_whole(), problem.is_none(), "{bytes} of {length} bytes");
    }
    fs::write(&first.path, whole)?;
    first.compress()?;
    assert_eq!((chain()?.is_surely_whole(), problem()?), (false, None), "only reading it says");
    fs::remove_file(first.path.with_extension("jsonl.zst"))?;
    assert!(!chain()?.is_surely_whole() && problem()?.is_some());
    Ok(())
}
