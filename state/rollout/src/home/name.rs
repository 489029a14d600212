//! The name of a rollout file: `rollout-YYYY-MM-DDThh-mm-ss-<uuid>.jsonl`, with `.zst` behind it
//! when compressed.

use std::fmt;

use jiff::civil::DateTime;
use uuid::Uuid;

/// Parsed name of a rollout file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RolloutName {
    /// Start of the thread on the writer's clock: the Codex CLI writes local time, a
    /// [`Recorder`](crate::Recorder) UTC. So it names no exact moment.
    pub started: DateTime,
    /// The thread's id.
    pub thread_id: Uuid,
}

/// Error for a file name that is not a rollout's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a rollout's name (rollout-YYYY-MM-DDThh-mm-ss-<uuid>.jsonl or .jsonl.zst)")]
#[non_exhaustive]
pub struct RolloutNameError;

impl RolloutName {
    /// Parses a file name, with or without its ending.
    ///
    /// # Errors
    /// [`RolloutNameError`] if it has another shape, or a date or id that does not exist.
    pub fn parse(name: &str) -> Result<Self, RolloutNameError> {
        const TIME: usize = "YYYY-MM-DDThh-mm-ss".len();
        let stem = stem(name).unwrap_or(name);
        let rest = stem.strip_prefix("rollout-").ok_or(RolloutNameError)?;
        let time = rest.get(..TIME).ok_or(RolloutNameError)?;
        let id = rest.get(TIME..).and_then(|rest| rest.strip_prefix('-')).ok_or(RolloutNameError)?;
        if id.len() != 36 || !is_time_shaped(time.as_bytes()) {
            return Err(RolloutNameError);
        }
        let digit = |at: usize| time.as_bytes()[at] - b'0';
        let [century, year, month, day, hour, minute, second] =
            [0, 2, 5, 8, 11, 14, 17].map(|at| (10 * digit(at) + digit(at + 1)).cast_signed());
        let year = 100 * i16::from(century) + i16::from(year);
        let started =
            DateTime::new(year, month, day, hour, minute, second, 0).map_err(|_| RolloutNameError)?;
        let thread_id = Uuid::try_parse(id).map_err(|_| RolloutNameError)?;
        Ok(Self { started, thread_id })
    }
}

/// Name of the uncompressed file.
impl fmt::Display for RolloutName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rollout-{}-{}.jsonl", self.started.strftime("%Y-%m-%dT%H-%M-%S"), self.thread_id)
    }
}

/// Removes `.jsonl` or `.jsonl.zst`; `None` for a name with another ending.
pub(crate) fn stem(name: &str) -> Option<&str> {
    name.strip_suffix(".zst").unwrap_or(name).strip_suffix(".jsonl")
}

fn is_time_shaped(time: &[u8]) -> bool {
    time.iter().zip(b"dddd-dd-ddTdd-dd-dd").all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    })
}
