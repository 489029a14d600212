//! `audit`: compares the index with the rollouts, and repairs it.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::opening::{Access, Index};
use threadkeep_app::refresh::{self, PassOptions};
use threadkeep_app::text::{clean, count, counted, fit, one_line, pad, width};
use threadkeep_app::{Fault, command, messages};
use threadkeep_backfill::Ending;
use threadkeep_rollout::AgentHome;
use threadkeep_state::audit::{AuditReport, Difference, DifferenceKind};

use super::problems::{self, PlaceProblem};
use crate::args::AuditArgs;
use crate::command::{Answered, Context, Run};
use crate::exit::Code;
use crate::output::color::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint};
use crate::output::{Answer, Screen};

/// Columns of a value without `--verbose`.
const VALUE_WIDTH: usize = 60;

/// The command.
pub(super) struct Audit<'a>(pub(super) &'a AuditArgs);

/// Differences that are left, and the number that was repaired before.
struct Audited {
    report: AuditReport,
    problems: Vec<PlaceProblem>,
    repaired: Option<usize>,
}

#[async_trait(?Send)]
impl Run for Audit<'_> {
    fn logged(&self) -> Option<&'static str> {
        self.0.repair.then_some("audit --repair")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        let index = if self.0.repair {
            Index::for_writing(dirs).await?
        } else {
            Index::existing(dirs, *screen).await?
        };
        if index.access == Access::Temporary {
            return Err(Fault::new(
                "there is no index to compare",
                "run it as a user who may write to the SQLite home, or choose another with --sqlite-home DIR",
            ));
        }
        let mut report = look(&index, &home, screen).await?;
        let mut repaired = None;
        if self.0.repair {
            let before = report.differences.len();
            if before > 0 {
                report = repair(&index, &home, &report, screen).await?;
            }
            repaired = Some(before.saturating_sub(report.differences.len()));
        }
        let problems = problems::of_audit(&index.state, &report).await?;
        index.close().await?;
        Ok(Box::new(Audited { report, problems, repaired }))
    }
}

async fn look(index: &Index, home: &AgentHome, screen: &Screen) -> Result<AuditReport, Fault> {
    let progress = screen.bar();
    let shown = |done, total| progress.show_files("comparing", done, total);
    Ok(index.state.audit(home, shown).await?)
}

/// Repairs, and compares again: a difference counts as repaired once it is gone.
async fn repair(
    index: &Index,
    home: &AgentHome,
    report: &AuditReport,
    screen: &Screen,
) -> Result<AuditReport, Fault> {
    index.state.prepare_repair(report, Timestamp::now()).await?;
    let options = PassOptions { patience: Duration::MAX, ..PassOptions::default() };
    if refresh::run(&index.state, home, options, screen).await?.ending == Ending::Interrupted {
        return Err(messages::interrupted());
    }
    look(index, home, screen).await
}

impl Answer for Audited {
    fn json(&self) -> Value {
        json!({
            "files": self.report.files,
            "threads": self.report.threads,
            "unseen": self.report.unseen,
            "agrees": self.agrees(),
            "behind": self.behind(),
            "repaired": self.repaired,
            "differences": self.report.differences.iter().map(json_of).collect::<Vec<_>>(),
            "problems": self.problems.iter().map(PlaceProblem::json).collect::<Vec<_>>(),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let mut text = String::new();
        for thread in self.report.differences.chunk_by(|one, other| one.thread_id == other.thread_id) {
            if screen.verbose || thread.iter().any(|difference| !difference.is_behind) {
                text.push_str(&of_thread(thread, screen));
            }
        }
        if !self.problems.is_empty() {
            text.push_str(&format!("{}\n", paint(BOLD, "files with problems")));
            text.push_str(&problems::render(&self.problems, screen));
        }
        if !screen.quiet {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&self.verdict(screen));
        }
        text
    }

    fn done(&self) -> String {
        let (left, unseen) = (self.report.differences.len(), self.report.unseen);
        let repaired = counted(self.repaired.unwrap_or(0) as u64, "difference");
        let behind = self.behind();
        format!(
            "repaired {repaired}, {left} left ({behind} behind), {} not compared",
            counted(unseen, "thread")
        )
    }

    fn code(&self) -> Code {
        if self.agrees() { Code::Fine } else { Code::Problems }
    }
}

impl Audited {
    /// Returns true if everything was compared and nothing is wrong. The index may be behind.
    fn agrees(&self) -> bool {
        self.report.wrong() == 0 && self.report.unseen == 0 && !self.has_unread() && !self.has_shrunk()
    }

    /// Returns the number of rollouts that have changed since they were indexed.
    fn behind(&self) -> u64 {
        let behind = self.report.differences.iter().filter(|difference| difference.is_behind);
        behind.map(|difference| difference.rollout_path.as_str()).collect::<HashSet<_>>().len() as u64
    }

    /// Returns true if a file or folder could not be read.
    fn has_unread(&self) -> bool {
        self.problems.iter().any(PlaceProblem::is_unread)
    }

    /// Returns true if a rollout is shorter than when it was indexed.
    fn has_shrunk(&self) -> bool {
        self.problems.iter().any(PlaceProblem::is_incomplete)
    }

    fn verdict(&self, screen: &Screen) -> String {
        let compared = paint(
            DIM,
            &format!(
                "{} and {} compared",
                counted(self.report.files, "file"),
                counted(self.report.threads.saturating_sub(self.report.unseen), "thread")
            ),
        );
        let left = self.report.wrong() as u64;
        let repaired = match self.repaired {
            Some(number @ 1..) => format!("{} repaired; ", counted(number as u64, "difference")),
            _ => String::new(),
        };
        let verdict = match (left, self.repaired) {
            (0, _) if !self.agrees() => {
                format!("{repaired}no difference was found, as far as the rollouts can be read")
            }
            (0, _) if self.behind() > 0 => format!("{repaired}the index is not wrong"),
            (0, _) => paint(GREEN, &format!("{repaired}index and rollouts agree")),
            (_, None) => {
                let found = paint(RED, &format!("index and rollouts differ in {}", counted(left, "place")));
                let repair = (command("audit --repair"), " repairs the index");
                format!("{found}; {}", screen.render(repair))
            }
            (_, Some(_)) => {
                let found = paint(RED, &format!("{repaired}{} left", count(left)));
                format!("{found}: the rollouts may be changing; run it again")
            }
        };
        let mut missed = String::new();
        if self.behind() > 0 {
            let behind =
                paint(YELLOW, &format!("the index is behind in {}", counted(self.behind(), "rollout")));
            let details = if screen.verbose { "" } else { " (-v shows each)" };
            let remedy = (" since its last run; ", command("backfill"), format!(" updates it{details}"));
            missed.push_str(&format!("{behind}{}\n", screen.render(remedy)));
        }
        if self.has_unread() && self.report.unseen == 0 {
            missed.push_str(&format!("{}: see above\n", paint(RED, "not everything could be read")));
        }
        if self.has_shrunk() {
            missed.push_str(&format!("{}: see above\n", paint(RED, "rollouts have lost lines")));
        }
        if self.report.unseen > 0 {
            let uncompared = format!("{} could not be compared", counted(self.report.unseen, "thread"));
            missed.push_str(&format!(
                "{}: the folder of their rollouts cannot be read\n",
                paint(RED, &uncompared)
            ));
        }
        format!("{verdict}\n{missed}{compared}\n")
    }
}

fn json_of(difference: &Difference) -> Value {
    let mut object = json!({ "thread_id": difference.thread_id, "rollout_path": difference.rollout_path });
    object["behind"] = difference.is_behind.into();
    let kind = match &difference.kind {
        DifferenceKind::Field { field, index, rollout } => {
            object["field"] = (*field).into();
            object["index"] = index.clone().into();
            object["rollout"] = rollout.clone().into();
            "field"
        }
        DifferenceKind::NotIndexed => "not_indexed",
        DifferenceKind::NoRollout => "no_rollout",
        _ => "other",
    };
    object["kind"] = kind.into();
    object
}

/// Renders one thread's differences: its id, then each field with its two values under each other.
fn of_thread(differences: &[Difference], screen: &Screen) -> String {
    let Some(first) = differences.first() else { return String::new() };
    let mut text = format!("{}\n", paint(CYAN, &first.thread_id.to_string()));
    text.push_str(&format!("  {}\n", paint(DIM, &clean(&first.rollout_path))));
    let fields = differences.iter().filter_map(|difference| match &difference.kind {
        DifferenceKind::Field { field, .. } => Some(width(field)),
        _ => None,
    });
    let room = fields.max().unwrap_or(0);
    let value = |value: &Option<String>| match value {
        None => paint(DIM, "nothing"),
        Some(value) if screen.verbose => one_line(value),
        Some(value) => fit(&one_line(value), VALUE_WIDTH).into_owned(),
    };
    for difference in differences {
        match &difference.kind {
            DifferenceKind::Field { field, index, rollout } => {
                text.push_str(&format!("  {}  index    {}\n", pad(field, room, false), value(index)));
                text.push_str(&format!("  {}  rollout  {}\n", pad("", room, false), value(rollout)));
            }
            DifferenceKind::NotIndexed => text.push_str("  not in the index\n"),
            DifferenceKind::NoRollout => text.push_str("  listed, but its rollout is missing\n"),
            _ => text.push_str("  differs\n"),
        }
    }
    text
}
