//! Git information that the user gives a thread, over what its rollout says.

use threadkeep_redact::redact;
use threadkeep_rollout::strip_credentials;
use uuid::Uuid;

use super::ThreadStore;
use crate::error::StateError;

/// Largest length of a part of a thread's git information, in characters.
pub const MAX_GIT_CHARS: usize = 1_000;

/// Change of a thread's git information. A part that is `None` stays as it is, and `Some(None)`
/// removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitUpdate {
    /// The commit.
    pub sha: Option<Option<String>>,
    /// The branch.
    pub branch: Option<Option<String>>,
    /// The remote.
    pub origin_url: Option<Option<String>>,
}

impl ThreadStore {
    /// Changes a thread's git information. It then holds whatever the rollout says. Credentials in
    /// the remote are removed, and a secret is stored as `[redacted:…]`.
    ///
    /// # Errors
    ///
    /// [`StateError::BadGit`] for an empty part or one of more than [`MAX_GIT_CHARS`] characters,
    /// [`StateError::NotFound`], and [`StateError::Database`].
    pub async fn set_git(&self, id: Uuid, update: GitUpdate) -> Result<(), StateError> {
        let origin_url = update.origin_url.map(|url| url.map(|url| strip_credentials(&url).into_owned()));
        let sha = stored("commit", update.sha)?;
        let branch = stored("branch", update.branch)?;
        let origin_url = stored("remote", origin_url)?;
        let statement = sqlx::query(
            "UPDATE threads SET user_git_sha = coalesce(?2, user_git_sha), \
               user_git_branch = coalesce(?3, user_git_branch), \
               user_git_origin_url = coalesce(?4, user_git_origin_url) WHERE id = ?1",
        );
        self.edit(id, |id| statement.bind(id).bind(sha).bind(branch).bind(origin_url)).await
    }
}

/// Returns a part as it is stored: empty if it is removed, `None` if it stays.
fn stored(part: &'static str, given: Option<Option<String>>) -> Result<Option<String>, StateError> {
    let Some(given) = given else { return Ok(None) };
    let Some(text) = given else { return Ok(Some(String::new())) };
    let text = text.trim();
    // A commit looks like a secret.
    let is_commit = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let text = if is_commit { text.to_owned() } else { redact(text).into_owned() };
    if text.is_empty() || text.chars().count() > MAX_GIT_CHARS {
        return Err(StateError::BadGit { part, max: MAX_GIT_CHARS });
    }
    Ok(Some(text))
}
