//! A preview names the work of the next pass, and does none of it.

use threadkeep_backfill::in_memory::ItemContent;

use crate::support::{World, complete, key};

#[tokio::test]
async fn a_preview_names_new_changed_and_vanished_items_and_writes_nothing() {
    let world = World::with_items(4);
    let preview = world.engine().preview().await.unwrap();
    assert_eq!(preview.new, (0..4).map(key).collect::<Vec<_>>());
    assert!(preview.changed.is_empty() && preview.vanished.is_empty());
    assert_eq!((preview.report.scanned, preview.report.pending), (4, 4));

    complete(world.engine().run(|_| {}).await);
    world.source.put(key(1), ItemContent::text("another text"));
    world.source.put(key(9), ItemContent::text("new"));
    world.source.remove(&key(3));
    let before = world.store.stats();
    let preview = world.engine().preview().await.unwrap();
    assert_eq!((preview.new, preview.changed, preview.vanished), (vec![key(9)], vec![key(1)], vec![key(3)]));
    assert_eq!((preview.report.unchanged, preview.report.pending), (2, 2));
    let after = world.store.stats();
    assert_eq!(
        (after.extracted.len(), after.commits.len(), after.watermarks),
        (before.extracted.len(), before.commits.len(), before.watermarks)
    );

    let report = complete(world.engine().run(|_| {}).await);
    assert_eq!((report.indexed, report.unchanged, report.vanished), (2, 2, 1));
    let preview = world.engine().preview().await.unwrap();
    assert!(preview.new.is_empty() && preview.changed.is_empty() && preview.vanished.is_empty());
}
