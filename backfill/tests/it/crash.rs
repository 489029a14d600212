//! The engine is killed, or a port fails, at every step; the next run must leave what an
//! undisturbed one would have left.

use threadkeep_backfill::in_memory::{Behaviour, Fault, Faults, InMemorySnapshot, ItemContent};
use threadkeep_backfill::{BackfillError, BackfillStatus, Progress};

use crate::support::{TTL, World, complete, key, run_until_killed};

/// A world after one pass, and then changed in every way there is.
async fn changed_world() -> World {
    let world = World::with_items(7);
    world.source.put(key(2), ItemContent::text("twin").identity("twins"));
    world.source.put(key(5), ItemContent::text("twin").identity("twins"));
    world.source.put(key(4), ItemContent::text("flaky").behaviour(Behaviour::Flakes));
    world.pass().await;
    world.source.remove(&key(0));
    world.source.remove(&key(2));
    world.source.put(key(1), ItemContent::text("changed"));
    world.source.put(key(4), ItemContent::text("flaky"));
    world.source.put(key(6), ItemContent::text("broken").behaviour(Behaviour::Breaks));
    world.source.put(key(7), ItemContent::text("new"));
    world.source.put(key(8), ItemContent::text("panics").behaviour(Behaviour::Panics));
    world.store.lose_row(&key(3));
    world
}

/// Returns the result of an undisturbed pass, and its number of steps.
async fn undisturbed() -> (InMemorySnapshot, u64) {
    let world = changed_world().await;
    let faults = Faults::default();
    complete(
        world.engine_with(&faults).with(|it| (it.batch_items, it.outcome_page) = (2, 3)).run(|_| {}).await,
    );
    (world.store.snapshot(), faults.steps())
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_step_nothing_is_lost_or_doubled() {
    let (expected, steps) = undisturbed().await;
    assert!(steps > 15, "the pass is long enough to be worth killing: {steps}");
    for step in 0..steps {
        let world = changed_world().await;
        let faults = Faults::at(step, Fault::Kill);
        let engine = world.engine_with(&faults).with(|it| (it.batch_items, it.outcome_page) = (2, 3));
        assert!(run_until_killed(&engine, &faults).await.is_none(), "killed at step {step}");
        world.clock.advance(TTL);
        world.pass().await;
        assert_eq!(world.store.snapshot(), expected, "after a kill at step {step}");
        assert_eq!(world.pass().await.indexed, 0, "nothing is left to do after a kill at step {step}");
    }
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_two_steps_nothing_is_lost_or_doubled() {
    let (expected, steps) = undisturbed().await;
    for first in 0..steps {
        for second in 0..steps {
            let world = changed_world().await;
            for step in [first, second] {
                let faults = Faults::at(step, Fault::Kill);
                run_until_killed(
                    &world.engine_with(&faults).with(|it| (it.batch_items, it.outcome_page) = (2, 3)),
                    &faults,
                )
                .await;
                world.clock.advance(TTL);
            }
            world.pass().await;
            assert_eq!(world.store.snapshot(), expected, "after kills at steps {first} and {second}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_that_fails_at_any_step_is_a_typed_error_and_leaves_the_lease_free() {
    let (expected, steps) = undisturbed().await;
    for step in 0..steps {
        let world = changed_world().await;
        let engine = world
            .engine_with(&Faults::at(step, Fault::Fail))
            .with(|it| (it.batch_items, it.outcome_page) = (2, 3));
        let error = engine.run(|_| {}).await.expect_err("the fault must be told");
        match error {
            BackfillError::Source(_) => assert_eq!(step, 1),
            BackfillError::Store { .. } => {}
            other => panic!("at step {step}: {other}"),
        }
        if step == steps - 1 {
            // It was the giving back itself that failed; the lease expires.
            world.clock.advance(TTL);
        }
        world.pass().await;
        assert_eq!(world.store.snapshot(), expected, "after a fault at step {step}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_future_is_dropped_gives_its_lease_back() {
    let world = World::with_items(9);
    let engine = world.engine().with(|it| it.batch_items = 2);
    let (first_commit, committed) = tokio::sync::oneshot::channel();
    let first_commit = std::sync::Mutex::new(Some(first_commit));
    {
        let run = engine.run(|update| {
            if update.done_items == 4
                && let Some(sender) = first_commit.lock().unwrap().take()
            {
                let _ = sender.send(());
            }
        });
        tokio::select! {
            biased;
            _ = committed => {}
            ended = run => { ended.unwrap(); }
        }
    }
    // The releasing task needs a turn.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let state = world.store.state().await.unwrap();
    assert_eq!((state.lease, state.status), (None, BackfillStatus::Pending), "no time had to pass");
    world.pass().await;
    assert_eq!(world.store.snapshot(), world.snapshot_from_scratch().await);
}

#[tokio::test(start_paused = true)]
async fn a_resumed_pass_begins_after_the_watermark_and_still_does_the_rest() {
    let world = World::with_items(6);
    let faults = Faults::at(6, Fault::Kill);
    assert!(
        run_until_killed(&world.engine_with(&faults).with(|it| it.batch_items = 2), &faults).await.is_none()
    );
    let state = world.store.state().await.unwrap();
    assert_eq!(
        (state.status, state.watermark),
        (BackfillStatus::Running, Some(key(3))),
        "two batches were durable"
    );
    world.source.put(key(0), ItemContent::text("changed meanwhile"));
    world.clock.advance(TTL);
    world.store.reset_stats();
    complete(world.engine().with(|it| it.batch_items = 2).run(|_| {}).await);
    let stats = world.store.stats();
    assert_eq!(stats.commits, [vec![key(4), key(5)], vec![key(0)]]);
    assert_eq!(stats.watermarks, [Some(key(5)), Some(key(5))], "it never goes back");
    assert_eq!(world.store.state().await.unwrap().watermark, None, "a complete pass leaves none");
}
