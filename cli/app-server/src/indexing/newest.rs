//! Files to index, the newest first.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use threadkeep_rollout::RolloutName;
use threadkeep_state::backfill::ChangedFile;

use super::coverage::Coverage;

/// Time by which a thread's first line may be later than its id.
const SLACK: SignedDuration = SignedDuration::from_mins(1);
/// The same for a file name, whose time is the writer's local one.
const ZONES: SignedDuration = SignedDuration::from_hours(14);

/// Files to index, the newest first.
pub(super) struct Newest {
    /// The newest last.
    files: Vec<File>,
    of: usize,
}

struct File {
    path: String,
    /// Time after which its thread was not created.
    created: Timestamp,
    /// Time after which its thread was not updated.
    updated: Timestamp,
}

impl Newest {
    pub(super) fn new(files: Vec<ChangedFile>) -> Newest {
        let file = |file: ChangedFile| {
            // The names of threads come first.
            let updated = file.changed_at.unwrap_or(Timestamp::MAX);
            let created = file.name.map_or(updated, |name| latest_start(&name));
            File { path: file.path, created, updated }
        };
        let mut files: Vec<File> = files.into_iter().map(file).collect();
        let of = files.len();
        files.sort_by(|a, b| (a.created, &a.path).cmp(&(b.created, &b.path)));
        Newest { files, of }
    }

    pub(super) fn left(&self) -> usize {
        self.files.len()
    }

    /// Takes the newest files: by their start, and as many by their last change.
    pub(super) fn take(&mut self, number: usize) -> Vec<String> {
        let newest = self.files.split_off(self.files.len().saturating_sub(number));
        let mut changes: Vec<Timestamp> = self.files.iter().map(|file| file.updated).collect();
        changes.sort_unstable();
        let since = changes[changes.len().saturating_sub(number)..].first().copied();
        let mut taken: Vec<String> = newest.into_iter().map(|file| file.path).collect();
        let mut room = number;
        self.files.retain_mut(|file| {
            let is_taken = room > 0 && since.is_some_and(|since| file.updated >= since);
            if is_taken {
                room -= 1;
                taken.push(std::mem::take(&mut file.path));
            }
            !is_taken
        });
        taken
    }

    /// Returns the part of the home that the index has without these files.
    pub(super) fn coverage(&self) -> Coverage {
        let latest =
            |time: fn(&File) -> Timestamp| self.files.iter().map(time).max().unwrap_or(Timestamp::MIN);
        Coverage::UpTo {
            created: latest(|file| file.created),
            updated: latest(|file| file.updated),
            left: self.files.len(),
            of: self.of,
        }
    }
}

/// Returns a time after which the thread of a file did not begin.
fn latest_start(name: &RolloutName) -> Timestamp {
    let of_id = name.thread_id.get_timestamp().and_then(|time| {
        let (seconds, nanoseconds) = time.to_unix();
        Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
    });
    let of_id = of_id.filter(|_| name.thread_id.get_version_num() == 7).map(|at| (at, SLACK));
    let of_name = || Some((TimeZone::UTC.to_timestamp(name.started).ok()?, ZONES));
    let latest = of_id.or_else(of_name).and_then(|(at, slack)| at.checked_add(slack).ok());
    latest.unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

    fn files(files: &[(&str, i64, i64)]) -> Newest {
        let at = |second| Timestamp::from_second(second).unwrap_or_default();
        let file = |(path, created, updated): &(&str, i64, i64)| File {
            path: (*path).to_owned(),
            created: at(*created),
            updated: at(*updated),
        };
        let mut files: Vec<File> = files.iter().map(file).collect();
        files.sort_by_key(|file| file.created);
        Newest { of: files.len(), files }
    }

    #[test]
    fn a_pass_takes_the_newest_by_start_and_by_change() {
        let mut newest = files(&[("old", 1, 2), ("resumed", 2, 90), ("middle", 3, 4), ("new", 50, 51)]);
        assert_eq!(newest.take(1), ["new", "resumed"]);
        let Coverage::UpTo { created, updated, left, of } = newest.coverage() else { unreachable!() };
        assert_eq!((created.as_second(), updated.as_second(), left, of), (3, 4, 2, 4));
        assert_eq!(newest.take(9), ["old", "middle"]);
        assert_eq!(newest.left(), 0);
    }

    #[test]
    fn a_start_is_taken_from_the_id_and_else_from_the_name() -> Result {
        let v7 =
            RolloutName::parse("rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl")?;
        assert_eq!(latest_start(&v7).to_string(), "2026-11-22T13:24:16.209Z");
        let v4 =
            RolloutName::parse("rollout-2025-05-07T10-00-00-5973b6c0-94b8-487b-a530-2aeb6098ae0e.jsonl")?;
        assert_eq!(latest_start(&v4).to_string(), "2025-05-08T00:00:00Z");
        Ok(())
    }
}
