//! `feedback`: writes a bundle for a bug report, after showing what is in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use threadkeep_app::feedback::{self, Bundle, Clean, LogRows, Report};
use threadkeep_app::settings::Feature;
use threadkeep_app::text::{bytes, clean, count, pad};
use threadkeep_app::{Fault, Message, Observer as _, opening};
use threadkeep_doctor::{Context as Doctor, Options, Privacy, examine};
use uuid::Uuid;

use super::machine::machine;
use super::resolve::resolve;
use super::upload::{self, Target};
use crate::args::FeedbackArgs;
use crate::command::{Answered, Context, ForHomes, Needs, Run};
use crate::output::color::{DIM, paint};
use crate::output::{Answer, Screen};

/// Time that the doctor gets. The bundle goes without a report that takes longer.
const DOCTOR_LIMIT: Duration = Duration::from_secs(10);
/// Consequence of no answer.
const UNDONE: &str = "no bundle was written";
/// Effect of `--yes`.
const WRITE: &str = "write it";

/// The command.
pub(super) struct Feedback<'a>(pub(super) &'a FeedbackArgs);

/// The bundle, and where it is.
struct Written {
    path: PathBuf,
    bundle: Bundle,
    /// Size of the zip file; nothing if the user answered no.
    size: Option<u64>,
    sent: Option<Value>,
}

#[async_trait(?Send)]
impl Run for Feedback<'_> {
    /// It has to work with settings that are wrong, and leaves no trace in the logs that it reads.
    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    fn for_homes(&self) -> ForHomes {
        ForHomes::One
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let (args, screen) = (self.0, context.screen);
        let target = if args.upload { Some(upload::target(&context.config, screen)?) } else { None };
        let path = args.output.clone().unwrap_or_else(default_path);
        let exists = feedback::check(&path)?;
        if !args.yes {
            screen.check_can_ask(UNDONE, WRITE)?;
        }
        if args.yes && exists {
            let hint = "choose another name with --output FILE.zip, or remove the file";
            return Err(Fault::new(format!("{} exists", path.display()), hint));
        }
        let thread = self.thread(context).await?;
        let doctor = doctor(context);
        let privacy = Privacy::new(&doctor);
        let clean: Clean<'_> = &|text| privacy.for_report(text);
        let logs = self.logs(context, thread, clean).await?;
        let report = report(doctor).await;
        if let Err(why) = &report {
            screen.note(&format!("the bundle has no report of the doctor: {why}").into());
        }
        let bundle = Bundle::new(&report, thread, logs.as_ref(), clean);
        let answer = |size, sent| Written { path: path.clone(), bundle: bundle.clone(), size, sent };
        if !args.yes && !self.may_write(&bundle, &path, exists, target.as_ref(), screen).await? {
            return Ok(Box::new(answer(None, None)));
        }
        let size = feedback::write(&path, &bundle.entries, exists)?;
        let sent = match target {
            Some(target) => Some(upload::send(target, bundle.clone(), &path).await?),
            None => None,
        };
        Ok(Box::new(answer(Some(size), sent)))
    }
}

impl Feedback<'_> {
    async fn thread(&self, context: &Context<'_>) -> Result<Option<Uuid>, Fault> {
        let typed = self.0.thread.as_slice();
        resolve(&context.dirs, typed, context.screen).await?.into_iter().next().transpose()
    }

    /// Reads the log rows that were asked for. A bundle goes without logs that cannot be read.
    async fn logs(
        &self,
        context: &Context<'_>,
        thread: Option<Uuid>,
        clean: Clean<'_>,
    ) -> Result<Option<LogRows>, Fault> {
        if !self.0.include_logs {
            return Ok(None);
        }
        context.config.need(Feature::Logs)?;
        let read = async || -> Result<LogRows, Fault> {
            let store = opening::logs(&context.dirs).await?;
            let rows = match thread {
                Some(thread) => feedback::of_thread(&store, thread, clean).await,
                None => feedback::of_own_runs(&store, clean).await,
            };
            store.close().await?;
            Ok(rows?)
        };
        match read().await {
            Ok(rows) => Ok(Some(rows)),
            Err(fault) => {
                context.screen.note(&Message::from("the bundle has no log rows: ").append(fault.message));
                Ok(None)
            }
        }
    }

    /// Shows what goes in and where it goes, and asks.
    async fn may_write(
        &self,
        bundle: &Bundle,
        path: &Path,
        exists: bool,
        target: Option<&Target>,
        screen: &Screen,
    ) -> Result<bool, Fault> {
        let place = clean(&path.to_string_lossy()).into_owned();
        let goes = match target {
            Some(target) => format!("written to {place} and sent to {}", clean(target.host())),
            None => format!("written to {place}; nothing is sent"),
        };
        let verb = if target.is_some() { "Write and send it" } else { "Write it" };
        let asks =
            if exists { format!("{verb}, in place of the file that is there?") } else { format!("{verb}?") };
        let consent = format!(
            "These files ({}) are for a bug report. They are {goes}.\n\n{}\n\
             Secrets, your home directory, and names of user and host were removed where they were recognised.\n\
             Names of projects and words of messages may remain: look into the files before you pass them on.\n{asks}",
            bytes(bundle.size()),
            list(bundle),
        );
        screen.confirm(&consent, UNDONE, WRITE).await
    }
}

/// Lists the entries with their sizes, a line each.
fn list(bundle: &Bundle) -> String {
    let line = |entry: &feedback::Entry| {
        let size = format!("{} B", count(entry.size()));
        format!("  {}  {}  {}\n", pad(entry.name, 24, false), pad(&size, 12, true), paint(DIM, &entry.about))
    };
    bundle.entries.iter().map(line).collect()
}

/// Prepares the doctor. It uses no network: only `--upload` may.
fn doctor(context: &Context<'_>) -> Doctor {
    let options = Options { offline: true, ..Options::default() };
    Doctor::new(&context.dirs, &context.screen.given, options, machine(context.screen), Timestamp::now())
}

/// Returns the doctor's report, or why there is none.
async fn report(doctor: Doctor) -> Report {
    // On a task, so that a panic is an error like any other.
    let examined = tokio::spawn(async move { examine(doctor).await.document() });
    match tokio::time::timeout(DOCTOR_LIMIT, examined).await {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(_)) => Err("it failed".to_owned()),
        Err(_) => Err(format!("it did not end within {} s", DOCTOR_LIMIT.as_secs())),
    }
}

fn default_path() -> PathBuf {
    let now = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    PathBuf::from(format!("threadkeep-feedback-{now}.zip"))
}

impl Answer for Written {
    fn json(&self) -> Value {
        let entry = |entry: &feedback::Entry| json!({ "name": entry.name, "size": entry.size() });
        json!({
            "path": self.path.display().to_string(),
            "written": self.size.is_some(),
            "size": self.size,
            "entries": self.bundle.entries.iter().map(entry).collect::<Vec<_>>(),
            "tags": self.bundle.tags,
            "upload": self.sent,
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let Some(size) = self.size else { return "nothing was written\n".to_owned() };
        let path = clean(&self.path.to_string_lossy()).into_owned();
        if screen.quiet {
            return path + "\n";
        }
        let sent = self.sent.as_ref().map_or_else(String::new, upload::sentence);
        format!("wrote {path} ({})\n{}{sent}", bytes(size), list(&self.bundle))
    }

    fn changed(&self) -> bool {
        self.size.is_some()
    }
}
