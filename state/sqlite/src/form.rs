//! Forms of texts that a schema does not enforce, as a store declares them.

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;

/// Column whose texts have a form. NULL has every form.
///
/// A text of another form is damage that SQLite's own checks do not see, and a row with it cannot
/// be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextForm {
    table: &'static str,
    column: &'static str,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Uuid,
    Json,
}

impl TextForm {
    /// Column of UUIDs in lower case with hyphens.
    #[must_use]
    pub const fn uuid(table: &'static str, column: &'static str) -> Self {
        Self { table, column, form: Form::Uuid }
    }

    /// Column of JSON texts.
    #[must_use]
    pub const fn json(table: &'static str, column: &'static str) -> Self {
        Self { table, column, form: Form::Json }
    }

    /// Returns a description of a text with another form, if there is one. Reads the whole table.
    async fn problem(self, connection: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
        let Self { table, column, form } = self;
        let (is_so, name) = match form {
            Form::Uuid => (
                format!(
                    "\"{column}\" LIKE '________-____-____-____-____________' \
                     AND length(replace(\"{column}\", '-', '')) = 32 \
                     AND replace(\"{column}\", '-', '') NOT GLOB '*[^0-9a-f]*'"
                ),
                "an id",
            ),
            Form::Json => (format!("json_valid(\"{column}\")"), "JSON"),
        };
        let any = AssertSqlSafe(format!("SELECT EXISTS (SELECT 1 FROM \"{table}\" WHERE NOT ({is_so}))"));
        let found: bool = sqlx::query_scalar(any).persistent(false).fetch_one(connection).await?;
        Ok(found.then(|| format!("a text in {column} of {table} is not {name}")))
    }
}

/// Returns a description of the first text with another form. A table that a newer program removed
/// has none.
pub(crate) async fn problem(connection: &mut SqliteConnection, forms: &[TextForm]) -> Option<String> {
    for form in forms {
        if let Ok(Some(problem)) = form.problem(connection).await {
            return Some(problem);
        }
    }
    None
}
