//! Touches: many calls, few writes, and time that never goes backwards.

use jiff::Timestamp;

use crate::common::{Lab, Result, id, thread};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_000_000 + ms).expect("a time")
}

async fn updated(lab: &Lab, number: u128) -> Result<i64> {
    let thread = lab.state.threads().get(id(number)).await?.ok_or("the thread")?;
    Ok(thread.updated_at.as_millisecond() - 1_000_000)
}

#[tokio::test]
async fn touches_of_one_second_are_one_write() -> Result {
    let lab = Lab::empty().await?;
    let threads = lab.state.threads();
    threads.upsert(&[thread(1, 0)?, thread(2, 0)?]).await?;
    for ms in 0..1_000 {
        threads.touch(id(1), at(ms)).await?;
        threads.touch(id(2), at(ms / 2)).await?;
    }
    assert_eq!(
        (updated(&lab, 1).await?, updated(&lab, 2).await?),
        (-1_000_000, -1_000_000),
        "nothing is written yet"
    );
    threads.touch(id(1), at(1_000)).await?;
    assert_eq!((updated(&lab, 1).await?, updated(&lab, 2).await?), (1_000, 499), "both, at once");
    Ok(())
}

#[tokio::test]
async fn what_waits_is_written_when_asked_for_and_at_the_end() -> Result {
    let lab = Lab::empty().await?;
    let threads = lab.state.threads();
    threads.upsert(&[thread(1, 0)?, thread(2, 0)?]).await?;
    threads.touch(id(1), at(5)).await?;
    threads.flush_touches().await?;
    assert_eq!(updated(&lab, 1).await?, 5);
    threads.touch(id(1), at(3)).await?;
    threads.flush_touches().await?;
    assert_eq!(updated(&lab, 1).await?, 5, "time does not go backwards");

    threads.touch(id(2), at(7)).await?;
    let options = threadkeep_state::StateOptions::new(lab.sqlite_home());
    lab.state.clone().close().await?;
    let state = threadkeep_state::StateRuntime::open(&options).await?;
    let thread = state.threads().get(id(2)).await?.ok_or("the thread")?;
    assert_eq!(thread.updated_at, at(7));
    Ok(())
}
