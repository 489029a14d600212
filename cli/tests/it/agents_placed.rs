//! Places of agents: each is read once, is named for what it is, and is where its agent is led to.

use serde_json::Value;

use crate::agents::with_claude;
use crate::fixture::Result;

#[test]
fn the_index_agrees_with_the_sessions_of_added_agents() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["backfill"])?;
    let said = fixture.run(&["--json", "doctor", "--offline"])?;
    let report: Value = serde_json::from_str(&said.stdout)?;
    let threads = &report["checks"]["state.threads"];
    assert_eq!(threads["status"], "ok", "{threads:#}");
    Ok(())
}
