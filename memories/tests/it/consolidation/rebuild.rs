//! Making a lost workspace again.

use std::fs;

use threadkeep_memories::consolidation::rebuild;

use super::fixture::{Fixture, Result, files_of, write};

#[tokio::test]
async fn a_lost_workspace_is_made_again_byte_for_byte() -> Result {
    let fixture = Fixture::new()?;
    for number in 1..=5 {
        fixture.remember(number, &format!("fact {number}")).await?;
    }
    fixture
        .run(|root, _| {
            fs::create_dir_all(root.join("skills/build")).expect("a folder");
            write(root, "memory_summary.md", "summary\n")?;
            write(root, "skills/build/SKILL.md", "make\n")
        })
        .await?;
    let before = fixture.files()?;
    assert_eq!(before.len(), 8, "{before:?}");
    fs::remove_dir_all(fixture.root())?;
    fs::create_dir(fixture.root())?;
    let rebuilt = rebuild(&fixture.store, &fixture.root()).await?;
    assert_eq!(fixture.files()?, before);
    assert_eq!((rebuilt.synced.written.len(), rebuilt.restored.len()), (6, 2));
    Ok(())
}

#[tokio::test]
async fn a_rebuild_overwrites_no_edit() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "fact").await?;
    fixture.run(|root, _| write(root, "memory_summary.md", "summary\n")).await?;
    fixture.write("memory_summary.md", "mine\n")?;
    fixture.write("notes.md", "mine\n")?;
    let rebuilt = rebuild(&fixture.store, &fixture.root()).await?;
    assert_eq!(rebuilt.differing, ["memory_summary.md"]);
    assert_eq!(files_of(&fixture.root())?.get("memory_summary.md").map(String::as_str), Some("mine\n"));
    assert_eq!(fixture.read("notes.md")?, "mine\n");
    Ok(())
}
