//! `agents`: which agents' sessions are on this machine.

use std::path::PathBuf;

use anstyle::Style;
use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::agents::{Place, included, lost_list, places, sync};
use threadkeep_app::dirs::Dirs;
use threadkeep_app::opening::Index;
use threadkeep_app::text::{bytes, clean, count, counted};
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, Message, Observer as _, command};
use threadkeep_sessions::Environment;

use super::unread;
use crate::command::{Answered, Context, ForHomes, Needs, Run};
use crate::commands::several::closed;
use crate::output::color::{BOLD, DIM, YELLOW, paint};
use crate::output::json::{at, ms};
use crate::output::table::{Column, table};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct List;

struct Places(Vec<Place>);

#[async_trait(?Send)]
impl Run for List {
    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    fn for_homes(&self) -> ForHomes {
        ForHomes::One
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let sqlite_home = dirs.absolute().sqlite_home;
        if let Some(lost) = lost_list(&sqlite_home) {
            screen.note(&lost.fault().sentence());
        } else if !included(&sqlite_home)?.is_empty()
            && let Err(fault) = read_changes(dirs, screen).await
        {
            let why = Message::from("the numbers may be out of date: ");
            screen.note(&why.append(fault.sentence()));
        }
        let environment = Environment::of_process().unwrap_or_default();
        Ok(Box::new(Places(places(dirs, &environment)?)))
    }
}

/// Reads what the added agents have changed.
async fn read_changes(dirs: &Dirs, screen: &Screen) -> Result<(), Fault> {
    let index = Index::for_writing(dirs).await?;
    let read = sync(&index.state, false, screen).await;
    closed(index, read).await
}

impl Answer for Places {
    fn json(&self) -> Value {
        let damaged =
            |(path, lines): &(PathBuf, u64)| json!({ "path": path.to_string_lossy(), "lines": lines });
        let place = |place: &Place| {
            json!({
                "agent": place.store.name(),
                "title": place.store.title(),
                "place": place.path.to_string_lossy(),
                "included": place.is_included,
                "is_home": place.is_home,
                "exists": place.exists,
                "bytes": place.bytes,
                "last_used_at": at(place.last_used_at),
                "last_used_at_ms": ms(place.last_used_at),
                "sessions": place.sessions,
                "gone": place.gone,
                "deleted_soon": place.ending,
                "versions": place.versions,
                "formats": place.formats,
                "unread": place.unread.iter().map(unread).collect::<Vec<_>>(),
                "damaged_lines": place.damaged_lines.iter().map(damaged).collect::<Vec<_>>(),
            })
        };
        json!({ "agents": self.0.iter().map(place).collect::<Vec<_>>() })
    }

    fn text(&self, screen: &Screen) -> String {
        if self.0.is_empty() {
            return "No other agent that is known here has sessions on this machine.\n".to_owned();
        }
        const COLUMNS: [Column; 6] = [
            // A printed name is meant to be typed: it is never cut.
            Column::new("AGENT", usize::MAX, usize::MAX, 0, BOLD),
            Column::new("SHOWN", 5, 8, 0, Style::new()),
            Column::new("SESSIONS", 8, 10, 1, Style::new()),
            Column::new("BYTES", 8, 10, 2, DIM),
            Column::new("LAST USED", 12, 24, 3, DIM),
            Column { path: true, ..Column::new("PLACE", 18, usize::MAX, 0, DIM) },
        ];
        let clock = Clock::system();
        let row = |place: &Place| {
            let used = place.last_used_at.map(|at| screen.time(at, &clock)).unwrap_or_default();
            vec![
                place.store.name().to_owned().into(),
                shown(place).to_owned().into(),
                place
                    .sessions
                    .map_or_else(|| "-".to_owned(), |sessions| screen.number(sessions, count))
                    .into(),
                screen.number(place.bytes, bytes).into(),
                used.into(),
                clean(&place.path.to_string_lossy()).into_owned().into(),
            ]
        };
        table(&COLUMNS, &self.0.iter().map(row).collect::<Vec<_>>(), screen.width)
    }

    fn aside(&self, screen: &Screen) -> String {
        let mut text = String::new();
        for place in &self.0 {
            let title = place.store.title();
            let mut warn = |number: u64, words: &dyn Fn(&str) -> String| {
                if number > 0 {
                    text += &(paint(YELLOW, &words(&counted(number, "session"))) + "\n");
                }
            };
            warn(place.ending, &|sessions| {
                let keep: Message = (command("keep --ending"), " keeps the files").into();
                format!("{title} will delete {sessions} within a week; {}", screen.render(keep))
            });
            warn(place.gone, &|sessions| format!("{title} has deleted {sessions}; what was said stays here"));
        }
        for place in self.0.iter().filter(|place| place.is_included && !place.exists) {
            let (title, path) = (place.store.title(), place.path.to_string_lossy());
            let why = format!(
                "the folder of {title} is not there: {}; its sessions stay as they were last read",
                clean(&path)
            );
            text += &(paint(YELLOW, &why) + "\n");
        }
        for place in self.0.iter().filter(|place| place.is_removed()) {
            let (title, name) = (place.store.title(), place.store.name());
            let is_read_elsewhere =
                || self.0.iter().any(|other| other.is_included && other.store.name() == name);
            let why = Message::from(format!("{title} is no longer read, and its sessions stay here; "));
            let next = if place.exists {
                why.append((command("agents add").arg(name).arg(place.path.display()), " reads it again"))
            } else if !is_read_elsewhere() {
                why.append((command("agents remove").arg(name).append("--forget"), " erases them"))
            } else {
                continue;
            };
            text += &(screen.render(next) + "\n");
        }
        if self.0.iter().any(|place| shown(place) == "no") {
            let add: Message =
                (command("agents add NAME"), " shows an agent's sessions in every list").into();
            text += &(paint(DIM, &screen.render(add)) + "\n");
        }
        text
    }
}

/// Says if a place's sessions are in the lists. Those of a removed one are as they were last read.
fn shown(place: &Place) -> &'static str {
    match (place.is_included, place.is_removed()) {
        (true, _) => "yes",
        (_, true) => "removed",
        _ => "no",
    }
}
