//! The generated files, and users who edit them.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use threadkeep_memories::files::{
    Synced, is_unedited, prune_extensions, raw_memories, rollout_summary, sync,
};
use threadkeep_memories::{Memory, StageOneOutput, ThreadFacts};
use uuid::Uuid;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn memory(number: u128, words: &str) -> Memory {
    let id = Uuid::from_u128(number);
    Memory {
        thread: ThreadFacts {
            id,
            title: Some("Fix the build\nnow".into()),
            cwd: Some("/project".into()),
            git_branch: None,
            rollout_path: format!("sessions/{id}.jsonl"),
            updated_at: jiff::Timestamp::from_second(1_795_000_000 + i64::try_from(number).expect("small"))
                .expect("a time"),
        },
        output: StageOneOutput {
            rollout_summary: words.into(),
            raw_memory: format!("# {words}\n- fact"),
            slug: None,
        },
        generated_at: jiff::Timestamp::UNIX_EPOCH,
        usage_count: 0,
        last_used_at: None,
        selected: false,
    }
}

fn read(root: &Path, path: &str) -> Result<String> {
    Ok(fs::read_to_string(root.join(path))?)
}

#[test]
fn the_latest_thread_comes_first() {
    insta::assert_snapshot!(raw_memories(&[memory(1, "old"), memory(2, "new")]), @r"
    # Raw memories

    One entry for each remembered thread, the latest first.

    ## Fix the build now

    - thread: 00000000-0000-0000-0000-000000000002
    - updated: 2026-11-18T11:06:42Z
    - folder: /project
    - summary: rollout_summaries/00000000-0000-0000-0000-000000000002.md

    ### new
    - fact

    ## Fix the build now

    - thread: 00000000-0000-0000-0000-000000000001
    - updated: 2026-11-18T11:06:41Z
    - folder: /project
    - summary: rollout_summaries/00000000-0000-0000-0000-000000000001.md

    ### old
    - fact
    <!-- written by threadkeep, checksum 4e422e23 -->
    ");
    insta::assert_snapshot!(rollout_summary(&memory(1, "old")), @r"
    thread_id: 00000000-0000-0000-0000-000000000001
    updated_at: 2026-11-18T11:06:41Z
    rollout_path: sessions/00000000-0000-0000-0000-000000000001.jsonl
    cwd: /project

    old
    <!-- written by threadkeep, checksum 115b8301 -->
    ");
    assert!(is_unedited(raw_memories(&[]).as_bytes()));
}

#[test]
fn a_sync_writes_what_differs_and_removes_what_is_gone() -> Result {
    let root = tempfile::tempdir()?;
    let summary = |number: u128| format!("rollout_summaries/{}.md", Uuid::from_u128(number));
    let first = sync(root.path(), &[memory(1, "a"), memory(2, "b")])?;
    assert_eq!(first.written, ["raw_memories.md".to_owned(), summary(1), summary(2)]);
    assert_eq!(sync(root.path(), &[memory(1, "a"), memory(2, "b")])?, Synced::default());
    let second = sync(root.path(), &[memory(2, "c")])?;
    assert_eq!(
        (second.written, second.removed),
        (vec!["raw_memories.md".to_owned(), summary(2)], vec![summary(1)])
    );
    assert!(!root.path().join(summary(1)).exists() && second.edited.is_empty());
    Ok(())
}

#[test]
fn a_file_that_a_killed_process_left_is_removed() -> Result {
    let root = tempfile::tempdir()?;
    let root = root.path();
    sync(root, &[memory(1, "a")])?;
    for left in [".threadkeep-abc123", "rollout_summaries/.threadkeep-def456"] {
        fs::write(root.join(left), "words")?;
        assert_eq!(sync(root, &[memory(1, "a")])?, Synced::default());
        assert!(!root.join(left).exists(), "{left}");
    }
    Ok(())
}

#[test]
fn an_edit_of_a_generated_file_is_moved_and_never_lost() -> Result {
    let root = tempfile::tempdir()?;
    let root = root.path();
    let summary = format!("rollout_summaries/{}.md", Uuid::from_u128(1));
    sync(root, &[memory(1, "a")])?;
    for _ in 0..2 {
        fs::write(root.join("raw_memories.md"), read(root, "raw_memories.md")? + "my note\n")?;
        sync(root, &[memory(1, "a")])?;
    }
    assert!(read(root, "edited/raw_memories.md")?.contains("my note"));
    assert!(read(root, "edited/raw_memories-2.md")?.contains("my note"));
    assert_eq!(read(root, "raw_memories.md")?, raw_memories(&[memory(1, "a")]));
    // Also of a summary that goes, and of what was put in its place.
    fs::write(root.join(&summary), "mine")?;
    fs::write(root.join("rollout_summaries/notes.md"), "other")?;
    let synced = sync(root, &[])?;
    assert_eq!((synced.removed, synced.edited.len()), (vec![summary.clone()], 1));
    assert_eq!(read(root, &synced.edited[0])?, "mine");
    assert_eq!(read(root, "rollout_summaries/notes.md")?, "other", "no thread's");
    Ok(())
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() -> Result {
    use std::os::unix::fs::symlink;
    let (root, outside) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let root = root.path();
    let precious = outside.path().join("precious.md");
    fs::write(&precious, "precious")?;
    symlink(&precious, root.join("raw_memories.md"))?;
    sync(root, &[memory(1, "a")])?;
    assert_eq!(fs::read_to_string(&precious)?, "precious");
    assert_eq!(fs::read_link(root.join("edited/raw_memories.md"))?, precious, "the link is the user's edit");

    fs::remove_dir_all(root.join("rollout_summaries"))?;
    symlink(outside.path(), root.join("rollout_summaries"))?;
    sync(root, &[memory(1, "b")]).expect_err("the folder is a link");
    assert_eq!(fs::read_dir(outside.path())?.count(), 1);
    Ok(())
}

#[test]
fn old_resources_of_extensions_are_pruned() -> Result {
    let root = tempfile::tempdir()?;
    let root = root.path();
    let now = SystemTime::now();
    let old = now - Duration::from_secs(86_400 * 40);
    for (path, is_old) in [
        ("extensions/a/instructions.md", true),
        ("extensions/a/resources/old.md", true),
        ("extensions/a/resources/new.md", false),
        ("extensions/a/notes/old.md", true),
        ("extensions/bare/resources/old.md", true),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        fs::write(&path, "x")?;
        if is_old {
            fs::File::options().write(true).open(&path)?.set_modified(old)?;
        }
    }
    let since = now - Duration::from_secs(86_400 * 30);
    assert_eq!(prune_extensions(root, since)?, ["extensions/a/resources/old.md"]);
    assert!(root.join("extensions/bare/resources/old.md").exists());
    assert!(prune_extensions(&root.join("nowhere"), since)?.is_empty());
    Ok(())
}
