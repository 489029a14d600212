//! The tokens of each thread are its own, and add up.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use threadkeep_history::{Purpose, Said, SearchQuery, UsageQuery};
use threadkeep_rollout::Extractor;
use uuid::Uuid;

use crate::changes::is_as_from_scratch;
use crate::common::{Fixture, Result, header, id, line, rollout_path, turn};

/// A thread's rollout, line by line, numbered.
struct Lines {
    text: String,
    ordinal: u64,
}

impl Lines {
    fn begin(thread: Uuid, ordinal: u64, more: &Value) -> Lines {
        let mut payload = json!({"id": thread});
        if let (Some(payload), Some(more)) = (payload.as_object_mut(), more.as_object()) {
            payload.extend(more.clone());
        }
        let mut lines = Lines { text: String::new(), ordinal };
        lines.add("session_meta", &payload);
        lines
    }

    fn add(&mut self, kind: &str, payload: &Value) {
        let numbered = format!("{{\"ordinal\":{},", self.ordinal);
        self.text += &line(kind, payload).replacen('{', &numbered, 1);
        self.ordinal += 1;
    }

    /// A turn after which the counter says `total`, for a last request of `last`.
    fn turn(&mut self, id: &str, total: u64, last: u64) {
        let usage =
            |tokens: u64| json!({"input_tokens": tokens - 10, "output_tokens": 10, "total_tokens": tokens});
        let info = json!({"total_token_usage": usage(total), "last_token_usage": usage(last)});
        self.add("event_msg", &json!({"type": "task_started", "turn_id": id}));
        self.add("event_msg", &json!({"type": "user_message", "message": format!("words of {id}")}));
        self.add("event_msg", &json!({"type": "token_count", "info": info}));
        self.add("event_msg", &json!({"type": "task_complete", "turn_id": id}));
    }
}

/// The tokens of each thread, in the order of their ids. Checks that they add up.
async fn by_thread(fixture: &Fixture) -> Result<BTreeMap<Uuid, i64>> {
    let query = UsageQuery { by_thread: true, ..UsageQuery::default() };
    let rows = fixture.history.usage(&query).await?;
    assert!(rows.is_sorted_by_key(|row| row.thread_id), "{rows:?}");
    let all = fixture.history.usage(&UsageQuery::default()).await?;
    assert_eq!(all[0].tokens.total, rows.iter().map(|row| row.tokens.total).sum::<i64>());
    for row in &rows {
        let one = UsageQuery { thread: row.thread_id, ..UsageQuery::default() };
        assert_eq!(fixture.history.usage(&one).await?[0].tokens, row.tokens);
    }
    rows.into_iter().map(|row| Ok((row.thread_id.ok_or("a thread")?, row.tokens.total))).collect()
}

#[tokio::test]
async fn records_parts_and_counters_that_begin_again_are_added_up() -> Result {
    let fixture = Fixture::new()?;
    let put = |number: u128, payloads: &[(&str, Value)]| {
        let begun = json!({"type": "task_started", "turn_id": "t"});
        let lines: String = payloads.iter().map(|(kind, payload)| line(kind, payload)).collect();
        fixture.write(&rollout_path(id(number)), header(id(number)) + &line("event_msg", &begun) + &lines)
    };
    let parts = json!({"input_tokens": 900, "cached_input_tokens": 500, "output_tokens": 100, "reasoning_output_tokens": 40});
    let count = |total: u64| {
        let usage = json!({"input_tokens": total - 10, "output_tokens": 10, "total_tokens": total});
        json!({"type": "token_count", "info": {"total_token_usage": usage, "last_token_usage": usage}})
    };
    let record = json!({
        "thread_id": id(1), "turn_id": "t", "response_id": "r", "usage": {"total_tokens": 1300},
        "thread_token_usage": {"input_tokens": 1200, "output_tokens": 100, "total_tokens": 1300},
    });
    put(1, &[("token_usage_record", record)])?;
    put(2, &[("event_msg", json!({"type": "token_count", "info": {"total_token_usage": parts}}))])?;
    put(3, &[("event_msg", count(5000)), ("event_msg", count(800))])?;
    fixture.index().await?;
    assert_eq!(by_thread(&fixture).await?.into_values().collect::<Vec<_>>(), [1300, 1000, 5800]);
    Ok(())
}

#[tokio::test]
async fn forks_and_sub_agents_have_their_own_tokens_only() -> Result {
    let fixture = Fixture::new()?;
    let source = json!({"forked_from_id": id(1)});
    let mut first = Lines::begin(id(1), 0, &json!({}));
    first.turn("t1", 60_000, 60_000);
    first.turn("t2", 100_000, 40_000);
    let copied = |thread: u128, more: &Value, turn: &str, own: u64| {
        let mut lines = Lines::begin(id(thread), 0, more);
        lines.add("session_meta", &json!({"id": id(1)}));
        lines.turn("t1", 60_000, 60_000);
        lines.turn("t2", 100_000, 40_000);
        lines.turn(turn, 100_000 + own, own);
        lines.text
    };
    let spawned = json!({"subagent": {"thread_spawn": {"parent_thread_id": id(1), "depth": 1}}});
    let spawned = json!({
        "forked_from_id": id(1), "parent_thread_id": id(1), "thread_source": "subagent", "source": spawned,
    });
    let end = (first.ordinal, first.text.len());
    let mut by_reference = Lines::begin(
        id(4),
        end.0,
        &json!({
            "forked_from_id": id(1), "forked_from_ordinal_exclusive": end.0, "history_mode": "paginated",
            "history_base": {"thread_id": id(1), "end_ordinal_exclusive": end.0, "end_byte_offset": end.1},
        }),
    );
    by_reference.turn("t5", 103_000, 3_000);
    fixture.write(&rollout_path(id(1)), first.text)?;
    fixture.write(&rollout_path(id(2)), copied(2, &source, "t3", 5_000))?;
    fixture.write(&rollout_path(id(3)), copied(3, &spawned, "t4", 2_000))?;
    fixture.write(&rollout_path(id(4)), by_reference.text)?;
    fixture.index().await?;
    let own = by_thread(&fixture).await?;
    assert_eq!(own.values().copied().collect::<Vec<_>>(), [100_000, 5_000, 2_000, 3_000]);
    assert_eq!(own.values().sum::<i64>(), 110_000);
    Ok(())
}

#[tokio::test]
async fn real_threads_have_the_tokens_of_their_metadata() -> Result {
    let mut with_tokens = 0;
    for example in ["home", "home-0.171", "home-tools"] {
        let fixture = Fixture::of(example)?;
        fixture.index().await?;
        let home = fixture.home()?;
        let mut extractor = Extractor::of_home(&home);
        let mut wanted: BTreeMap<Uuid, i64> = BTreeMap::new();
        // The newest file of a thread comes last.
        for file in home.discover().files {
            let path = home.absolute(&file.path);
            let metadata = extractor.extract(&path, file.compressed, file.name.as_ref(), None)?.metadata;
            let thread = file.name.ok_or("a bundled file has a thread's name")?.thread_id;
            wanted.insert(thread, metadata.own_tokens.unwrap_or(0));
        }
        // A turn of this thread was taken back. It was paid for, and its metadata leaves it out.
        let reverted: Uuid = "01a2210d-b132-7381-bc18-6ed9d8ca83fb".parse()?;
        wanted.entry(reverted).and_modify(|tokens| *tokens += 10_142);
        wanted.retain(|_, tokens| *tokens > 0);
        with_tokens += wanted.len();
        assert_eq!(by_thread(&fixture).await?, wanted, "{example}");
    }
    assert!(with_tokens > 20, "{with_tokens}");
    Ok(())
}

#[tokio::test]
async fn turns_that_were_taken_back_are_no_hits() -> Result {
    let fixture = Fixture::new()?;
    let rolled_back = json!({"type": "thread_rolled_back", "num_turns": 1});
    let text = header(id(1))
        + &turn("a", "the first walnut", "one", 10)
        + &turn("b", "the second walnut", "two", 20)
        + &line("event_msg", &rolled_back)
        + &turn("c", "the third walnut", "three", 30);
    fixture.write(&rollout_path(id(1)), text)?;
    fixture.index().await?;
    assert_eq!((fixture.count("walnut").await?, fixture.count("second").await?), (2, 0));

    // A revert goes on in a second file, from the part of the first that still counts.
    let mut first = Lines::begin(id(2), 0, &json!({}));
    first.turn("kept", 100, 100);
    let end = (first.ordinal, first.text.len());
    first.turn("left", 200, 100);
    let segment = id(3);
    let base = json!({"thread_id": id(2), "end_ordinal_exclusive": end.0, "end_byte_offset": end.1});
    let mut second = Lines::begin(id(2), end.0, &json!({"history_mode": "paginated", "history_base": base}));
    second.turn("new", 200, 100);
    fixture.write(&rollout_path(id(2)), first.text)?;
    fixture.write(&rollout_path(id(2)).replace(".jsonl", &format!("_{segment}.jsonl")), second.text)?;
    fixture.index().await?;
    let mut users = SearchQuery::new("\"words of\"");
    users.said = vec![Said::User];
    let shown = fixture.history.show(&fixture.home()?, &users, &fixture.hits(&users).await?).await?;
    let mut turns: Vec<_> = shown.into_iter().map(|hit| (hit.turn_number, hit.turn_id)).collect();
    turns.sort();
    assert_eq!(turns, [(Some(1), Some("kept".to_owned())), (Some(2), Some("new".to_owned()))]);
    assert_eq!(fixture.count("\"words of left\"").await?, 0);
    Ok(())
}

/// Purpose and tokens of each row by thread, with the number of the thread.
async fn by_purpose(fixture: &Fixture, query: &UsageQuery) -> Result<Vec<(u128, Purpose, i64)>> {
    let rows = fixture.history.usage(query).await?;
    let number = |thread: Option<Uuid>| thread.map_or(0, |thread| thread.as_u128() - id(0).as_u128());
    Ok(rows.iter().map(|row| (number(row.thread_id), row.purpose, row.tokens.total)).collect())
}

#[tokio::test]
async fn requests_outside_the_conversation_are_added_up_apart() -> Result {
    use Purpose::{Conversation, Hidden, Subagent};
    let other = |purpose: &str, tokens: u64| {
        let usage = json!({"input_tokens": tokens - 1, "output_tokens": 1, "total_tokens": tokens});
        line("other_usage_record", &json!({"purpose": purpose, "model": "small", "usage": usage}))
    };
    let fixture = Fixture::new()?;
    let path = rollout_path(id(1));
    let begun = header(id(1)) + &turn("a", "words", "yes", 100);
    fixture
        .write(&path, begun.clone() + &other("hidden", 5) + &other("subagent", 7) + &other("hidden", 6))?;
    fixture.write(&rollout_path(id(2)), header(id(2)) + &turn("b", "words", "yes", 30))?;
    fixture.index().await?;
    let (all, by_thread) = (UsageQuery::default(), UsageQuery { by_thread: true, ..UsageQuery::default() });
    let sums = [(0, Conversation, 130), (0, Subagent, 7), (0, Hidden, 11)];
    assert_eq!(by_purpose(&fixture, &all).await?, sums);
    let rows = [(1, Conversation, 100), (1, Subagent, 7), (1, Hidden, 11), (2, Conversation, 30)];
    assert_eq!(by_purpose(&fixture, &by_thread).await?, rows);
    let figures = fixture.history.figures(id(1)).await?.ok_or("an indexed thread")?;
    assert_eq!((figures.tokens.total, figures.requests, figures.others.len()), (100, 1, 2));
    let later = UsageQuery { since: Some(jiff::civil::date(2026, 11, 23)), by_day: true, ..all };
    assert_eq!(by_purpose(&fixture, &later).await?, []);

    // It grows, and is rewritten with less.
    fixture.append(&path, &other("hidden", 9))?;
    fixture.index().await?;
    assert_eq!(by_purpose(&fixture, &all).await?[2], (0, Hidden, 20));
    is_as_from_scratch(&fixture, &[id(1), id(2)]).await?;
    fixture.write(&path, begun + &other("hidden", 2))?;
    fixture.index().await?;
    assert_eq!(by_purpose(&fixture, &all).await?, [(0, Conversation, 130), (0, Hidden, 2)]);
    is_as_from_scratch(&fixture, &[id(1), id(2)]).await?;
    fixture.history.deleted_threads().erase(id(1), jiff::Timestamp::UNIX_EPOCH).await?;
    assert_eq!(by_purpose(&fixture, &all).await?, [(0, Conversation, 30)]);
    let left = "SELECT count(*) FROM history_other_usage";
    assert_eq!(fixture.raw()?.query_row(left, [], |row| row.get::<_, i64>(0))?, 0);
    Ok(())
}
