//! The published schema: it is what the types give, and the recorded examples of the agent's own
//! server are valid.

use std::fs;
use std::path::Path;

use threadkeep_app_server::schema::{JSON_SCHEMA, TYPESCRIPT, json_schema, typescript};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Compares a file with what it should be. `BLESS=1` writes it.
fn compare(name: &str, published: &str, generated: &str) -> Result {
    if std::env::var_os("BLESS").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(name), generated)?;
    } else {
        assert!(published == generated, "schema/{name} is stale: run this test with BLESS=1");
    }
    Ok(())
}

#[test]
fn the_published_schema_is_that_of_the_types() -> Result {
    let schema = json_schema();
    compare("protocol.schema.json", JSON_SCHEMA, &format!("{schema:#}\n"))?;
    compare("protocol.ts", TYPESCRIPT, &typescript(&schema))
}
