//! `audit`: holds the index against the rollouts, and mends it.

use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_backfill::Ending;
use threadkeep_rollout::AgentHome;
use threadkeep_state::audit::{AuditReport, Difference, DifferenceKind};

use super::no_index;
use super::problems::{self, PlaceProblem};
use crate::args::AuditArgs;
use crate::exit::{Code, fault};
use crate::homes::Homes;
use crate::index::{Access, Index};
use crate::output::color::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint};
use crate::output::progress::Progress;
use crate::output::text::{clean, count, fit, one_line, pad, things, width};
use crate::output::{Answer, Screen};
use crate::pass::{self, PassOptions};

/// How much of a value is shown to people who did not ask for all of it.
const VALUE_WIDTH: usize = 60;
/// How many rollouts that are not indexed yet are shown one by one to people who did not ask for all.
const NEW_SHOWN: usize = 10;

/// What was found at last, and how much was mended before.
pub(super) struct Audit {
    report: AuditReport,
    problems: Vec<PlaceProblem>,
    mended: Option<usize>,
}

pub(super) async fn audit(homes: &Homes, args: &AuditArgs, screen: &Screen) -> anyhow::Result<Audit> {
    let home = homes.agent_home()?;
    let index = if args.repair {
        Index::for_writing(homes).await?
    } else {
        Index::existing(homes, screen).await?.ok_or_else(|| no_index(homes))?
    };
    if index.access == Access::Temporary {
        return Err(fault(
            "there is no index that could be audited",
            "run it as a user who may write to the SQLite home, or choose another with --sqlite-home DIR",
        ));
    }
    let mut report = look(&index, &home, screen).await?;
    let mut mended = None;
    if args.repair {
        let before = report.differences.len();
        if before > 0 {
            report = mend(&index, &home, &report, screen).await?;
        }
        mended = Some(before.saturating_sub(report.differences.len()));
    }
    let problems = problems::of_audit(&index.state, &report).await?;
    index.close().await?;
    Ok(Audit { report, problems, mended })
}

async fn look(index: &Index, home: &AgentHome, screen: &Screen) -> anyhow::Result<AuditReport> {
    let progress = Progress::new(screen);
    let report = index.state.audit(home, |done, total| progress.show_files("auditing", done, total)).await;
    progress.clear();
    Ok(report?)
}

/// Mends, and looks again: what is said to be mended has been seen to be.
async fn mend(
    index: &Index,
    home: &AgentHome,
    report: &AuditReport,
    screen: &Screen,
) -> anyhow::Result<AuditReport> {
    index.state.prepare_repair(report, Timestamp::now()).await?;
    let options = PassOptions { wait: true, ..PassOptions::default() };
    if pass::run(&index.state, home, options, screen).await?.ending == Ending::Interrupted {
        return Err(pass::interrupted());
    }
    look(index, home, screen).await
}

impl Answer for Audit {
    fn json(&self) -> Value {
        json!({
            "files": self.report.files,
            "threads": self.report.threads,
            "unseen": self.report.unseen,
            "agrees": self.agrees(),
            "mended": self.mended,
            "differences": self.report.differences.iter().map(json_of).collect::<Vec<_>>(),
            "problems": self.problems.iter().map(PlaceProblem::json).collect::<Vec<_>>(),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let mut text = String::new();
        let is_new = |difference: &Difference| difference.kind == DifferenceKind::NotIndexed;
        let new = self.report.differences.iter().filter(|difference| is_new(difference)).count();
        let summarise = new > NEW_SHOWN && !screen.verbose;
        for thread in self.report.differences.chunk_by(|one, other| one.thread_id == other.thread_id) {
            if !(summarise && thread.iter().all(is_new)) {
                text.push_str(&of_thread(thread, screen));
            }
        }
        if summarise {
            let found = paint(YELLOW, &format!("{} are not indexed yet", things(new as u64, "rollout")));
            let remedy = screen.typable("`threadkeep backfill` indexes them (-v shows each)");
            text.push_str(&format!("{found}; {remedy}\n"));
        }
        if !self.problems.is_empty() {
            text.push_str(&format!("{}\n", paint(BOLD, "files with problems")));
            text.push_str(&problems::render(&self.problems, screen));
        }
        if !screen.quiet {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&screen.typable(&self.verdict()));
        }
        text
    }

    fn done(&self) -> String {
        let (left, unseen) = (self.report.differences.len(), self.report.unseen);
        let mended = things(self.mended.unwrap_or(0) as u64, "difference");
        format!("mended {mended}, {left} left, {} not compared", things(unseen, "thread"))
    }

    fn code(&self) -> Code {
        if self.agrees() { Code::Fine } else { Code::Problems }
    }
}

impl Audit {
    /// Whether everything was compared, and nothing differs.
    fn agrees(&self) -> bool {
        self.report.differences.is_empty() && self.report.unseen == 0 && !self.has_unread()
    }

    /// Whether a file or folder could not be looked at.
    fn has_unread(&self) -> bool {
        self.problems.iter().any(PlaceProblem::is_unread)
    }

    fn verdict(&self) -> String {
        let looked = paint(
            DIM,
            &format!(
                "{} and {} compared",
                things(self.report.files, "file"),
                things(self.report.threads.saturating_sub(self.report.unseen), "thread")
            ),
        );
        let left = self.report.differences.len() as u64;
        let mended = match self.mended {
            Some(1..) => format!("{} mended; ", things(self.mended.unwrap_or(0) as u64, "difference")),
            _ => String::new(),
        };
        let verdict = match (left, self.mended) {
            (0, _) if !self.agrees() => {
                format!("{mended}no difference was found, as far as the rollouts can be read")
            }
            (0, _) => paint(GREEN, &format!("{mended}index and rollouts agree")),
            (_, None) => {
                let found = paint(RED, &format!("index and rollouts differ in {}", things(left, "place")));
                format!("{found}; `threadkeep audit --repair` mends the index")
            }
            (_, Some(_)) => {
                let found = paint(RED, &format!("{mended}{} left", count(left)));
                format!("{found}: the rollouts may be changing; run it again")
            }
        };
        let mut missed = String::new();
        if self.has_unread() && self.report.unseen == 0 {
            missed.push_str(&format!("{}: see above\n", paint(RED, "not everything could be read")));
        }
        if self.report.unseen > 0 {
            let what = format!("{} could not be compared", things(self.report.unseen, "thread"));
            missed.push_str(&format!("{}: the place of their rollouts cannot be read\n", paint(RED, &what)));
        }
        format!("{verdict}\n{missed}{looked}\n")
    }
}

fn json_of(difference: &Difference) -> Value {
    let mut object = json!({ "thread_id": difference.thread_id, "rollout_path": difference.rollout_path });
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

/// One thread's differences: its id, then a field and its two values under each other.
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
            DifferenceKind::NotIndexed => text.push_str("  is not in the index\n"),
            DifferenceKind::NoRollout => text.push_str("  is listed, and its rollout is missing\n"),
            _ => text.push_str("  differs\n"),
        }
    }
    text
}
