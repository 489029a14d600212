//! Checks of a payload that need no key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::{AllowedTargets, SignPayload};
use crate::PayloadError;
use crate::text::{TextProblem, check};

/// Least bytes of a nonce.
const NONCE_BYTES: usize = 32;
/// Longest life of a payload: 15 minutes.
const LONGEST_LIFE_MS: i64 = 15 * 60 * 1_000;
/// Most scopes.
const MOST_SCOPES: usize = 32;

impl SignPayload {
    /// Checks everything but account, client and the nonce's earlier use.
    ///
    /// # Errors
    ///
    /// Any [`PayloadError`] but [`PayloadError::Form`].
    pub fn check(&self, targets: &AllowedTargets, now: Timestamp) -> Result<(), PayloadError> {
        let fields = self.fields();
        let texts = [
            ("audience", fields.audience),
            ("target_origin", fields.target_origin),
            ("target_path", fields.target_path),
            ("account_user_id", fields.account_user_id),
            ("client_id", fields.client_id),
            ("nonce", fields.nonce),
            fields.subject,
        ];
        let scopes = fields.scopes.iter().map(|scope| ("scopes", scope.as_str()));
        for (field, text) in texts.into_iter().chain(scopes) {
            check(text).map_err(|problem| PayloadError::Text { field, problem })?;
        }
        match fields.scopes.len() {
            0 if fields.needs_scopes => {
                return Err(PayloadError::Text { field: "scopes", problem: TextProblem::Empty });
            }
            count if count > MOST_SCOPES => return Err(PayloadError::TooManyScopes { most: MOST_SCOPES }),
            _ => {}
        }
        if !URL_SAFE_NO_PAD.decode(fields.nonce).is_ok_and(|bytes| bytes.len() >= NONCE_BYTES) {
            return Err(PayloadError::Nonce);
        }
        let (field, sha256) = fields.sha256;
        if !URL_SAFE_NO_PAD.decode(sha256).is_ok_and(|bytes| bytes.len() == 32) {
            return Err(PayloadError::Digest { field });
        }
        targets.check(fields.target_origin, fields.target_path)?;
        let (now_ms, at_ms) = (now.as_millisecond(), fields.expires_at_ms);
        if at_ms <= now_ms {
            return Err(PayloadError::Expired { at_ms });
        }
        if at_ms > now_ms + LONGEST_LIFE_MS {
            return Err(PayloadError::TooLong { at_ms });
        }
        Ok(())
    }
}
