//! Finding one thread by what a person can type.

use jiff::Timestamp;
use threadkeep_state::StateError;

use crate::common::{Fixture, Result, id, thread};

#[tokio::test]
async fn a_unique_beginning_of_an_id_is_enough() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    for prefix in ["01a2036f-a", "01a2036fa", "01A2036F-A3A8", "01a2036f-a3a8-7c33-961b-db9759fa464d"] {
        assert_eq!(
            threads.resolve(prefix).await?.to_string(),
            "01a2036f-a3a8-7c33-961b-db9759fa464d",
            "{prefix}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_prefix_that_does_not_tell_says_why() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let mut said = String::new();
    for prefix in ["01a2036f-6", "0", "ff", "", "x'", "01a2036c-de71-77f1-a9e3-3c28701bba610"] {
        let error = fixture.state.threads().resolve(prefix).await.expect_err("no single thread");
        said.push_str(&format!("{error}\n"));
    }
    insta::assert_snapshot!(said, @r"
2 thread ids begin with `01a2036f-6`: 01a2036f-6413-7a42-9188-cf5cab60fdc1, 01a2036f-6f1a-7b42-a884-7deda9f989a3
more than 5 thread ids begin with `0`: 01a2036c-de71-77f1-a9e3-3c28701bba61, 01a2036c-e047-73b0-a0b8-5c88d8d44d72, 01a2036c-e9ec-7373-9860-e686387705da, 01a2036c-fb7e-75a0-97dd-df8c39897d78, 01a2036e-6c3d-7fb3-9eef-e29a46cef274
no thread id begins with `ff`
`` is not the beginning of a thread id, which has hexadecimal digits
`x'` is not the beginning of a thread id, which has hexadecimal digits
`01a2036c-de71-77f1-a9e3-3c28701bba610` is not the beginning of a thread id, which has hexadecimal digits
");
    Ok(())
}

#[tokio::test]
async fn a_thread_that_is_not_there_is_none() -> Result {
    let fixture = Fixture::empty().await?;
    let nobody = id(1);
    assert_eq!(fixture.state.threads().get(nobody).await?, None);
    let error = fixture
        .state
        .threads()
        .rename(nobody, Some("x"), jiff::Timestamp::now())
        .await
        .expect_err("nothing to rename");
    assert!(matches!(error, StateError::NotFound(id) if id == nobody));
    Ok(())
}

#[tokio::test]
async fn many_threads_are_read_at_once() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    let [one, other] = ["01a2036c-de71-77f1-a9e3-3c28701bba61", "01a2036c-e047-73b0-a0b8-5c88d8d44d72"];
    let (one, other) = (one.parse()?, other.parse()?);
    let found = threads.get_many(&[other, id(1), one, other]).await?;
    let single = [threads.get(one).await?, threads.get(other).await?];
    assert_eq!(found, single.into_iter().flatten().collect::<Vec<_>>());
    assert_eq!(found.len(), 2);
    assert_eq!(threads.get_many(&[]).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_deleted_thread_is_found_as_deleted_by_its_id_and_its_beginning() -> Result {
    let fixture = Fixture::empty().await?;
    let threads = fixture.state.threads();
    threads.upsert(&[thread(0x1000, 0)?, thread(0x1100, 0)?, thread(0x2000, 0)?]).await?;
    let (deleted, at) = (id(0x1000), Timestamp::from_second(7)?);
    assert_eq!(threads.deleted_at(deleted).await?, None);
    fixture.state.delete_thread(deleted, at).await?;
    assert_eq!(threads.deleted_at(deleted).await?, Some(at));
    assert_eq!(threads.deleted_at(id(0x1100)).await?, None);

    let whole = deleted.to_string();
    let error = threads.resolve(&whole.to_uppercase()[..35]).await.expect_err("it was deleted");
    assert!(matches!(error, StateError::Deleted { id, at: then } if (id, then) == (deleted, at)), "{error}");
    assert_eq!(threads.resolve(&whole[..33]).await?, id(0x1100), "the living one is meant");
    fixture.state.delete_thread(id(0x1100), at).await?;
    let error = threads.resolve(&whole[..33]).await.expect_err("both were deleted");
    assert!(
        matches!(&error, StateError::AmbiguousPrefix { candidates, .. } if candidates.len() == 2),
        "{error}"
    );
    assert!(matches!(threads.resolve("ff").await, Err(StateError::NoSuchPrefix { .. })));
    Ok(())
}

#[tokio::test]
async fn the_end_of_an_id_and_a_name_are_enough() -> Result {
    let fixture = Fixture::empty().await?;
    let threads = fixture.state.threads();
    threads.upsert(&[thread(0xabcd, 1)?, thread(0x1_abcd, 2)?, thread(7, 3)?]).await?;
    assert_eq!(threads.ids_ending_with("ABCD").await?, [id(0xabcd), id(0x1_abcd)]);
    assert_eq!(threads.ids_ending_with("8000-00000001abcd").await?, [id(0x1_abcd)]);
    for end in ["bcd", "bcde", "no end", "%abcd", ""] {
        assert!(threads.ids_ending_with(end).await?.is_empty(), "{end}");
    }
    let now = Timestamp::UNIX_EPOCH;
    threads.rename(id(7), Some("Größe"), now).await?;
    threads.rename(id(0xabcd), Some("GRÖSSE"), now).await?;
    assert_eq!(threads.ids_named("größe").await?, [id(7)]);
    threads.rename(id(0xabcd), Some("größe"), now).await?;
    assert_eq!(threads.ids_named("größe").await?, [id(0xabcd)], "the very name comes first");
    assert_eq!(threads.ids_named("GRÖßE").await?, [id(7), id(0xabcd)]);
    // A deleted thread is found by its end while no other has it.
    fixture.state.delete_thread(id(7), now).await?;
    assert_eq!(threads.ids_ending_with("0007").await?, [id(7)]);
    Ok(())
}

#[tokio::test]
async fn a_sub_agent_is_found_by_its_nickname() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    let boyle: uuid::Uuid = "01a2036e-6cdf-7391-8637-5d2cea6ff818".parse()?;
    assert_eq!(threads.ids_nicknamed("boyle").await?, [boyle]);
    assert!(threads.ids_nicknamed("Boy").await?.is_empty());
    assert!(threads.ids_named("Boyle").await?.is_empty(), "a nickname is no name");
    Ok(())
}

#[tokio::test]
async fn the_threads_that_were_deleted_last_come_first() -> Result {
    let fixture = Fixture::empty().await?;
    let threads = fixture.state.threads();
    for (n, at) in [(1, 5), (2, 7), (3, 5), (4, 6)] {
        threads.upsert(&[thread(n, 0)?]).await?;
        fixture.state.delete_thread(id(n), Timestamp::from_second(at)?).await?;
    }
    let deleted = threads.deleted(3).await?;
    assert_eq!(deleted.iter().map(|stone| stone.thread_id).collect::<Vec<_>>(), [id(2), id(4), id(1)]);
    Ok(())
}
