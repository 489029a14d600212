//! `snapshot`: copies every database, whole and checked, next to it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::dirs::Dirs;
use threadkeep_app::settings::Snapshots;
use threadkeep_app::text::{clean, pad};
use threadkeep_app::{Observer as _, opening};
use threadkeep_state::health::{HealthError, SnapshotOf};

use crate::command::{Answered, Context, Run};
use crate::exit::Code;
use crate::output::color::{RED, paint};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Snapshot;

/// The snapshots that were taken.
struct Taken(Vec<SnapshotOf>);

#[async_trait(?Send)]
impl Run for Snapshot {
    fn logged(&self) -> Option<&'static str> {
        Some("snapshot")
    }

    async fn run(&self, Context { dirs, settings, .. }: &Context<'_>) -> Answered {
        dirs.check()?;
        let stores = opening::stores(dirs);
        let taken = stores.keep_snapshots(Timestamp::now(), kept(&settings.snapshots)).await;
        stores.close().await?;
        Ok(Box::new(Taken(taken)))
    }
}

/// Takes the daily snapshots, if they are due. Notes what cannot be done.
pub(super) async fn daily(dirs: &Dirs, settings: &Snapshots, screen: &Screen) {
    let stores = opening::stores(dirs);
    for taken in stores.keep_daily_snapshots(Timestamp::now(), kept(settings)).await {
        // What cannot even be opened is reported by every command that needs it.
        if let Err(error @ HealthError::Database(_)) = taken.path {
            screen.note(&format!("no daily snapshot of {} was taken: {error}", taken.label).into());
        }
    }
    if let Err(error) = stores.close().await {
        screen.note(&error.to_string().into());
    }
}

fn kept(settings: &Snapshots) -> usize {
    usize::try_from(settings.keep).unwrap_or(usize::MAX)
}

impl Answer for Taken {
    fn json(&self) -> Value {
        let snapshots = self.0.iter().map(|taken| {
            json!({
                "label": taken.label,
                "path": taken.path.as_ref().ok().map(|path| path.display().to_string()),
                "error": taken.path.as_ref().err().map(ToString::to_string),
            })
        });
        json!({ "snapshots": snapshots.collect::<Vec<_>>() })
    }

    fn text(&self, _: &Screen) -> String {
        if self.0.is_empty() {
            return "no database has been created yet\n".to_owned();
        }
        let line = |taken: &SnapshotOf| match &taken.path {
            Ok(path) => format!("{}  {}\n", pad(taken.label, 7, false), clean(&path.display().to_string())),
            Err(error) => format!("{}  {}\n", pad(taken.label, 7, false), paint(RED, &error.to_string())),
        };
        self.0.iter().map(line).collect()
    }

    fn changed(&self) -> bool {
        self.0.iter().any(|taken| taken.path.is_ok())
    }

    fn code(&self) -> Code {
        if self.0.iter().any(|taken| taken.path.is_err()) { Code::Problems } else { Code::Fine }
    }
}
