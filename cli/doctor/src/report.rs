//! The report: all checks, in their order, without anything private.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::check::{Check, Finding, Fix, Note, Status, Value};
use crate::context::Context;
use crate::privacy::Privacy;

/// Version of the report's JSON.
const SCHEMA_VERSION: u32 = 1;

/// JSON Schema of the report.
pub const SCHEMA: &str = include_str!("../report.schema.json");

/// Results of all checks.
#[derive(Clone, Debug)]
pub struct Report {
    /// Time at which it was made.
    pub generated_at: Timestamp,
    /// Checks in the order of their sections. Secrets are removed, and paths in the user's home
    /// begin with `~`.
    pub checks: Vec<Check>,
    privacy: Privacy,
}

/// Numbers of checks by status, and of notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Checks without trouble.
    pub ok: usize,
    /// Checks of what is not in use.
    pub idle: usize,
    /// Remarks above the checks.
    pub notes: usize,
    /// Checks with a warning.
    pub warnings: usize,
    /// Failed checks.
    pub failures: usize,
}

impl Report {
    pub(crate) fn new(mut checks: Vec<Check>, context: &Context) -> Report {
        let privacy = Privacy::new(context);
        for Check { finding, .. } in &mut checks {
            finding.remediation = finding.remediation.as_deref().map(|command| privacy.for_command(command));
            clean(finding, |text| privacy.for_screen(text));
        }
        Report { generated_at: context.now, checks, privacy }
    }

    /// Returns the worst status: [`Status::Ok`], [`Status::Warning`] or [`Status::Fail`].
    #[must_use]
    pub fn overall(&self) -> Status {
        let worst = self.checks.iter().map(|check| check.finding.status).max();
        worst.filter(|status| *status > Status::Idle).unwrap_or(Status::Ok)
    }

    /// Returns the remarks that stand above the checks: every warning and failure, and what else a
    /// check wants to be seen.
    #[must_use]
    pub fn notes(&self) -> Vec<(&Check, Note)> {
        let mut notes = Vec::new();
        for check in &self.checks {
            let finding = &check.finding;
            if finding.status > Status::Idle {
                notes.push((check, Note { is_update: false, text: finding.summary.clone() }));
            }
            notes.extend(finding.notes.iter().map(|note| (check, note.clone())));
        }
        notes.sort_by_key(|(check, note)| (std::cmp::Reverse(check.finding.status), note.is_update));
        notes
    }

    /// Counts checks by status.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |status| self.checks.iter().filter(|check| check.finding.status == status).count();
        Counts {
            ok: of(Status::Ok),
            idle: of(Status::Idle),
            notes: self.notes().len(),
            warnings: of(Status::Warning),
            failures: of(Status::Fail),
        }
    }

    /// Returns the repairs that `doctor --fix` can make, each once.
    #[must_use]
    pub fn fixes(&self) -> Vec<&Fix> {
        let mut fixes: Vec<&Fix> = Vec::new();
        for fix in self.checks.iter().flat_map(|check| &check.finding.fixes) {
            if !fixes.contains(&fix) {
                fixes.push(fix);
            }
        }
        fixes
    }

    /// Returns the report as JSON. User and host names are removed, too.
    #[must_use]
    pub fn document(&self) -> Json {
        let counts = self.counts();
        let strict = |text: &str| self.privacy.for_report(text);
        let notes = self.notes().into_iter().map(|(check, note)| {
            json!({ "check": check.id, "update": note.is_update, "text": strict(&note.text) })
        });
        let notes: Vec<Json> = notes.collect();
        let checks = self.checks.iter().map(|check| (check.id.to_owned(), of_check(check, &strict)));
        json!({
            "schema_version": SCHEMA_VERSION,
            "generated_at": self.generated_at.to_string(),
            "threadkeep_version": crate::build::VERSION,
            "platform": *crate::build::PLATFORM,
            "overall_status": self.overall().as_str(),
            "counts": {
                "ok": counts.ok,
                "idle": counts.idle,
                "notes": counts.notes,
                "warning": counts.warnings,
                "fail": counts.failures,
            },
            "notes": notes,
            "checks": checks.collect::<Map<_, _>>(),
        })
    }
}

fn of_check(check: &Check, strict: &impl Fn(&str) -> String) -> Json {
    let finding = &check.finding;
    let details = finding.details.iter().map(|(label, value)| {
        let value = match value {
            Value::Text(text) => strict(text),
            Value::List(values) => strict(&values.join(", ")),
        };
        // A label may have a name of the settings in it.
        (strict(label), Json::from(value))
    });
    json!({
        "id": check.id,
        "category": check.category(),
        "status": finding.status.as_str(),
        "summary": strict(&finding.summary),
        "details": details.collect::<Map<_, _>>(),
        "remediation": finding.remediation.as_deref().map(strict),
        "duration_ms": u64::try_from(check.duration.as_millis()).unwrap_or(u64::MAX),
    })
}

/// Rewrites every text of a finding.
fn clean(finding: &mut Finding, rewrite: impl Fn(&str) -> String) {
    let texts = [&mut finding.summary].into_iter().chain(finding.remediation.as_mut());
    let texts = texts.chain(finding.notes.iter_mut().map(|note| &mut note.text));
    for text in texts {
        *text = rewrite(text);
    }
    for (label, value) in &mut finding.details {
        *label = rewrite(label);
        match value {
            Value::Text(text) => *text = rewrite(text),
            Value::List(values) => values.iter_mut().for_each(|text| *text = rewrite(text)),
        }
    }
}
