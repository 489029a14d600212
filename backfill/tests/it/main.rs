//! Tests of the engine over in-memory ports: one binary, one module a topic.

mod conformance;
mod crash;
mod failures;
mod lease;
mod pipeline;
mod preview;
mod property;
mod report;
mod selection;
mod support;
