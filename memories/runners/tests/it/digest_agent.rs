//! The consolidation by digest.

use std::fs;
use std::path::Path;

use threadkeep_memories::{ConsolidationAgent, ConsolidationTask, Memory, StageOneOutput, ThreadFacts};
use threadkeep_memory_runners::DigestAgent;
use uuid::Uuid;

use crate::kit::{memory, thread};

async fn consolidate(agent: DigestAgent, root: &Path, memories: &[Memory], forgotten: &[Uuid]) -> String {
    let task = ConsolidationTask { root, prompt_file: Path::new("/nowhere"), memories, forgotten };
    agent.consolidate(task).await.expect("a consolidation");
    assert_eq!(fs::read_dir(root).expect("a folder").count(), 1, "no temporary file stays");
    fs::read_to_string(root.join("memory_summary.md")).expect("a summary")
}

fn elsewhere(n: u128, usage_count: u64, raw_memory: &str) -> Memory {
    let memory = memory(n, usage_count, raw_memory);
    Memory { thread: ThreadFacts { cwd: Some("/srv/other".to_owned()), ..memory.thread }, ..memory }
}

fn memories() -> Vec<Memory> {
    vec![
        memory(1, 5, "### Preferences\n- Use tabs.\n\n### Files\n- `src/list.rs`\n"),
        memory(
            2,
            2,
            "### preferences\n- use tabs\n- No unwrap\n\n### Commands\n- `make all` works\n- … 3 more",
        ),
        elsewhere(3, 1, "The build needs\nzlib.\n\n## User preferences\n* Use **tabs**!\n"),
        Memory {
            thread: ThreadFacts { cwd: None, title: None, ..thread(4) },
            output: StageOneOutput { slug: Some("fix_the_build".into()), ..StageOneOutput::default() },
            ..memory(4, 0, "")
        },
    ]
}

#[tokio::test]
async fn lines_are_merged_and_grouped() {
    let root = tempfile::tempdir().expect("a folder");
    let text = consolidate(DigestAgent::default(), root.path(), &memories(), &[]).await;
    insta::assert_snapshot!(text, @r"
    <!-- threadkeep:begin -->
    <!-- Generated: changes in here are replaced. Text outside of the two marks stays. -->

    # Memory

    ## All folders

    ### Preferences

    - Use tabs. [00000001, 00000002, 00000003]

    ## /home/me/project

    ### Preferences

    - No unwrap [00000002]

    ### Commands

    - `make all` works [00000002]

    ### Files

    - `src/list.rs` [00000001]

    ### Past threads

    - 2026-11-18: Thread 1 (branch main) [00000001]
    - 2026-11-18: Thread 2 (branch main) [00000002]

    ## /srv/other

    ### Notes

    - The build needs zlib. [00000003]

    ### Past threads

    - 2026-11-18: Thread 3 (branch main) [00000003]

    ## Without a folder

    ### Past threads

    - 2026-11-18: fix the build (branch main) [00000004]

    <!-- threadkeep:end -->
    ");
    let again = consolidate(DigestAgent::default(), root.path(), &memories(), &[]).await;
    assert_eq!(again, text);
}

#[tokio::test]
async fn forgotten_threads_leave_no_words() {
    let root = tempfile::tempdir().expect("a folder");
    consolidate(DigestAgent::default(), root.path(), &memories(), &[]).await;
    let text = consolidate(DigestAgent::default(), root.path(), &memories(), &[thread(2).id]).await;
    assert!(!text.contains("unwrap") && !text.contains("make all") && !text.contains("[00000002"));
    assert!(text.contains("Use tabs."));
    let empty = consolidate(DigestAgent::default(), root.path(), &[], &[]).await;
    assert!(empty.lines().all(|line| line.starts_with("<!--")), "{empty}");
}

#[tokio::test]
async fn the_users_text_survives() {
    let root = tempfile::tempdir().expect("a folder");
    let file = root.path().join("memory_summary.md");
    fs::write(&file, "Mine: call me Kim.\n").expect("a file");
    let text = consolidate(DigestAgent::default(), root.path(), &memories(), &[]).await;
    assert!(text.starts_with("Mine: call me Kim.\n"));
    fs::write(&file, text.clone() + "\n## Mine too\n").expect("a file");
    let again = consolidate(DigestAgent::default(), root.path(), &memories()[..1], &[]).await;
    assert!(again.starts_with("Mine: call me Kim.\n") && again.ends_with("\n## Mine too\n"));
}

#[tokio::test]
async fn the_summary_stays_within_its_size() {
    let root = tempfile::tempdir().expect("a folder");
    let lines = |n: u128| {
        (0..40).map(|line| format!("- {n} and {line}: {}\n", "word ".repeat(20))).collect::<String>()
    };
    let many: Vec<Memory> = (1..60).map(|n| memory(n, 100 - n as u64, &lines(n))).collect();
    let text = consolidate(DigestAgent::default(), root.path(), &many, &[]).await;
    assert!((9_000..=10_000).contains(&text.len()), "{}", text.len());
    assert!(text.contains("- 1 and 39:") && text.contains("more lines did not fit"));
    let text = consolidate(DigestAgent::default().with_max_bytes(3_000), root.path(), &many, &[]).await;
    assert!((2_500..=3_000).contains(&text.len()), "{}", text.len());
    let file = root.path().join("memory_summary.md");
    fs::write(&file, "x".repeat(7_000)).expect("a file");
    let text = consolidate(DigestAgent::default(), root.path(), &many, &[]).await;
    assert!((9_000..=10_000).contains(&text.len()) && text.contains("- 1 and 1:"), "{}", text.len());
    for own in [9_900, 10_000, 20_000] {
        fs::write(&file, text.replace(&"x".repeat(7_000), &"x".repeat(own))).expect("a file");
        let text = consolidate(DigestAgent::default(), root.path(), &many, &[]).await;
        assert_eq!(text.trim_end(), "x".repeat(own), "the user's text stays, and ours has no room");
    }
    fs::write(&file, "x".repeat(9_000)).expect("a file");
    let text = consolidate(DigestAgent::default(), root.path(), &many, &[]).await;
    assert!(text.contains("more lines did not fit") && text.len() <= 10_000, "it comes back with the room");
}

#[tokio::test]
async fn ids_that_begin_alike_are_longer() {
    let root = tempfile::tempdir().expect("a folder");
    let alike = |n: u128| Memory {
        thread: ThreadFacts { id: Uuid::from_u128((7 << 96) | (n << 64)), ..thread(n) },
        ..memory(n, 0, "")
    };
    let text = consolidate(DigestAgent::default(), root.path(), &[alike(1), alike(2)], &[]).await;
    assert!(text.contains("[00000007-0000-0001]") && text.contains("[00000007-0000-0002]"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_not_followed() {
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("secret");
    fs::write(&secret, "secret\n").expect("a file");
    let root = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(&secret, root.path().join("memory_summary.md")).expect("a link");
    let text = consolidate(DigestAgent::default(), root.path(), &memories(), &[]).await;
    assert!(!text.contains("secret"));
    assert_eq!(fs::read_to_string(&secret).expect("the file"), "secret\n");
}
