//! The name of a rollout file: `rollout-YYYY-MM-DDThh-mm-ss-<thread>.jsonl`, with `_<segment>`
//! behind the thread's id in further files of the thread, and `.zst` at the end when compressed.
//!
//! The first agent, in April 2025, wrote `rollout-YYYY-MM-DD-<thread>.json`.

use std::fmt;

use jiff::civil::DateTime;
use uuid::Uuid;

/// Ending of the files that the first agent wrote.
const OLDEST: &str = ".json";

/// Parsed name of a rollout file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RolloutName {
    /// Start of the file on the writer's clock: the Codex CLI writes local time, a
    /// [`Recorder`](crate::Recorder) UTC. So it names no exact moment.
    pub started: DateTime,
    /// The thread's id.
    pub thread_id: Uuid,
    /// The file's own id, in the second and later files of a thread.
    pub segment_id: Option<Uuid>,
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
        parse(name).ok_or(RolloutNameError)
    }

    /// Returns the id that the name ends with. A file that builds on this one names it.
    pub fn file_id(&self) -> Uuid {
        self.segment_id.unwrap_or(self.thread_id)
    }
}

/// Name of the uncompressed file, as agents write it since May 2025.
impl fmt::Display for RolloutName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rollout-{}-{}", self.started.strftime("%Y-%m-%dT%H-%M-%S"), self.thread_id)?;
        self.segment_id.map_or(Ok(()), |segment| write!(f, "_{segment}"))?;
        f.write_str(".jsonl")
    }
}

/// Returns true for the name of a file with lines, well-formed or not, and for a well-formed name
/// of the oldest files.
pub(crate) fn is_rollout(name: &str) -> bool {
    stem(name).is_some() || name.ends_with(OLDEST) && parse(name).is_some()
}

/// Removes `.jsonl` or `.jsonl.zst`; `None` for a name with another ending.
fn stem(name: &str) -> Option<&str> {
    name.strip_suffix(".zst").unwrap_or(name).strip_suffix(".jsonl")
}

fn parse(name: &str) -> Option<RolloutName> {
    const TIME: &str = "dddd-dd-ddTdd-dd-dd";
    const DATE: &str = "dddd-dd-dd";
    let oldest = name.strip_suffix(OLDEST);
    let rest = oldest.or(stem(name)).unwrap_or(name).strip_prefix("rollout-")?;
    let shape = if oldest.is_some() { DATE } else { TIME };
    let (time, ids) = rest.split_at_checked(shape.len())?;
    if !is_shaped(time.as_bytes(), shape.as_bytes()) {
        return None;
    }
    let digit = |at: usize| time.as_bytes().get(at).map_or(0, |digit| digit - b'0');
    let [century, year, month, day, hour, minute, second] =
        [0, 2, 5, 8, 11, 14, 17].map(|at| (10 * digit(at) + digit(at + 1)).cast_signed());
    let year = 100 * i16::from(century) + i16::from(year);
    let started = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let ids = ids.strip_prefix('-')?;
    let (thread_id, segment_id) = match ids.split_once('_') {
        Some((thread, segment)) => (id(thread)?, Some(id(segment)?)),
        None => (id(ids)?, None),
    };
    Some(RolloutName { started, thread_id, segment_id })
}

/// Parses an id in the one form that agents write.
fn id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == 36)
}

fn is_shaped(text: &[u8], shape: &[u8]) -> bool {
    text.iter().zip(shape).all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    })
}
