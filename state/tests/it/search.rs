//! Search: any part of the texts, without regard to case, and never an operator.

use threadkeep_state::{GitUpdate, ListThreads};

use crate::common::{Fixture, Result, id, rollout_path, session};

async fn found(fixture: &Fixture, text: &str) -> Result<Vec<u128>> {
    let query = ListThreads { search: Some(text.to_owned()), ..ListThreads::default() };
    let threads = fixture.state.threads().list(&query).await?.threads;
    let mut numbers: Vec<u128> = threads.iter().map(|thread| thread.id.as_u128() - id(0).as_u128()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

#[tokio::test]
async fn a_search_looks_at_what_people_remember() -> Result {
    let fixture = Fixture::empty().await?;
    for (number, message) in
        [(1, "Fix the Parser"), (2, "Привет, 日本 и café"), (3, r#"say "hi" OR 50%_done\now"#)]
    {
        fixture.write(&rollout_path(id(number)), session(id(number), message))?;
    }
    fixture.index().await?;
    fixture.state.threads().rename(id(3), Some("Grüße"), jiff::Timestamp::now()).await?;
    for (text, numbers) in [
        ("parser", &[1][..]),
        ("THE PARS", &[1]),
        ("привет", &[2]),
        ("本", &[2]),
        ("日本", &[2]),
        ("CAFÉ", &[2]),
        ("\"hi\" OR", &[3]),
        ("\"OR 50\" say", &[3]),
        ("50%_d", &[3]),
        ("%", &[3]),
        ("_", &[3]),
        ("\\n", &[3]),
        ("grüße", &[3]),
        ("/tmp/proj", &[1, 2, 3]),
        ("pars fix", &[1]),
        ("CAFE и", &[2]),
        ("gruße", &[3]),
        ("fix OR say", &[]),
        ("p*r", &[]),
        ("  ", &[1, 2, 3]),
    ] {
        assert_eq!(found(&fixture, text).await?, numbers, "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_search_follows_renames_rewrites_and_deletions() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "alpha"))?;
    fixture.index().await?;
    fixture.state.threads().rename(id(1), Some("bravo"), jiff::Timestamp::now()).await?;
    assert_eq!((found(&fixture, "alpha").await?, found(&fixture, "bravo").await?), (vec![1], vec![1]));
    fixture.state.threads().rename(id(1), None, jiff::Timestamp::now()).await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "charlie!"))?;
    fixture.index().await?;
    for text in ["alpha", "bravo"] {
        assert_eq!(found(&fixture, text).await?, [] as [u128; 0], "{text}");
    }
    assert_eq!(found(&fixture, "charlie").await?, [1]);
    fixture.state.delete_thread(id(1), jiff::Timestamp::now()).await?;
    assert_eq!(found(&fixture, "charlie").await?, [] as [u128; 0]);
    index_agrees(&fixture).await
}

/// A branch that the user gave is searched, and the rollout's is not.
#[tokio::test]
async fn a_search_looks_at_the_branch_that_is_shown() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "alpha"))?;
    fixture.index().await?;
    let branch =
        |branch: Option<&str>| GitUpdate { branch: Some(branch.map(str::to_owned)), ..GitUpdate::default() };
    fixture.state.threads().set_git(id(1), branch(Some("bravo/charlie"))).await?;
    assert_eq!(found(&fixture, "bravo/charlie").await?, [1]);
    fixture.state.threads().set_git(id(1), branch(Some("delta"))).await?;
    assert_eq!(found(&fixture, "charlie").await?, [] as [u128; 0]);
    assert_eq!(found(&fixture, "delta").await?, [1]);
    fixture.state.threads().set_git(id(1), branch(None)).await?;
    assert_eq!(found(&fixture, "delta").await?, [] as [u128; 0]);
    index_agrees(&fixture).await
}

/// Checks that the index agrees with the table to the last posting.
async fn index_agrees(fixture: &Fixture) -> Result {
    let mut conn = fixture.raw().await?;
    sqlx::query("INSERT INTO thread_trigrams (thread_trigrams, rank) VALUES ('integrity-check', 1)")
        .execute(&mut conn)
        .await?;
    Ok(())
}
