//! A search finds the passages that a plain scan finds, no more and no fewer.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use threadkeep_history::{HistoryError, Hit, Said, SearchQuery, words_of};
use threadkeep_redact::redact;
use threadkeep_rollout::Projector;
use uuid::Uuid;

use crate::common::{Fixture, Result, header, id, rollout_path, turn};
use crate::turns::{listed, newest};

/// A passage of a home, as a scan finds it.
struct Scanned {
    thread: Uuid,
    path: String,
    said: Said,
    offset: u64,
    turn: u64,
    words: Vec<String>,
}

/// Reads every passage of a home.
fn scan(fixture: &Fixture) -> Result<Vec<Scanned>> {
    let home = fixture.home()?;
    let mut projector = Projector::of_home(&home);
    let mut scanned = Vec::new();
    for file in home.discover().files {
        let path = home.absolute(&file.path);
        let read = projector.project(&path, file.compressed, file.name.as_ref(), None)?;
        for passage in read.passages {
            scanned.push(Scanned {
                thread: read.thread_id,
                path: file.path.clone(),
                said: passage.said,
                offset: passage.offset,
                turn: passage.turn,
                words: words_of(&redact(&passage.text)),
            });
        }
    }
    Ok(scanned)
}

/// A phrase: words in a row, the last of which may go on.
type Phrase = (Vec<String>, bool);

fn has(words: &[String], (phrase, goes_on): &Phrase) -> bool {
    let last = phrase.len() - 1;
    words.windows(phrase.len()).any(|here| {
        here[..last] == phrase[..last]
            && (here[last] == phrase[last] || *goes_on && here[last].starts_with(&phrase[last]))
    })
}

/// A random query for something in a passage, mostly, and its phrases.
fn query(random: &mut fastrand::Rng, scanned: &[Scanned]) -> (SearchQuery, Vec<Phrase>) {
    let (mut text, mut phrases) = (String::new(), Vec::new());
    let passage = &scanned[random.usize(..scanned.len())];
    for _ in 0..random.usize(1..4) {
        let words =
            if random.u8(..8) == 0 { &scanned[random.usize(..scanned.len())].words } else { &passage.words };
        let Some(at) = words.len().checked_sub(1).map(|last| random.usize(..=last)) else { continue };
        let phrase = &words[at..words.len().min(at + random.usize(1..4))];
        let is_ascii = phrase.iter().all(|word| word.is_ascii());
        match random.u8(..4) {
            0 => {
                text += &format!("\"{}\" ", phrase.join(" "));
                phrases.push((phrase.to_vec(), false));
            }
            1 if is_ascii => {
                text += &format!("{} ", phrase.join(["_", "/", ".", "::"][random.usize(..4)]));
                phrases.push((phrase.to_vec(), phrase[phrase.len() - 1].chars().count() >= 3));
            }
            _ => {
                let word = &phrase[0];
                let begun: String = word.chars().take(random.usize(1..=word.chars().count())).collect();
                text += &format!("{} ", begun.to_uppercase().to_lowercase());
                phrases.push((words_of(&begun), begun.chars().count() >= 3));
            }
        }
    }
    (SearchQuery::new(text), phrases)
}

#[tokio::test]
async fn hits_are_those_of_a_plain_scan() -> Result {
    for example in ["home", "home-0.171", "home-tools"] {
        let fixture = Fixture::of(example)?;
        fixture.index().await?;
        let scanned = scan(&fixture)?;
        let counting = counting_turns(&fixture)?;
        let mut random = fastrand::Rng::with_seed(7);
        let (mut found_some, mut found_all) = (0, 0);
        for _ in 0..400 {
            let (mut query, mut phrases) = query(&mut random, &scanned);
            phrases.retain(|(words, _)| !words.is_empty());
            if phrases.is_empty() {
                assert!(matches!(fixture.history.search(&query).await, Err(HistoryError::NoWords(_))));
                continue;
            }
            if random.u8(..3) == 0 {
                query.said = vec![[Said::User, Said::Agent, Said::Tool][random.usize(..3)]];
            }
            query.prefix = random.u8(..4) > 0;
            for (_, goes_on) in &mut phrases {
                *goes_on &= query.prefix;
            }
            if random.u8(..4) == 0 {
                query.threads = Some([scanned[random.usize(..scanned.len())].thread].into());
            }
            let wanted: BTreeSet<_> = scanned
                .iter()
                .filter(|passage| phrases.iter().all(|phrase| has(&passage.words, phrase)))
                .filter(|passage| query.said.is_empty() || query.said.contains(&passage.said))
                .filter(|passage| query.threads.as_ref().is_none_or(|them| them.contains(&passage.thread)))
                .filter(|passage| counting.contains(&(passage.path.clone(), passage.turn)))
                .map(|passage| (passage.path.clone(), passage.offset))
                .collect();
            let hits = fixture.hits(&query).await?;
            let found: BTreeSet<_> = hits.iter().map(|hit| (hit.path.clone(), hit.offset)).collect();
            assert_eq!((found.len(), &found), (hits.len(), &wanted), "{query:?}");
            found_some += usize::from(!found.is_empty());
            found_all += found.len();
            let shown = fixture.history.show(&fixture.home()?, &query, &hits[..hits.len().min(5)]).await?;
            for shown in shown {
                let snippet = shown.snippet.ok_or("a hit has a snippet")?;
                assert!(!snippet.marks.is_empty() && shown.turn_number.is_some(), "{query:?}: {snippet:?}");
                assert!(snippet.marks.is_sorted_by(|one, next| one.end <= next.start), "{snippet:?}");
            }
        }
        assert!(found_some > 150 && found_all > 300, "{example}: {found_some} {found_all}");
    }
    Ok(())
}

/// The places of the turns that count: of each thread's newest file, and of its bases.
fn counting_turns(fixture: &Fixture) -> Result<HashSet<(String, u64)>> {
    let home = fixture.home()?;
    let mut counting = HashSet::new();
    for file in newest(&home).values() {
        let turns = listed(&home, file)?.into_iter().filter(|turn| !turn.inherited);
        counting.extend(turns.map(|turn| (turn.file, turn.offset)));
    }
    Ok(counting)
}

#[tokio::test]
async fn the_users_words_come_first_and_threads_are_apart() -> Result {
    let fixture = Fixture::new()?;
    let said = |number: u128, user: &str, agent: &str| {
        fixture.write(&rollout_path(id(number)), header(id(number)) + &turn("t", user, agent, 10))
    };
    said(1, "where is the needle", "in the hay")?;
    said(2, "look", "the needle is in the hay")?;
    said(3, "nothing", "at all")?;
    fixture.index().await?;
    let page = fixture.history.search(&SearchQuery::new("needle")).await?;
    let threads: Vec<Uuid> = page.threads.iter().map(|found| found.thread_id).collect();
    assert_eq!((threads, page.more), (vec![id(1), id(2)], None));
    let mut later = SearchQuery::new("needle");
    later.since = Some("2026-11-22T13:23:17Z".parse::<Timestamp>()?);
    assert!(fixture.hits(&later).await?.is_empty());
    later.since = Some("2026-11-22T13:23:16Z".parse()?);
    assert_eq!(fixture.hits(&later).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn pages_give_every_passage_once() -> Result {
    let fixture = Fixture::new()?;
    for number in 1..=5 {
        let mut text = header(id(number));
        for turn_number in 0..250 {
            text += &turn(&format!("{turn_number}"), "common words", "common answers", 10 + turn_number);
        }
        fixture.write(&rollout_path(id(number)), text)?;
    }
    fixture.index().await?;
    let query = SearchQuery::new("common");
    let first = fixture.history.search(&query).await?;
    assert_eq!(first.threads.iter().map(|found| found.hits.len()).sum::<usize>(), 1_000);
    assert_eq!(first.threads.iter().map(|found| found.thread_id).max(), Some(id(5)), "the newest are first");
    let hits = fixture.hits(&query).await?;
    let apart: HashSet<_> = hits.iter().map(|hit| (hit.path.clone(), hit.offset)).collect();
    assert_eq!((hits.len(), apart.len()), (2_500, 2_500));
    Ok(())
}

/// The place of a hit in the order: a greater one stands first.
fn rank(hit: &Hit) -> (f64, String, u64) {
    let file_id = hit.path.trim_end_matches(".jsonl");
    (hit.score, file_id[file_id.len() - 36..].to_owned(), hit.offset)
}

#[tokio::test]
async fn equal_hits_have_one_order_on_every_page() -> Result {
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..6 {
        let fixture = Fixture::new()?;
        // Files that are indexed, or grow, in any order. Most of their passages are equal.
        for _ in 0..random.usize(2..5) {
            for number in (1..=8).filter(|_| random.bool()).collect::<Vec<_>>() {
                let path = rollout_path(id(number));
                if !fixture.path(&path).exists() {
                    fixture.write(&path, header(id(number)))?;
                }
                let turns = (0..random.u64(50..120)).map(|n| {
                    let agent = if random.u8(..10) == 0 { "common" } else { "common answers" };
                    turn(&format!("{n}"), "common words", agent, 10 + n)
                });
                fixture.append(&path, &turns.collect::<String>())?;
            }
            fixture.index().await?;
        }
        let (mut query, mut pages, mut seen) = (SearchQuery::new("common"), 0, HashSet::new());
        loop {
            let page = fixture.history.search(&query).await?;
            assert_eq!(page, fixture.history.search(&query).await?, "a search is repeated");
            for found in &page.threads {
                assert!(
                    found.hits.is_sorted_by(|one, next| rank(one) > rank(next)),
                    "of {}",
                    found.thread_id
                );
                seen.extend(found.hits.iter().map(|hit| (hit.path.clone(), hit.offset)));
            }
            let best: Vec<_> = page.threads.iter().map(|found| rank(&found.hits[0])).collect();
            assert!(best.is_sorted_by(|one, next| one > next), "{best:?}");
            pages += 1;
            match page.more {
                Some(more) => query.after = Some(more),
                None => break,
            }
        }
        let all = scan(&fixture)?.len();
        assert_eq!((seen.len(), pages), (all, all / 1_000 + 1), "each passage is on one page");
    }
    Ok(())
}

#[tokio::test]
async fn without_a_database_nothing_is_found_and_none_is_made() -> Result {
    let fixture = Fixture::new()?;
    assert!(fixture.hits(&SearchQuery::new("anything")).await?.is_empty());
    assert!(fixture.history.usage(&threadkeep_history::UsageQuery::default()).await?.is_empty());
    assert_eq!(fixture.history.figures(id(1)).await?, None);
    assert_eq!(fixture.history.indexed().await?.files, 0);
    assert!(!fixture.history.database().path().exists());
    Ok(())
}
