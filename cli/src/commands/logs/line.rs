//! A row of the logs as a line: for people in full or in short, or as a JSON object.

use anstyle::Style;
use serde_json::{Map, Value};
use threadkeep_app::text::{fit, one_line};
use threadkeep_app::time::Clock;
use threadkeep_state_logs::{Level, LogRow};

use crate::output::Screen;
use crate::output::color::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint};
use crate::output::json::{self, document};

/// Renders a row in the form of the screen.
pub(super) fn line(row: &LogRow, compact: bool, screen: &Screen) -> String {
    if screen.json { json(row) } else { text(row, compact, &Clock::system(), screen) }
}

/// Renders a row as an object on a line.
pub(super) fn json(row: &LogRow) -> String {
    document(&value(row), false)
}

/// Returns a row as an object, with its time also in Unix milliseconds.
pub(super) fn value(row: &LogRow) -> Value {
    let mut object = Map::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(row) {
        for (name, value) in fields {
            match name.as_str() {
                "at" => object.extend([
                    ("at".to_owned(), json::at(row.at).into()),
                    ("at_ms".to_owned(), json::ms(row.at).into()),
                ]),
                _ => drop(object.insert(name, value)),
            }
        }
    }
    object.into()
}

/// Renders a row for people.
fn text(row: &LogRow, compact: bool, clock: &Clock, screen: &Screen) -> String {
    let level = paint(style(row.level), &format!("{:<5}", row.level.as_str().to_uppercase()));
    let (target, message) = (one_line(&row.target), one_line(&row.message));
    if compact {
        let at = paint(DIM, &clock.time_of_day(row.at));
        // The time, the level and the spaces stand before the message.
        let room = if screen.is_terminal { screen.width } else { usize::MAX };
        let rest = format!("{target}: {message}");
        return format!("{at} {level} {}\n", fit(&rest, room.saturating_sub(COMPACT_HEAD).max(20)));
    }
    let mut line = format!("{} {level} {}", paint(DIM, &clock.precise(row.at)), paint(BOLD, &target));
    if let Some(thread) = row.thread_id {
        line.push_str(&format!(" {}", paint(CYAN, &thread.to_string())));
    }
    for span in &row.spans {
        let fields = fields(&span.fields);
        let braces = if fields.is_empty() { String::new() } else { format!("{{{fields}}}") };
        line.push_str(&format!(" {}", paint(DIM, &format!("{}{braces}:", one_line(&span.name)))));
    }
    line.push_str(&format!(" {message}"));
    if !row.fields.is_empty() {
        line.push_str(&format!(" {}", paint(DIM, &fields(&row.fields))));
    }
    if row.is_cut {
        line.push_str(&paint(YELLOW, " [cut]"));
    }
    if let Some(file) = row.file.as_ref().filter(|_| screen.verbose) {
        let place = row.line.map_or(file.clone(), |number| format!("{file}:{number}"));
        line.push_str(&format!(" {}", paint(DIM, &format!("({})", one_line(&place)))));
    }
    line.push('\n');
    line
}

/// Columns of `14:27:00.123 ERROR `.
const COMPACT_HEAD: usize = 19;

/// Renders `name=value name="two words"`.
fn fields(fields: &Map<String, Value>) -> String {
    let field = |(name, value): (&String, &Value)| match value {
        Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=']) => {
            format!("{name}={text}")
        }
        other => format!("{name}={other}"),
    };
    one_line(&fields.iter().map(field).collect::<Vec<_>>().join(" "))
}

fn style(level: Level) -> Style {
    match level {
        Level::Error => RED,
        Level::Warn => YELLOW,
        Level::Info => GREEN,
        Level::Debug => CYAN,
        Level::Trace => DIM,
    }
}
