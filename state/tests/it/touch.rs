//! Touches: many calls, few writes, and time that never goes backwards.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::Connection as _;
use threadkeep_state::{MAX_TOUCHES, RunOutcome, StateOptions, StateRuntime, TOUCH_INTERVAL, Thread, Touch};

use crate::common::{Fixture, Result, id, thread};

/// A time, in milliseconds after the threads began.
fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_000_000 + ms).expect("a time")
}

fn touch(number: u128, ms: i64) -> Touch {
    Touch::new(id(number), at(ms), Some(ms), RunOutcome::Running)
}

async fn two_threads() -> Result<Fixture> {
    let fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 1_000_000)?, thread(2, 1_000_000)?]).await?;
    Ok(fixture)
}

async fn get(state: &StateRuntime, number: u128) -> Result<Thread> {
    Ok(state.threads().get(id(number)).await?.ok_or("the thread")?)
}

async fn updated(fixture: &Fixture) -> Result<(Timestamp, Timestamp)> {
    Ok((get(&fixture.state, 1).await?.updated_at, get(&fixture.state, 2).await?.updated_at))
}

#[tokio::test]
async fn touches_are_written_together_when_there_are_many() -> Result {
    let fixture = two_threads().await?;
    let threads = fixture.state.threads();
    for ms in 1..MAX_TOUCHES as i64 {
        assert!(!threads.touch(touch(if ms % 2 == 0 { 2 } else { 1 }, ms)).await?);
    }
    assert_eq!(updated(&fixture).await?, (at(0), at(0)), "nothing is written yet");
    assert!(threads.touch(touch(2, 64)).await?);
    assert_eq!(updated(&fixture).await?, (at(63), at(64)), "both, at once");
    assert!(!threads.touch(touch(1, 65)).await?, "they are counted anew");
    Ok(())
}

#[tokio::test]
async fn touches_of_a_quiet_session_are_written_after_a_while() -> Result {
    let fixture = two_threads().await?;
    let (threads, interval) = (fixture.state.threads(), TOUCH_INTERVAL.as_millis() as i64);
    assert!(!threads.touch(touch(1, 10)).await?);
    assert!(!threads.touch(touch(2, 9 + interval)).await?);
    assert!(threads.touch(touch(1, 10 + interval)).await?);
    assert_eq!(updated(&fixture).await?, (at(10 + interval), at(9 + interval)));
    Ok(())
}

#[tokio::test]
async fn a_touch_that_no_other_follows_is_written_by_itself() -> Result {
    let fixture = two_threads().await?;
    let options = StateOptions::new(fixture.sqlite_home()).touch_interval(Duration::from_millis(1));
    let state = StateRuntime::open(&options).await?;
    assert!(!state.threads().touch(touch(1, 0)).await?, "it waits for others");
    while get(&fixture.state, 1).await?.run_outcome != RunOutcome::Running {
        tokio::task::yield_now().await;
    }
    state.close().await?;
    Ok(())
}

#[tokio::test]
async fn touches_of_a_write_that_is_dropped_wait_again() -> Result {
    let fixture = two_threads().await?;
    let threads = fixture.state.threads();
    threads.touch(touch(1, 5)).await?;
    // The write must wait, however quick SQLite's thread is.
    let mut other = fixture.raw().await?;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await?;
    {
        let mut flush = pin!(threads.flush_touches());
        let mut context = Context::from_waker(Waker::noop());
        assert!(flush.as_mut().poll(&mut context).is_pending(), "it has the touches in hand");
    }
    other.close().await?;
    threads.flush_touches().await?;
    assert_eq!(updated(&fixture).await?.0, at(5));
    Ok(())
}

#[tokio::test]
async fn what_waits_goes_with_the_next_row_and_is_written_at_the_end() -> Result {
    let fixture = two_threads().await?;
    let threads = fixture.state.threads();
    threads.touch(touch(1, 5)).await?;
    threads.upsert(&[thread(3, 1_000_000)?]).await?;
    assert_eq!(updated(&fixture).await?, (at(5), at(0)));

    threads.touch(touch(2, 7)).await?;
    let options = StateOptions::new(fixture.sqlite_home());
    fixture.state.clone().close().await?;
    let state = StateRuntime::open(&options).await?;
    assert_eq!(get(&state, 2).await?.updated_at, at(7));
    Ok(())
}

#[tokio::test]
async fn the_latest_touch_counts_and_time_does_not_go_backwards() -> Result {
    let fixture = two_threads().await?;
    let threads = fixture.state.threads();
    threads.touch(touch(1, 9)).await?;
    threads.touch(Touch::new(id(1), at(9), Some(50), RunOutcome::Completed)).await?;
    threads.touch(touch(1, 3)).await?;
    threads.flush_touches().await?;
    let thread = get(&fixture.state, 1).await?;
    assert_eq!((thread.updated_at, thread.own_tokens), (at(9), Some(50)));
    assert_eq!(thread.run_outcome, RunOutcome::Completed);
    threads.touch(touch(1, 3)).await?;
    threads.flush_touches().await?;
    assert_eq!(get(&fixture.state, 1).await?, thread, "what comes late is passed over");
    Ok(())
}
