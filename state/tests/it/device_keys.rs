//! Bindings of device keys: the port, and bindings that survive a lost database.

use std::fs;

use jiff::Timestamp;
use threadkeep_device_key::{Binding, DeviceKeyBindingStore as _, KeyId, StoredBinding};
use threadkeep_sqlite::{Database, OpenOptions};
use threadkeep_state::STATE_DB;

use crate::common::{Fixture, Result};

const DATABASE: &str = "state_5.sqlite";
const DECISIONS: &str = "state_5.sqlite.decisions";

mod conformance {
    use crate::common::Fixture;

    threadkeep_device_key::conformance_tests!(async {
        let fixture = Fixture::empty().await.expect("an index");
        (fixture.state.device_key_bindings(), fixture)
    });
}

fn key(last: char) -> Result<KeyId> {
    Ok(format!("dk_sw_{}{last}", "A".repeat(42)).parse()?)
}

fn binding() -> Binding {
    Binding { account_user_id: "the account".to_owned(), client_id: "the client".to_owned() }
}

async fn bind(fixture: &Fixture, key: &KeyId) -> Result<StoredBinding> {
    let bindings = fixture.state.device_key_bindings();
    bindings.put(key, &binding(), Timestamp::from_millisecond(1_000)?).await?;
    Ok(bindings.get(key).await?.ok_or("it was stored")?)
}

#[tokio::test]
async fn bindings_survive_a_lost_and_a_damaged_database() -> Result {
    for damaged in [false, true] {
        let fixture = Fixture::empty().await?;
        let (kept, deleted) = (key('A')?, key('E')?);
        let stored = bind(&fixture, &kept).await?;
        bind(&fixture, &deleted).await?;
        fixture.state.device_key_bindings().delete(&deleted).await?;
        fixture.state.clone().close().await?;
        let database = fixture.sqlite_home().join(DATABASE);
        if damaged {
            fs::write(&database, vec![7; 8_192])?;
        } else {
            fs::remove_file(&database)?;
        }
        let fixture = fixture.recovered().await?;
        assert_eq!(fixture.state.device_key_bindings().list().await?, [stored], "damaged: {damaged}");
    }
    Ok(())
}

#[tokio::test]
async fn a_database_without_its_decisions_gives_bindings_to_a_new_file() -> Result {
    let fixture = Fixture::empty().await?;
    let stored = bind(&fixture, &key('A')?).await?;
    fixture.state.clone().close().await?;
    fs::remove_file(fixture.sqlite_home().join(DECISIONS))?;
    let fixture = fixture.recovered().await?;
    bind(&fixture, &key('E')?).await?;
    fixture.state.clone().close().await?;
    fs::remove_file(fixture.sqlite_home().join(DATABASE))?;
    let fixture = fixture.recovered().await?;
    assert_eq!(fixture.state.device_key_bindings().get(&stored.key_id).await?, Some(stored));
    Ok(())
}

#[tokio::test]
async fn a_snapshot_that_is_older_than_a_key_learns_of_it_from_the_decisions() -> Result {
    for with_decisions in [true, false] {
        let fixture = Fixture::empty().await?;
        let old = bind(&fixture, &key('A')?).await?;
        let database = Database::open(&STATE_DB, &fixture.sqlite_home(), &OpenOptions::new()).await?;
        let snapshot = database.keep_snapshot(Timestamp::now(), 3).await?;
        database.close().await?;
        let new = bind(&fixture, &key('E')?).await?;
        fixture.state.device_key_bindings().delete(&old.key_id).await?;
        fixture.state.clone().close().await?;
        fs::copy(snapshot, fixture.sqlite_home().join(DATABASE))?;
        if !with_decisions {
            fs::remove_file(fixture.sqlite_home().join(DECISIONS))?;
        }
        let fixture = fixture.recovered().await?;
        // Without decisions there is no binding of the new key, and so it signs nothing.
        let expected = if with_decisions { [new] } else { [old] };
        assert_eq!(fixture.state.device_key_bindings().list().await?, expected, "{with_decisions}");
    }
    Ok(())
}

#[tokio::test]
async fn the_account_of_a_deleted_key_is_in_no_file() -> Result {
    let fixture = Fixture::empty().await?;
    let key = bind(&fixture, &key('A')?).await?.key_id;
    fixture.state.device_key_bindings().delete(&key).await?;
    fixture.state.clone().close().await?;
    for entry in fs::read_dir(fixture.sqlite_home())? {
        let path = entry?.path();
        let content = fs::read(&path)?;
        assert!(!content.windows(11).any(|bytes| bytes == b"the account"), "{}", path.display());
    }
    Ok(())
}
