//! Tests of `commands/memories/sections.rs`, next to which its private items are in scope.

use super::*;

const TEXT: &str = "Mine.\n\n<!-- threadkeep:begin -->\n<!-- a note -->\n\n# Memory\n\n## All folders\n\n- a [00000001]\n\n\
                    ## /srv/shop\n\n### Files\n\n- b [00000002]\n\n## /srv/other\n\n- c [00000003]\n\n\
                    <!-- threadkeep:end -->\n\n- mine\n";

#[test]
fn a_folder_leaves_out_the_others() {
    let of = |cwd: &str| shown(TEXT, Some(Path::new(cwd)));
    assert_eq!(
        of("/srv/shop"),
        "Mine.\n\n\n# Memory\n\n## All folders\n\n- a [00000001]\n\n## /srv/shop\n\n### Files\n\n- b [00000002]\n\n\n- mine\n"
    );
    assert_eq!(of("/srv/shop/src"), of("/srv/shop"));
    assert!(of("/srv").contains("- b") && of("/srv").contains("- c"));
    assert!(!of("/srv/shopping").contains("- b"));
    assert_eq!(shown(TEXT, None).matches("\n- ").count(), 4);
    assert!(!shown(TEXT, None).contains("<!--"));
}

#[test]
fn cited_threads_are_known_by_their_beginning() {
    let threads: Vec<Uuid> = (1..=4).map(|n| Uuid::from_u128(n << 96)).collect();
    let of = |text: &str| cited(text, threads.iter().copied());
    assert_eq!(of("a [00000001] b [00000002, 00000003-0000 +2] c"), threads[..3]);
    assert!(of("[0000000] [link](00000001) 00000001 [").is_empty());
}
