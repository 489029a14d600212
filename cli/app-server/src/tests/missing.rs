//! A missing field is named, with the code of the agent's own server.

use serde_json::{Value, json};

use super::{Client, Home, Result, run};
use crate::schema::JSON_SCHEMA;

#[test]
fn every_method_names_a_field_that_is_missing() -> Result {
    let schema: Value = serde_json::from_str(JSON_SCHEMA)?;
    run(async || {
        let home = Home::new()?;
        let mut client = Client::start(&home, false).await?;
        let mut refused = 0;
        for (method, types) in schema["methods"].as_object().into_iter().flatten() {
            let params = &types["params"];
            let name = params["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            let fields = schema["$defs"][name]["required"].as_array().cloned().unwrap_or_default();
            if fields.is_empty() || method == "initialize" {
                continue;
            }
            let error = client.refused(method, json!({})).await?;
            let message = error["message"].as_str().unwrap_or_default();
            let is_named = fields
                .iter()
                .filter_map(Value::as_str)
                .any(|field| message == format!("Invalid request: missing field `{field}`"));
            assert!(is_named && error["code"] == -32600, "{method}: {error}");
            refused += 1;
        }
        assert!(refused >= 18, "{refused}");
        client.end().await
    })
}
