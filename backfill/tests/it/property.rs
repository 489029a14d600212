//! Random changes of a source between passes, and kills during them: the last pass leaves the same
//! as a pass from scratch.

use proptest::prelude::*;
use threadkeep_backfill::in_memory::{Fault, Faults, ItemContent};

use crate::support::{TTL, World, key, run_until_killed};

/// Something that happens between two passes.
#[derive(Debug, Clone)]
enum Event {
    Put { number: usize, identity: Option<u8>, revision: u8 },
    Remove(usize),
    LoseRow(usize),
    KilledPass { step: u64, batch: usize, descending: bool },
    Pass { batch: usize, descending: bool },
}

fn event() -> impl Strategy<Value = Event> {
    let number = 0_usize..8;
    prop_oneof![
        6 => (number.clone(), proptest::option::of(0_u8..3), 0_u8..4)
            .prop_map(|(number, identity, revision)| Event::Put { number, identity, revision }),
        3 => number.clone().prop_map(Event::Remove),
        1 => number.prop_map(Event::LoseRow),
        3 => (0_u64..30, 1_usize..4, any::<bool>())
            .prop_map(|(step, batch, descending)| Event::KilledPass { step, batch, descending }),
        2 => (1_usize..4, any::<bool>()).prop_map(|(batch, descending)| Event::Pass { batch, descending }),
    ]
}

async fn happen(world: &World, event: Event) {
    match event {
        Event::Put { number, identity, revision } => {
            let content = ItemContent::text(format!("revision {revision}"));
            world.source.put(
                key(number),
                match identity {
                    Some(identity) => content.identity(format!("identity {identity}")),
                    None => content,
                },
            );
        }
        Event::Remove(number) => world.source.remove(&key(number)),
        Event::LoseRow(number) => world.store.lose_row(&key(number)),
        Event::KilledPass { step, batch, descending } => {
            let faults = Faults::at(step, Fault::Kill);
            let engine = world.engine_with(&faults).with(|it| {
                (it.batch_items, it.outcome_page, it.descending) = (batch, 3, descending);
            });
            if let Some(ended) = run_until_killed(&engine, &faults).await {
                ended.expect("a pass that was not killed goes through");
            }
            world.clock.advance(TTL);
        }
        Event::Pass { batch, descending } => {
            world
                .engine()
                .with(|it| (it.batch_items, it.descending) = (batch, descending))
                .run(|_| {})
                .await
                .expect("the pass must go through");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_last_pass_leaves_what_a_pass_from_scratch_would(events in proptest::collection::vec(event(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let world = World::default();
            for event in events {
                happen(&world, event).await;
            }
            world.pass().await;
            prop_assert_eq!(world.store.snapshot(), world.snapshot_from_scratch().await);
            let again = world.pass().await;
            prop_assert_eq!((again.indexed, again.vanished), (0, 0));
            Ok(())
        })?;
    }
}
