//! Tests of the engine over in-memory ports: one binary, one module a topic.

mod conformance;
