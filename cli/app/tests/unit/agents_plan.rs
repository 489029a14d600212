//! Sessions that are wanted, and cannot be kept.

use std::path::PathBuf;

use uuid::Uuid;

use super::{Plan, Wanted};

#[test]
fn a_session_of_an_agent_of_a_later_version_is_said_not_to_be_kept() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let wanted = Wanted {
        agent: "future".to_owned(),
        place: folder.path().to_owned(),
        identity: "a".to_owned(),
        thread_id: Uuid::nil(),
        source: PathBuf::new(),
    };
    let plan = Plan::of(folder.path(), vec![wanted.clone()]);
    let [(failed, fault)] = &plan.failed[..] else { panic!("{:?}", plan.failed) };
    assert_eq!((failed, fault.thread), (&wanted, Some(Uuid::nil())));
    assert!(fault.message.to_string().contains("this version does not know the agent"), "{fault}");
    Ok(())
}
