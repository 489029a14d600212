//! A check that panics or hangs costs the others nothing.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use jiff::Timestamp;
use threadkeep_app::dirs::{Dirs, Given};

use super::run;
use crate::check::{Finding, Status};
use crate::context::{Context, Options};
use crate::machine::Machine;
use crate::section::Section;
use crate::spec::{LOCAL, Spec};

/// Lets the hanging check go on, so that its thread ends with the test.
static GATE: Mutex<Option<Receiver<()>>> = Mutex::new(None);

const fn spec(id: &'static str, limit: Duration, run: fn(&Context) -> Finding) -> Spec {
    Spec { id, section: Section::Environment, label: "test", limit, run }
}

static SPECS: [Spec; 3] = [
    spec("test.hangs", Duration::from_millis(20), |_| {
        let gate = GATE.lock().ok().and_then(|mut gate| gate.take());
        let _ = gate.map(|gate| gate.recv());
        Finding::ok("let go")
    }),
    spec("test.panics", LOCAL, |_| panic!("sk-proj-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa7")),
    spec("test.ends", LOCAL, |_| Finding::ok("done")),
];

#[test]
fn checks_that_panic_or_hang_are_findings_and_the_rest_go_on() -> std::io::Result<()> {
    let (let_go, gate) = channel();
    if let Ok(mut held) = GATE.lock() {
        *held = Some(gate);
    }
    let dirs = Dirs::default();
    let context =
        Context::new(&dirs, &Given::default(), Options::default(), Machine::default(), Timestamp::UNIX_EPOCH);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(run(SPECS.iter(), context));
    let found: Vec<(Status, &str)> =
        report.checks.iter().map(|check| (check.finding.status, check.finding.summary.as_str())).collect();
    assert_eq!(found[0], (Status::Warning, "the check did not end within 0.02 s"));
    assert_eq!(found[1].0, Status::Warning);
    assert!(found[1].1.starts_with("the check itself failed"), "{}", found[1].1);
    assert!(!found[1].1.contains("aaaaaaaa"), "{}", found[1].1);
    assert_eq!(found[2], (Status::Ok, "done"));
    let remedy = report.checks[1].finding.remediation.as_deref();
    assert_eq!(remedy, Some("threadkeep doctor --only test.panics"));
    let _ = let_go.send(());
    Ok(())
}
