//! Every query against the same question asked of all rows in memory.

use proptest::prelude::{Just, Strategy, any, prop_assert_eq, proptest};
use threadkeep_state_logs::{Level, LevelMatch, LogError, LogQuery, LogRow, NewRow, Order};
use uuid::Uuid;

use crate::support::{Lab, PLENTY, Result, messages, new_row};

const MODULES: [Option<&str>; 5] = [None, Some("a"), Some("a::b"), Some("a::b::c"), Some("a::bc")];
const FILES: [Option<&str>; 4] =
    [None, Some("src/exec.rs"), Some("core/src/exec.rs"), Some("core/src/nexec.rs")];
const WORDS: [&str; 5] = ["100%", "Needle", "the \"quoted\" one", "back\\slash", "Ärger"];

fn thread(number: u8) -> Uuid {
    Uuid::from_u128(number.into())
}

fn rows() -> impl Strategy<Value = Vec<NewRow>> {
    let row = (
        0..5_usize,
        0..MODULES.len(),
        0..FILES.len(),
        0..WORDS.len(),
        0..WORDS.len(),
        proptest::option::of(0..3_u8),
        0..60_i64,
    );
    proptest::collection::vec(row, 0..60).prop_map(|rows| {
        let made = rows.into_iter().map(|(level, module, file, word, field, of, at)| {
            let fields = serde_json::json!({ "plain": 7, "text": WORDS[field] });
            NewRow {
                level: Level::ALL[level],
                module: MODULES[module].map(str::to_owned),
                file: FILES[file].map(str::to_owned),
                fields: (word != field).then(|| fields.to_string()),
                thread_id: of.map(thread),
                ..new_row(at, WORDS[word])
            }
        });
        made.collect()
    })
}

fn queries() -> impl Strategy<Value = LogQuery> {
    let level = proptest::option::of((0..5_usize, any::<bool>()));
    let time = || proptest::option::of(0..60_i64);
    let module = proptest::sample::select(vec![None, None, None, Some("a"), Some("a::b"), Some("b")]);
    let file = proptest::sample::select(vec![
        None,
        None,
        None,
        Some("exec.rs"),
        Some("src/exec.rs"),
        Some("xec.rs"),
    ]);
    let text = proptest::sample::select(vec![
        None,
        None,
        None,
        Some("%"),
        Some("nEEDLE"),
        Some("\"quoted\""),
        Some("\\s"),
        Some("7"),
        Some("Ä"),
        Some("PLAIN"),
    ]);
    let threads = proptest::sample::select(vec![vec![], vec![], vec![0], vec![0, 1, 0], vec![2, 9]]);
    let order = proptest::prop_oneof![Just(Order::NewestFirst), Just(Order::OldestFirst)];
    let after = proptest::option::of(0..60_usize);
    (level, time(), time(), module, file, text, threads, any::<bool>(), (order, 1..20_u32, after)).prop_map(
        |(level, from, to, module, file, text, threads, threadless, (order, limit, after))| {
            let time = |ms| jiff::Timestamp::from_millisecond(ms).expect("a time");
            LogQuery {
                level: level.map(|(level, is_exact)| match is_exact {
                    true => LevelMatch::Exactly(Level::ALL[level]),
                    false => LevelMatch::AtLeast(Level::ALL[level]),
                }),
                from: from.map(time),
                to: to.map(time),
                module: module.map(str::to_owned),
                file: file.map(str::to_owned),
                text: text.map(str::to_owned),
                threads: threads.into_iter().map(thread).collect(),
                threadless,
                // The position of a row, until its id is known.
                after_id: after.map(|after| after as i64),
                order,
                limit,
            }
        },
    )
}

fn is_found(query: &LogQuery, row: &LogRow) -> bool {
    let level = query.level.is_none_or(|level| match level {
        LevelMatch::AtLeast(level) => row.level <= level,
        LevelMatch::Exactly(level) => row.level == level,
    });
    let module = query.module.as_ref().is_none_or(|wanted| {
        row.module
            .as_ref()
            .is_some_and(|module| module == wanted || module.starts_with(&format!("{wanted}::")))
    });
    let file = query.file.as_ref().is_none_or(|wanted| {
        row.file.as_ref().is_some_and(|file| file == wanted || file.ends_with(&format!("/{wanted}")))
    });
    let text = query.text.as_ref().is_none_or(|wanted| {
        let has = |text: &str| text.to_ascii_lowercase().contains(&wanted.to_ascii_lowercase());
        let value =
            |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        has(&row.message) || row.fields.iter().any(|(name, field)| has(name) || has(&value(field)))
    });
    let thread = match row.thread_id {
        None => query.threadless || query.threads.is_empty(),
        Some(id) => query.threads.contains(&id) || (query.threads.is_empty() && !query.threadless),
    };
    let time = query.from.is_none_or(|from| row.at >= from) && query.to.is_none_or(|to| row.at < to);
    level && module && file && text && thread && time && query.after_id.is_none_or(|after| row.id > after)
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn a_query_finds_what_it_describes(rows in rows(), queries in proptest::collection::vec(queries(), 12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let fail = |error: crate::support::Error| proptest::test_runner::TestCaseError::fail(error.to_string());
            let lab = Lab::new().map_err(fail)?;
            // In several commits, so that late rows lie among others.
            for batch in rows.chunks(9) {
                lab.store.append(batch, PLENTY, 0).await.map_err(|error| fail(error.into()))?;
            }
            let all = lab.rows().await.map_err(fail)?;
            prop_assert_eq!(all.len(), rows.len());
            for mut query in queries {
                query.after_id = query.after_id.and_then(|after| Some(all.get(usize::try_from(after).ok()?)?.id));
                let mut expected: Vec<&LogRow> = all.iter().filter(|row| is_found(&query, row)).collect();
                if query.order == Order::NewestFirst {
                    expected.reverse();
                }
                expected.truncate(query.limit as usize);
                let found = lab.store.query(&query).await.map_err(|error| fail(error.into()))?;
                prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{:?}", query);
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_tail_sees_each_row_once() -> Result {
    let lab = Lab::new()?;
    let mut seen = Vec::new();
    let mut last = lab.store.last_id().await?;
    for round in 0..5 {
        // Times go back, as clocks do and late batches have them.
        let batch: Vec<_> =
            (0..3).map(|number| new_row(1_000 - round * 10, &format!("{round}.{number}"))).collect();
        lab.store.append(&batch, PLENTY, 0).await?;
        let query =
            LogQuery { after_id: Some(last), order: Order::OldestFirst, limit: 2, ..LogQuery::default() };
        let rows = lab.store.query(&query).await?;
        last = rows.last().map_or(last, |row| row.id);
        seen.extend(rows.into_iter().map(|row| row.message));
    }
    let rest = LogQuery { after_id: Some(last), order: Order::OldestFirst, ..LogQuery::default() };
    seen.extend(messages(&lab.store.query(&rest).await?).into_iter().map(str::to_owned));
    let expected: Vec<_> =
        (0..5).flat_map(|round| (0..3).map(move |number| format!("{round}.{number}"))).collect();
    assert_eq!(seen, expected);
    assert_eq!(lab.store.last_id().await?, lab.store.query(&LogQuery::default()).await?[0].id);
    Ok(())
}

#[tokio::test]
async fn limits_that_cannot_be_are_refused() -> Result {
    let lab = Lab::new()?;
    for limit in [0, 10_001] {
        let query = LogQuery { limit, ..LogQuery::default() };
        assert!(matches!(lab.store.query(&query).await, Err(LogError::BadLimit { .. })));
    }
    Ok(())
}

#[tokio::test]
async fn the_inventory_has_the_earliest_and_the_latest_time_whatever_came_first() -> Result {
    let lab = Lab::new()?;
    for times in [&[500, 100, 900, 300][..], &[100, 900], &[700], &[50, 200]] {
        let rows: Vec<_> = times.iter().map(|at| new_row(*at, "row")).collect();
        lab.store.append(&rows, PLENTY, 0).await?;
    }
    let inventory = lab.store.inventory().await?.ok_or("no database")?;
    let times = [inventory.oldest, inventory.newest].map(|at| at.map(jiff::Timestamp::as_millisecond));
    assert_eq!(times, [Some(50), Some(900)]);
    Ok(())
}
