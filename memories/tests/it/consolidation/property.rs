//! Random histories of memories, edits and runs.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;
use threadkeep_memories::consolidation::{Ending, rebuild};

use super::fixture::{Fixture, Result, files_of, id, write};

#[derive(Debug, Clone)]
enum Event {
    /// A thread is extracted.
    Remember(u128, u8),
    /// A thread is deleted.
    Delete(u128),
    /// The user writes a file of their own.
    Edit(u8, u8),
    /// The user removes it.
    Remove(u8),
    /// A run; the user edits a file while the agent works.
    Run(Option<(u8, u8)>),
    /// A run whose agent fails.
    Fails,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..4_u128, any::<u8>()).prop_map(|(thread, words)| Event::Remember(thread, words)),
        1 => (0..4_u128).prop_map(Event::Delete),
        2 => (0..3_u8, any::<u8>()).prop_map(|(file, words)| Event::Edit(file, words)),
        1 => (0..3_u8).prop_map(Event::Remove),
        3 => proptest::option::of((0..3_u8, any::<u8>())).prop_map(Event::Run),
        1 => Just(Event::Fails),
    ]
}

fn name(file: u8) -> String {
    format!("mine/{file}.md")
}

/// Plays a history, and checks after each run that the workspace is what a rebuild makes, and the
/// user's files.
async fn play(events: &[Event]) -> Result {
    let fixture = Fixture::new()?;
    fs::create_dir_all(fixture.root())?;
    let mut mine: BTreeMap<String, String> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Remember(thread, words) => fixture.remember(*thread, &format!("words {words}")).await?,
            Event::Delete(thread) => fixture.store.delete_thread(id(*thread)),
            Event::Edit(file, words) => {
                fixture.write(&name(*file), &words.to_string())?;
                mine.insert(name(*file), words.to_string());
            }
            Event::Remove(file) => {
                let removed = fs::remove_file(fixture.root().join(name(*file))).is_ok();
                assert_eq!(removed, mine.remove(&name(*file)).is_some());
            }
            Event::Fails => {
                let _ = fixture
                    .run(|root, _| {
                        write(root, "memory_summary.md", "bad")?;
                        Err(threadkeep_memories::AgentError::Failed { reason: "it fails".into() })
                    })
                    .await;
            }
            Event::Run(edit) => {
                // Writing what is there already is no edit.
                let edit = edit.map(|(file, words)| (file, format!("{words} in event {at}")));
                let (root, during) = (fixture.root(), edit.clone());
                let report = fixture
                    .run(move |staged, task| {
                        if let Some((file, words)) = &during {
                            fs::create_dir_all(root.join("mine")).expect("a folder");
                            write(&root, &name(*file), words)?;
                            // The agent touches the same file.
                            fs::create_dir_all(staged.join("mine")).expect("a folder");
                            write(staged, &name(*file), "the agent's")?;
                        }
                        let words: Vec<&str> =
                            task.memories.iter().map(|memory| memory.output.raw_memory.as_str()).collect();
                        write(staged, "memory_summary.md", &format!("summary\n{}", words.join("\n")))
                    })
                    .await?;
                if let (Ending::Consolidated, Some((file, words))) = (&report.ending, edit) {
                    mine.insert(name(file), words);
                }
                check(&fixture, &mine).await?;
            }
        }
    }
    Ok(())
}

async fn check(fixture: &Fixture, mine: &BTreeMap<String, String>) -> Result {
    let again = tempfile::tempdir()?;
    rebuild(&fixture.store, again.path()).await?;
    let mut expected = files_of(again.path())?;
    expected.retain(|path, _| !path.starts_with("mine/"));
    expected.extend(mine.clone());
    assert_eq!(fixture.files()?, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_workspace_is_a_rebuild_and_the_users_edits(events in proptest::collection::vec(event(), 1..14)) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(play(&events)).expect("every step works");
    }
}
