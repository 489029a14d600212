//! Query plans: SQLite walks along an index from one end, and never sorts.

use threadkeep_state_logs::statements;

use crate::support::{Lab, PLENTY, Result, new_row};

#[tokio::test]
async fn every_query_walks_along_an_index() -> Result {
    let lab = Lab::new()?;
    lab.store.append(&[new_row(0, "one")], PLENTY, 0).await?;
    let database = rusqlite::Connection::open(lab.path())?;
    let statements: Vec<_> = statements().into_iter().filter(|(name, _)| name.starts_with("query")).collect();
    assert_eq!(statements.len(), 4);
    for (name, sql) in statements {
        let mut plan = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let steps: Vec<String> =
            plan.raw_query().mapped(|row| row.get(3)).collect::<rusqlite::Result<_>>()?;
        let walk = match name.contains("a thread's") {
            true => "SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
            false => "SEARCH r USING INDEX log_rows_by_id (id>? AND id<?)",
        };
        assert_eq!(steps[0], walk, "{name}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{name}: {steps:?}");
        assert!(
            !steps.iter().any(|step| step.contains("SCAN r") || step.contains("SCAN p")),
            "{name}: {steps:?}"
        );
    }
    Ok(())
}
