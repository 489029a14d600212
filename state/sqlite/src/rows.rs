//! Many rows bound to one statement: a statement costs more than a row, and JSON costs more than
//! binding.

/// Maximum of rows in one statement.
pub const MOST_ROWS: usize = 400;

/// Returns `VALUES (?, …), …` for this many rows. In the statement around it, SQLite names the
/// columns `column1`, `column2` and so on.
///
/// The number of rows is rounded up, so that few different statements are prepared and cached. The
/// rows that the caller does not bind are NULL.
#[must_use]
pub fn values_of(rows: usize, columns: usize) -> String {
    let rows = [1, 8, 40, 200, MOST_ROWS].into_iter().find(|size| *size >= rows).unwrap_or(rows);
    let row = format!("({})", vec!["?"; columns].join(","));
    format!("VALUES {}", vec![row; rows].join(","))
}

/// Returns the names of the columns of [`values_of`]: `column1, column2, …`.
#[must_use]
pub fn value_columns(columns: usize) -> String {
    let names: Vec<String> = (1..=columns).map(|column| format!("column{column}")).collect();
    names.join(", ")
}
