//! Tests of `commands/threads/footer.rs`, next to which its private items are in scope.

use threadkeep_state::Cursor;

use super::*;

#[test]
fn the_next_command_is_the_one_that_was_typed() -> Result<(), threadkeep_app::Fault> {
    let cursor: Cursor = "v2udf00000000.1795353796213.01a2036cde7177f1a9e33c28701bba61".parse()?;
    let typed = ["threads", "--cursor", "old", "--search", "two words", "--cursor=older"].map(OsString::from);
    let next = typed_with("--cursor", &cursor.to_string(), typed.into_iter());
    assert_eq!(next, format!("threadkeep threads --search 'two words' --cursor {cursor}"));
    let typed = ["threads", "--cwd", ".", "--home=.", "--repo", "name"].map(OsString::from);
    let here = path_word(Path::new("."));
    let next = typed_with("--before", "x", typed.into_iter());
    assert_eq!(next, format!("threadkeep threads --cwd {here} --home={here} --repo name --before x"));
    Ok(())
}
