//! Changes of threads are noticed, whichever process made them; passes over some files.

use jiff::Timestamp;
use threadkeep_backfill::{Backfill, Ending};
use threadkeep_state::backfill::{BackfillPorts, Gate};
use threadkeep_state::{ListThreads, MemoryMode, StateOptions, StateRuntime, ThreadChange};

use crate::common::{Fixture, Result, id, rollout_path, session, thread};

#[tokio::test]
async fn every_change_of_another_connection_is_noticed_once() -> Result {
    let fixture = Fixture::empty().await?;
    let other = StateRuntime::open(&StateOptions::new(fixture.sqlite_home())).await?;
    let mut watch = fixture.state.watch_threads();
    assert_eq!(watch.changes().await?, []);

    let (one, two, now) = (id(1), id(2), Timestamp::UNIX_EPOCH);
    other.threads().upsert(&[thread(1, 0)?]).await?;
    assert_eq!(watch.changes().await?, [ThreadChange::Updated(one)]);
    assert_eq!(watch.changes().await?, []);
    other.threads().rename(one, Some("A name"), now).await?;
    other.threads().archive(one, now).await?;
    let renamed = ThreadChange::Renamed(one, Some("A name".to_owned()));
    assert_eq!(watch.changes().await?, [renamed, ThreadChange::Archived(one)]);
    other.threads().rename(one, None, now).await?;
    other.threads().unarchive(one, now).await?;
    assert_eq!(watch.changes().await?, [ThreadChange::Renamed(one, None), ThreadChange::Unarchived(one)]);
    other.threads().set_memory_mode(one, MemoryMode::Disabled).await?;
    assert_eq!(watch.changes().await?, [ThreadChange::Updated(one)]);

    // Changes of this process are noticed, too.
    fixture.state.threads().upsert(&[thread(2, 0)?]).await?;
    other.delete_thread(one, now).await?;
    assert_eq!(watch.changes().await?, [ThreadChange::Updated(two), ThreadChange::Deleted(one)]);
    watch.close().await;
    Ok(other.close().await?)
}

/// Makes a pass over some files alone.
async fn index_only(fixture: &Fixture, paths: &[String]) -> Result<Ending> {
    let BackfillPorts { source, index, progress, .. } =
        fixture.state.backfill_ports_of(&fixture.home()?, paths.to_vec())?;
    let engine = Backfill::new(source.into(), index.into(), progress.into());
    Ok(engine.run(|_| ()).await?.ending)
}

async fn changed(fixture: &Fixture) -> Result<Vec<String>> {
    let changed = fixture.state.changed_files(&fixture.home()?).await.ok_or("the home can be read")?;
    Ok(changed.into_iter().map(|file| file.path).collect())
}

#[tokio::test]
async fn a_pass_over_some_files_neither_begins_nor_completes_one_over_the_home() -> Result {
    let fixture = Fixture::empty().await?;
    let paths: Vec<String> = (1..=3).map(|number| rollout_path(id(number))).collect();
    for (number, path) in (1..=3).zip(&paths) {
        fixture.write(path, session(id(number), "Fix the build"))?;
    }
    assert_eq!(changed(&fixture).await?, paths);
    assert_eq!(index_only(&fixture, &paths[2..]).await?, Ending::Complete);
    assert_eq!(fixture.state.backfill_gate().await?, Gate::Incomplete);
    assert_eq!(changed(&fixture).await?, paths[..2]);

    // No watermark keeps the next pass from the files before it.
    fixture.index().await?;
    assert_eq!(fixture.threads().await?.len(), 3);
    assert_eq!(fixture.state.backfill_gate().await?, Gate::Complete);

    fixture.append(&paths[0], &session(id(1), "And the tests").replace("13:00:0", "14:00:0"))?;
    assert_eq!(changed(&fixture).await?, paths[..1]);
    index_only(&fixture, &paths[..1]).await?;
    assert_eq!(changed(&fixture).await?, [""; 0]);
    assert_eq!(fixture.state.backfill_gate().await?, Gate::Complete);
    let newest = fixture.state.threads().list(&ListThreads::default()).await?.threads.swap_remove(0);
    assert_eq!(newest.id, id(1));
    Ok(())
}
