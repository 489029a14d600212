//! Tests of `commands/threads/list.rs`, next to which its private items are in scope.

use super::*;

#[test]
fn a_folder_is_what_an_agent_writes_down() -> Result<(), Fault> {
    let here = std::env::current_dir()?.to_string_lossy().into_owned();
    assert_eq!(absolute(Path::new("."))?, here);
    assert_eq!(absolute(Path::new("./a/../b/"))?, format!("{here}/b"));
    assert_eq!(absolute(Path::new("/srv/code/"))?, "/srv/code");
    Ok(())
}
