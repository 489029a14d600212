//! Decisions of the user and of the agent: names, the archive, and words of a missing thread.

use proptest::prelude::*;
use threadkeep_state::{ListThreads, NameSource, Shelf};

use crate::common::{Fixture, Result, id, rollout_path, session};

#[tokio::test]
async fn the_words_of_a_missing_thread_are_forgotten_and_the_users_own_stay() -> Result {
    let fixture = Fixture::empty().await?;
    let path = rollout_path(id(1));
    fixture.write(&path, session(id(1), "SECRETPLAN"))?;
    fixture.write(&rollout_path(id(2)), session(id(2), "stays"))?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    threads.rename(id(1), Some("Mine"), jiff::Timestamp::now()).await?;
    std::fs::remove_file(fixture.path(&path))?;
    fixture.index().await?;
    let day = jiff::SignedDuration::from_hours(24);
    assert_eq!(threads.erase_missing_words(jiff::Timestamp::now() - day).await?, 0, "it may come back");
    assert_eq!(threads.erase_missing_words(jiff::Timestamp::now() + day).await?, 1);
    assert_eq!(threads.erase_missing_words(jiff::Timestamp::now() + day).await?, 0, "nothing is left");
    let thread = threads.get(id(1)).await?.ok_or("the row stays")?;
    assert_eq!((thread.title, thread.cwd, thread.source), (None, None, None));
    assert_eq!(thread.name.as_deref(), Some("Mine"));
    let missing = ListThreads { shelf: Shelf::Missing, ..ListThreads::default() };
    assert_eq!(threads.list(&missing).await?.threads.len(), 1);
    let found = ListThreads { search: Some("secretplan".to_owned()), ..missing };
    assert_eq!(threads.list(&found).await?.threads, []);

    fixture.write(&path, session(id(1), "SECRETPLAN"))?;
    fixture.index().await?;
    let thread = threads.get(id(1)).await?.ok_or("the thread")?;
    assert_eq!((thread.title.as_deref(), thread.name.as_deref()), (Some("SECRETPLAN"), Some("Mine")));
    Ok(())
}

#[tokio::test]
async fn whoever_archived_or_unarchived_last_is_right() -> Result {
    let fixture = Fixture::empty().await?;
    let current = rollout_path(id(1));
    let archive = format!("archived_sessions/{}", current.rsplit('/').next().unwrap_or_default());
    fixture.write(&current, session(id(1), "hello"))?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    let is_archived = async || -> Result<bool> {
        fixture.index().await?;
        Ok(threads.get(id(1)).await?.ok_or("the thread")?.archived)
    };
    // The agent decides now.
    let hour = jiff::SignedDuration::from_hours(1);
    let (before, after) = (jiff::Timestamp::now() - hour, jiff::Timestamp::now() + hour);
    threads.archive(id(1), before).await?;
    assert!(is_archived().await?, "the user archived it here");
    fixture.rename(&current, &archive)?;
    assert!(is_archived().await?, "the agent archives it too");
    threads.unarchive(id(1), before).await?;
    assert!(is_archived().await?, "the agent was later");
    fixture.rename(&archive, &current)?;
    threads.archive(id(1), before).await?;
    assert!(!is_archived().await?, "the agent takes it back, and was later");
    threads.archive(id(1), after).await?;
    assert!(is_archived().await?, "the user archives it again");
    threads.unarchive(id(1), after).await?;
    assert!(!is_archived().await?, "and takes it back");
    fixture.rename(&current, &archive)?;
    assert!(!is_archived().await?, "the agent archived it before that");
    Ok(())
}

/// A decision about the archive.
#[derive(Clone, Copy, Debug)]
enum Decision {
    /// The user's, an hour before or after everything that the agent does.
    User { archive: bool, after: bool },
    /// The agent's, which moves the file if it is not there yet.
    Agent { archive: bool },
}

fn decision() -> impl Strategy<Value = Decision> {
    prop_oneof![
        (any::<bool>(), any::<bool>()).prop_map(|(archive, after)| Decision::User { archive, after }),
        any::<bool>().prop_map(|archive| Decision::Agent { archive }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn decisions_about_the_archive_converge(decisions in prop::collection::vec(decision(), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let checked: Result = runtime.block_on(async {
            let fixture = Fixture::empty().await?;
            let current = rollout_path(id(1));
            let archive = format!("archived_sessions/{}", current.rsplit('/').next().unwrap_or_default());
            fixture.write(&current, session(id(1), "hello"))?;
            fixture.index().await?;
            let (threads, hour) = (fixture.state.threads(), jiff::SignedDuration::from_hours(1));
            // The last decision by its time: whose, and what.
            let (mut moved, mut user) = (None, None);
            for decision in &decisions {
                match *decision {
                    Decision::User { archive, after } => {
                        // The user's own decisions follow each other.
                        let after = after || user.is_some_and(|(_, after)| after);
                        let now = jiff::Timestamp::now();
                        let at = if after { now + hour } else { now - hour };
                        if archive { threads.archive(id(1), at).await? } else { threads.unarchive(id(1), at).await? }
                        user = Some((archive, after));
                    }
                    Decision::Agent { archive: archives } => {
                        let (from, to) = if archives { (&current, &archive) } else { (&archive, &current) };
                        if fixture.path(from).exists() {
                            fixture.rename(from, to)?;
                            moved = Some(archives);
                        }
                        fixture.index().await?;
                    }
                }
            }
            let wanted = match (user, moved) {
                (Some((archive, after)), moved) if after || moved.is_none() => archive,
                (_, moved) => moved.unwrap_or(false),
            };
            let is = threads.get(id(1)).await?.ok_or("the thread")?.archived;
            if is == wanted { Ok(()) } else { Err(format!("archived: {is}, and not {wanted}").into()) }
        });
        prop_assert!(checked.is_ok(), "{decisions:?}: {checked:?}");
    }
}

#[tokio::test]
async fn the_newest_name_holds_wherever_it_was_given() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    let name = async || -> Result<(Option<String>, Option<NameSource>)> {
        fixture.index().await?;
        let thread = threads.get(id(1)).await?.ok_or("the thread")?;
        Ok((thread.name, thread.name_from))
    };
    let given = |at: &str, name: &str| {
        format!("{{\"id\":\"{}\",\"thread_name\":\"{name}\",\"updated_at\":\"{at}\"}}\n", id(1))
    };
    threads.rename(id(1), Some("here"), "2026-11-22T12:00:00Z".parse()?).await?;
    fixture.write("session_index.jsonl", given("2026-11-22T11:00:00Z", "before"))?;
    assert_eq!(name().await?, (Some("here".to_owned()), Some(NameSource::User)));
    fixture.write("session_index.jsonl", given("2026-11-22T13:00:00Z", "after"))?;
    assert_eq!(name().await?, (Some("after".to_owned()), Some(NameSource::SessionIndex)));
    threads.rename(id(1), Some("again"), "2026-11-22T14:00:00Z".parse()?).await?;
    assert_eq!(name().await?, (Some("again".to_owned()), Some(NameSource::User)));
    threads.rename(id(1), None, "2026-11-22T15:00:00Z".parse()?).await?;
    assert_eq!(name().await?, (Some("after".to_owned()), Some(NameSource::SessionIndex)));
    Ok(())
}
