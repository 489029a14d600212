//! The published schema of the protocol. Generating it at run time would cost every build the
//! generator.

#[cfg(feature = "schema")]
mod typescript;

/// JSON Schema of every method and notification.
pub const JSON_SCHEMA: &str = include_str!("../schema/protocol.schema.json");
/// TypeScript types of every method and notification.
pub const TYPESCRIPT: &str = include_str!("../schema/protocol.ts");

/// Generates the JSON Schema from the types.
#[cfg(feature = "schema")]
pub fn json_schema() -> serde_json::Value {
    use crate::protocol::error::RpcError;
    use crate::protocol::initialize::{InitializeParams, InitializeResponse};
    use crate::protocol::message::RequestId;
    use crate::protocol::notification::Notification;

    let mut generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    let mut methods = serde_json::Map::new();
    let initialize = (
        "initialize",
        generator.subschema_for::<InitializeParams>(),
        generator.subschema_for::<InitializeResponse>(),
    );
    for (name, params, result) in std::iter::once(initialize).chain(crate::dispatch::schemas(&mut generator))
    {
        methods.insert(name.to_owned(), serde_json::json!({ "params": params, "result": result }));
    }
    let notification = generator.subschema_for::<Notification>();
    let (id, error) = (generator.subschema_for::<RequestId>(), generator.subschema_for::<RpcError>());
    let definitions = generator.take_definitions(true);
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Threadkeep app-server",
        "methods": methods,
        "notification": notification,
        "requestId": id,
        "error": error,
        "$defs": definitions,
    })
}

/// Generates the TypeScript types from the JSON Schema.
#[cfg(feature = "schema")]
pub fn typescript(schema: &serde_json::Value) -> String {
    typescript::of(schema)
}
