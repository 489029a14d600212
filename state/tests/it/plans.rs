//! How SQLite answers each list: by an index, and never by sorting.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row as _};
use threadkeep_state::list_statements;

use crate::common::{Lab, Result};

#[tokio::test]
async fn every_list_and_filter_uses_an_index() -> Result {
    let lab = Lab::bundled().await?;
    lab.index().await?;
    let mut conn = lab.raw().await?;
    let mut plans: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, sql) in list_statements() {
        let rows =
            sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut conn).await?;
        let steps: Vec<String> = rows
            .iter()
            .map(|row| row.try_get::<String, _>("detail"))
            .collect::<std::result::Result<_, _>>()?;
        let plan = steps.join(" | ");
        assert!(!plan.contains("SCAN threads"), "{name}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{name}: {plan}");
        plans.entry(plan).or_default().push(name);
    }
    let mut text = String::new();
    for (plan, names) in plans {
        text.push_str(&format!("{plan}\n"));
        for name in names {
            text.push_str(&format!("    {name}\n"));
        }
    }
    insta::assert_snapshot!(text);
    Ok(())
}
