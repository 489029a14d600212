//! A database that is opened when it is first needed.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use threadkeep_sqlite::{Durability, LazyDatabase, OpenError, OpenOptions};

use crate::support::V1;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn nothing_is_made_before_it_is_needed() -> Outcome {
    let folder = tempfile::tempdir()?;
    let lazy = LazyDatabase::new(&V1, folder.path(), &OpenOptions::new());
    assert!(lazy.existing().await?.is_none());
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 0, "asking makes no file");

    let first = lazy.get().await?;
    assert!(lazy.path().is_file());
    let clone = lazy.clone().existing().await?.ok_or("it is there now")?;
    assert_eq!(clone.path(), first.path());
    lazy.close().await?;
    assert!(first.begin(Durability::Usual).await.is_err(), "closing is for all clones");
    lazy.get().await?.begin(Durability::Usual).await?.commit().await?;
    Ok(())
}

#[tokio::test]
async fn what_could_not_be_opened_is_tried_again() -> Outcome {
    let folder = tempfile::tempdir()?;
    let lazy = LazyDatabase::new(&V1, folder.path(), &OpenOptions::new());
    std::fs::write(lazy.path(), "something else")?;
    assert!(matches!(lazy.get().await, Err(OpenError::Foreign { .. })));
    assert!(matches!(lazy.existing().await, Err(OpenError::Foreign { .. })));
    std::fs::remove_file(lazy.path())?;
    lazy.get().await?;
    Ok(())
}

#[tokio::test]
async fn what_a_creation_without_room_has_left_is_nothing_to_read() -> Outcome {
    for statements in ["", "PRAGMA application_id = 1953002545; PRAGMA journal_mode = WAL"] {
        let folder = tempfile::tempdir()?;
        let read_only = LazyDatabase::new(&V1, folder.path(), &OpenOptions::new().read_only(true));
        std::fs::write(read_only.path(), "")?;
        let mut left = SqliteConnectOptions::new().filename(read_only.path()).connect().await?;
        left.execute(statements).await?;
        left.close().await?;
        assert!(read_only.existing().await?.is_none(), "{statements}");
        let writable = LazyDatabase::new(&V1, folder.path(), &OpenOptions::new());
        assert!(writable.existing().await?.is_some(), "{statements}");
    }
    Ok(())
}
