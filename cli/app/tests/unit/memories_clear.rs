//! Tests of `memories/clear.rs`, next to which its private items are in scope.

use super::*;

#[test]
fn only_what_agents_wrote_is_removed() -> Result<(), Box<dyn std::error::Error>> {
    let root = tempfile::tempdir()?;
    let digest = "mine\n\n<!-- threadkeep:begin -->\n- ours [00000000]\n<!-- threadkeep:end -->\n";
    let files = [("same.md", "a", "a"), ("edited.md", "b", "mine"), ("memory_summary.md", digest, digest)];
    let mut kept = vec![KeptFile { path: "gone.md".to_owned(), content: Vec::new() }];
    for (path, content, now) in files {
        kept.push(KeptFile { path: path.to_owned(), content: content.into() });
        fs::write(root.path().join(path), now)?;
    }
    let left = clear_files(root.path(), &kept).map_err(|fault| fault.message.to_string())?;
    assert_eq!(left, ["edited.md", "memory_summary.md"].map(|name| root.path().join(name)));
    assert_eq!(fs::read_to_string(root.path().join("memory_summary.md"))?, "mine\n\n");
    assert_eq!(fs::read_dir(root.path())?.count(), 2);
    Ok(())
}
