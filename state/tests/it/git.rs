//! Git information of the user: it holds over the rollout's, and survives a lost database.

use std::fs;

use threadkeep_state::{GitUpdate, ListThreads, MAX_GIT_CHARS, StateError, Thread};

use crate::common::{Fixture, Result, id, rollout_path, session};

const DATABASE: &str = "state_5.sqlite";

type Git<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn git(thread: &Thread) -> Git<'_> {
    (thread.git_sha.as_deref(), thread.git_branch.as_deref(), thread.git_origin_url.as_deref())
}

fn line() -> String {
    let git = r#""git":{"commit_hash":"abc","branch":"main","repository_url":"https://example.com/a"},"#;
    session(id(1), "hello").replace(r#""source":"cli""#, &format!(r#"{git}"source":"cli""#))
}

#[tokio::test]
async fn the_user_s_git_information_holds_and_survives_a_lost_and_a_damaged_database() -> Result {
    for damaged in [false, true] {
        let fixture = Fixture::empty().await?;
        fixture.write(&rollout_path(id(1)), line())?;
        fixture.index().await?;
        let threads = fixture.state.threads();
        let before = threads.get(id(1)).await?.ok_or("the thread")?;
        assert_eq!(git(&before), (Some("abc"), Some("main"), Some("https://example.com/a")));
        let branch = GitUpdate { branch: Some(Some(" patched ".to_owned())), ..GitUpdate::default() };
        threads.set_git(id(1), branch).await?;
        let rest = GitUpdate {
            sha: Some(None),
            origin_url: Some(Some("https://me:word@example.com/b".to_owned())),
            ..GitUpdate::default()
        };
        threads.set_git(id(1), rest).await?;
        let expected: Git<'_> = (None, Some("patched"), Some("https://example.com/b"));
        assert_eq!(git(&threads.get(id(1)).await?.ok_or("the thread")?), expected);
        let of_branch =
            |branch: &str| ListThreads { branch: Some(branch.to_owned()), ..ListThreads::default() };
        assert_eq!(threads.list(&of_branch("patched")).await?.threads.len(), 1);
        assert_eq!(threads.list(&of_branch("main")).await?.threads, []);

        fixture.state.clone().close().await?;
        let database = fixture.sqlite_home().join(DATABASE);
        if damaged {
            fs::write(&database, vec![7; 8_192])?;
        } else {
            fs::remove_file(&database)?;
        }
        let fixture = fixture.recovered().await?;
        fixture.index().await?;
        let thread = fixture.state.threads().get(id(1)).await?.ok_or("the thread")?;
        assert_eq!(git(&thread), expected, "damaged: {damaged}");
    }
    Ok(())
}

#[tokio::test]
async fn a_part_that_is_empty_or_too_long_changes_nothing() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.write(&rollout_path(id(1)), line())?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    for branch in [" ".to_owned(), "x".repeat(MAX_GIT_CHARS + 1)] {
        let update = GitUpdate { branch: Some(Some(branch)), ..GitUpdate::default() };
        let refused = threads.set_git(id(1), update).await;
        assert!(matches!(refused, Err(StateError::BadGit { part: "branch", .. })), "{refused:?}");
    }
    let unknown = threads.set_git(id(9), GitUpdate { sha: Some(None), ..GitUpdate::default() }).await;
    assert!(matches!(unknown, Err(StateError::NotFound(_))), "{unknown:?}");
    assert_eq!(threads.get(id(1)).await?.ok_or("the thread")?.git_branch.as_deref(), Some("main"));
    Ok(())
}
