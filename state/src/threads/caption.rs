//! Captions of many threads: only the columns that a report shows.

use std::collections::HashMap;

use threadkeep_sqlite::{RowReader, json};
use uuid::Uuid;

use super::ThreadStore;
use crate::error::StateError;
use crate::thread::agent_of;

/// Names of a thread. A [`Thread`](crate::Thread) has the same in the fields of these names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadCaption {
    /// The newest name that the user or the agent gave.
    pub name: Option<String>,
    /// Title: the first message, or else the agent's goal, bounded.
    pub title: Option<String>,
    /// A sub-agent's nickname.
    pub agent_nickname: Option<String>,
    /// A sub-agent's path.
    pub agent_path: Option<String>,
}

/// Captions of the threads `?1`, a JSON array of ids, as one text: a row costs more than its
/// content.
const CAPTIONS: &str = "SELECT json_group_array(json_array( \
       id, name, coalesce(title, first_user_message), agent_nickname, agent_path)) \
     FROM threads WHERE id IN (SELECT value FROM json_each(?1))";

/// Folders of the threads `?1`, a JSON array of ids, as one text.
const FOLDERS: &str = "SELECT json_group_array(json_array(id, cwd)) \
     FROM threads WHERE cwd IS NOT NULL AND id IN (SELECT value FROM json_each(?1))";

/// Rollouts of the threads `?1`, a JSON array of ids, as one text.
const ROLLOUTS: &str = "SELECT json_group_array(json_array(id, rollout_path)) \
     FROM threads WHERE id IN (SELECT value FROM json_each(?1))";

/// Id, name, title, nickname, path.
type Caption = (Uuid, Option<String>, Option<String>, Option<String>, Option<String>);

impl ThreadStore {
    /// Returns the captions of threads. Ids that the index does not have are left out.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn captions(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, ThreadCaption>, StateError> {
        let captions = sqlx::query(CAPTIONS).bind(json(ids));
        let read = self
            .db
            .read(async |conn| RowReader::new(&captions.fetch_one(conn).await?).json::<Vec<Caption>>());
        let caption = |(id, name, title, agent_nickname, agent_path)| {
            (id, ThreadCaption { name, title, agent_nickname, agent_path })
        };
        Ok(read.await?.into_iter().map(caption).collect())
    }

    /// Returns the folders of threads. Threads without a folder are left out, and ids that the
    /// index does not have.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn folders_of(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, StateError> {
        self.texts_of(FOLDERS, ids).await
    }

    /// Returns the agents of threads: [`Thread::agent`](crate::Thread::agent). Ids that the index
    /// does not have are left out.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn agents_of(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, StateError> {
        let rollouts = self.texts_of(ROLLOUTS, ids).await?;
        Ok(rollouts.into_iter().map(|(id, path)| (id, agent_of(&path).to_owned())).collect())
    }

    /// Reads one text of each thread.
    async fn texts_of(&self, sql: &'static str, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, StateError> {
        let texts = sqlx::query(sql).bind(json(ids));
        let read = self
            .db
            .read(async |conn| RowReader::new(&texts.fetch_one(conn).await?).json::<Vec<(Uuid, String)>>());
        Ok(read.await?.into_iter().collect())
    }
}
