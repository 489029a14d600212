//! Reads the columns of a row in order, with our two conversions: Unix milliseconds and ids.

use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, Type};
use threadkeep_rollout::RunOutcome;
use uuid::Uuid;

/// A row that is read from left to right, so that the order of the columns is said in one place.
pub(crate) struct RowReader<'r> {
    row: &'r SqliteRow,
    column: usize,
}

impl<'r> RowReader<'r> {
    pub(crate) fn new(row: &'r SqliteRow) -> RowReader<'r> {
        RowReader { row, column: 0 }
    }

    /// The next column as it is.
    pub(crate) fn next<T>(&mut self) -> Result<T, sqlx::Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        let column = self.column;
        self.column += 1;
        self.row.try_get(column)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, sqlx::Error> {
        time_of(self.next()?)
    }

    pub(crate) fn optional_time(&mut self) -> Result<Option<Timestamp>, sqlx::Error> {
        let ms: Option<i64> = self.next()?;
        ms.map(time_of).transpose()
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, sqlx::Error> {
        let text: &str = self.next()?;
        Uuid::try_parse(text).map_err(decode)
    }

    pub(crate) fn optional_uuid(&mut self) -> Result<Option<Uuid>, sqlx::Error> {
        let text: Option<&str> = self.next()?;
        text.map(Uuid::try_parse).transpose().map_err(decode)
    }

    /// A word that a newer program added is unknown to this one.
    pub(crate) fn run_outcome(&mut self) -> Result<RunOutcome, sqlx::Error> {
        let word: Option<&str> = self.next()?;
        Ok(word.and_then(|word| word.parse().ok()).unwrap_or_default())
    }
}

/// `Timestamp::from_millisecond` refuses the last second there is; this does not.
fn time_of(ms: i64) -> Result<Timestamp, sqlx::Error> {
    Timestamp::from_duration(SignedDuration::from_millis(ms)).map_err(decode)
}

/// An id as it stands in the database.
pub(crate) fn text_of(id: Uuid) -> String {
    id.hyphenated().to_string()
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
