//! Memory modes of threads.

use jiff::Timestamp;
use threadkeep_state::{StateError, ThreadMetadata, ThreadUpsert};

use crate::common::{Fixture, Result, id, rollout_path};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).expect("a time")
}

/// An index with threads of these folders.
async fn threads_in(folders: &[&str]) -> Result<Fixture> {
    let fixture = Fixture::empty().await?;
    let mut threads = Vec::new();
    for (number, folder) in (1..).zip(folders) {
        let mut metadata = ThreadMetadata::new(id(number));
        metadata.created_at = Some(at(0));
        metadata.cwd = Some((*folder).to_owned());
        threads.push(ThreadUpsert::new(metadata, &rollout_path(id(number)), false, "mock"));
    }
    fixture.state.threads().upsert(&threads).await?;
    Ok(fixture)
}

#[tokio::test]
async fn a_memory_is_replaced_and_its_time_always_advances() -> Result {
    let fixture = threads_in(&["/a"]).await?;
    let memories = fixture.state.thread_memories();
    assert_eq!(memories.get(id(1)).await?, None);
    assert_eq!(memories.upsert(id(1), "trace", "summary", at(50)).await?, at(50));
    assert_eq!(
        memories.upsert(id(1), "trace", "summary", at(50)).await?,
        at(51),
        "not even the same clock stops it"
    );
    assert_eq!(
        memories.upsert(id(1), "later trace", "later", at(10)).await?,
        at(52),
        "nor one that goes backwards"
    );
    let memory = memories.get(id(1)).await?.ok_or("a memory")?;
    assert_eq!((memory.trace_summary.as_str(), memory.memory_summary.as_str()), ("later trace", "later"));
    assert_eq!((memory.thread_id, memory.updated_at), (id(1), at(52)));
    Ok(())
}

#[tokio::test]
async fn a_memory_needs_its_thread_and_goes_with_it() -> Result {
    let fixture = threads_in(&["/a"]).await?;
    let memories = fixture.state.thread_memories();
    let error = memories.upsert(id(9), "", "", at(1)).await.expect_err("no such thread");
    assert!(matches!(error, StateError::NotFound { .. }), "{error}");
    memories.upsert(id(1), "", "", at(1)).await?;
    fixture.state.delete_thread(id(1), at(2)).await?;
    assert_eq!(memories.get(id(1)).await?, None);
    Ok(())
}

#[tokio::test]
async fn the_newest_of_a_folder_come_first_and_of_no_other_folder() -> Result {
    let fixture = threads_in(&["/a", "/a/b", "/a", "/a", "/A"]).await?;
    let memories = fixture.state.thread_memories();
    for (number, ms) in [(1, 30), (2, 90), (3, 10), (4, 30), (5, 80)] {
        memories.upsert(id(number), "", "", at(ms)).await?;
    }
    let newest = async |limit| -> Result<Vec<u128>> {
        let found = memories.newest_in("/a", limit).await?;
        Ok(found.iter().map(|memory| memory.thread_id.as_u128() - id(0).as_u128()).collect())
    };
    assert_eq!(newest(10).await?, [4, 1, 3]);
    assert_eq!(newest(2).await?, [4, 1]);
    assert!(memories.newest_in("/b", 10).await?.is_empty());
    Ok(())
}
