//! Values in rows and binds: Unix milliseconds, ids, and JSON.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{Sqlite, SqliteArgumentsBuffer, SqliteRow, SqliteTypeInfo};
use sqlx::{Decode, Encode, Row as _, Type};
use uuid::Uuid;

/// Reader of a row's columns from left to right.
pub struct RowReader<'r> {
    row: &'r SqliteRow,
    next: usize,
}

impl<'r> RowReader<'r> {
    /// Starts at the first column.
    #[must_use]
    pub fn new(row: &'r SqliteRow) -> RowReader<'r> {
        RowReader { row, next: 0 }
    }

    /// Returns the next column.
    ///
    /// # Errors
    ///
    /// The error of sqlx for a missing column or another type.
    pub fn column<T>(&mut self) -> Result<T, sqlx::Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        let column = self.next;
        self.next += 1;
        self.row.try_get(column)
    }

    /// Returns the next column as a time; it holds Unix milliseconds.
    ///
    /// # Errors
    ///
    /// As for [`column`](Self::column); also if the value cannot be converted.
    pub fn time(&mut self) -> Result<Timestamp, sqlx::Error> {
        time_of(self.column()?)
    }

    /// Returns the next column as a time; it holds Unix milliseconds or NULL.
    ///
    /// # Errors
    ///
    /// As for [`column`](Self::column); also if the value cannot be converted.
    pub fn optional_time(&mut self) -> Result<Option<Timestamp>, sqlx::Error> {
        let ms: Option<i64> = self.column()?;
        ms.map(time_of).transpose()
    }

    /// Returns the next column as the value of its JSON text, or the default for NULL.
    ///
    /// # Errors
    ///
    /// As for [`column`](Self::column); also if the text is not such a value.
    pub fn json<T: DeserializeOwned + Default>(&mut self) -> Result<T, sqlx::Error> {
        let text: Option<&str> = self.column()?;
        text.map_or_else(|| Ok(T::default()), |text| serde_json::from_str(text).map_err(decode))
    }

    /// Returns the next column as an id.
    ///
    /// # Errors
    ///
    /// As for [`column`](Self::column); also if the value cannot be converted.
    pub fn uuid(&mut self) -> Result<Uuid, sqlx::Error> {
        let text: &str = self.column()?;
        Uuid::try_parse(text).map_err(decode)
    }

    /// Returns the next column as an id, or `None` for NULL.
    ///
    /// # Errors
    ///
    /// As for [`column`](Self::column); also if the value cannot be converted.
    pub fn optional_uuid(&mut self) -> Result<Option<Uuid>, sqlx::Error> {
        let text: Option<&str> = self.column()?;
        text.map(Uuid::try_parse).transpose().map_err(decode)
    }
}

/// Converts Unix milliseconds. Returns `None` for a time that has no timestamp.
#[must_use]
pub fn timestamp(ms: i64) -> Option<Timestamp> {
    // `Timestamp::from_millisecond` would refuse the last possible second.
    Timestamp::from_duration(SignedDuration::from_millis(ms)).ok()
}

fn time_of(ms: i64) -> Result<Timestamp, sqlx::Error> {
    timestamp(ms).ok_or_else(|| sqlx::Error::Decode(format!("{ms} ms is not a time").into()))
}

/// Formats an id as databases store it: in lower case, with hyphens.
#[must_use]
pub fn uuid_text(id: Uuid) -> String {
    id.hyphenated().to_string()
}

/// Value as JSON text, for a statement that reads it with `json_each(?1)`: see [`json`].
#[derive(Debug)]
pub struct JsonText(Result<String, serde_json::Error>);

/// Makes JSON text to bind. A value that JSON cannot bear fails its statement, like any other value
/// that cannot be bound.
///
/// Binding a reference copies the text; binding the value itself does not.
pub fn json<T: Serialize + ?Sized>(value: &T) -> JsonText {
    JsonText(serde_json::to_string(value))
}

impl Type<Sqlite> for JsonText {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for JsonText {
    fn encode(self, arguments: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        self.0?.encode(arguments)
    }

    fn encode_by_ref(&self, arguments: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        match &self.0 {
            Ok(text) => text.encode_by_ref(arguments),
            Err(error) => Err(error.to_string().into()),
        }
    }
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
