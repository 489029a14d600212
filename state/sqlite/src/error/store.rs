//! Common interface of the stores' errors.

use std::error::Error;

use super::class::ErrorClass;
use super::db::DbError;
use super::open::OpenError;

/// Error of a store. It shows a front end if the database layer was the cause, and how.
pub trait StoreError: Error + Send + Sync + 'static {
    /// Returns the error of opening the database; `None` for every other.
    fn open_error(&self) -> Option<&OpenError> {
        None
    }

    /// Returns the error of the open database; `None` for every other.
    fn db_error(&self) -> Option<&DbError> {
        None
    }

    /// Returns the class of the database layer's error; `None` if that layer worked.
    fn class(&self) -> Option<ErrorClass> {
        let opening = self.open_error().map(OpenError::class);
        opening.or_else(|| self.db_error().map(DbError::class))
    }
}

impl StoreError for OpenError {
    fn open_error(&self) -> Option<&OpenError> {
        Some(self)
    }
}

impl StoreError for DbError {
    fn db_error(&self) -> Option<&DbError> {
        Some(self)
    }
}
