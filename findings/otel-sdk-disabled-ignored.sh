#!/usr/bin/env bash
# opentelemetry_sdk 0.33.1: `OTEL_SDK_DISABLED=true` is ignored.
#
# The specification's variable for switching the SDK off for all signals changes nothing: the provider is
# the same, and the exporter is called as often as without it. Other variables of the specification, such as
# `OTEL_SERVICE_NAME`, are respected.
#
# Matters for: a user who has switched telemetry off for all programs. cli/app/src/telemetry/export/wanted.rs
# reads it before anything of the SDK is made.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
opentelemetry = { version = "=0.33.1", default-features = false, features = ["metrics"] }
opentelemetry_sdk = { version = "=0.33.1", default-features = false, features = ["metrics"] }
TOML
cat >"$folder/src/main.rs" <<'RUST'
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};

/// An exporter that counts its calls.
struct Counting(Arc<AtomicUsize>);

impl PushMetricExporter for Counting {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

fn main() {
    let calls = Arc::new(AtomicUsize::new(0));
    let provider = SdkMeterProvider::builder().with_periodic_exporter(Counting(Arc::clone(&calls))).build();
    provider.meter("finding").u64_counter("one").build().add(1, &[]);
    provider.shutdown().expect("the exporter works");
    println!("exports: {}", calls.load(Ordering::SeqCst));
}
RUST
export CARGO_TARGET_DIR="$folder/target"
(cd "$folder" && cargo build --quiet)
{
    echo "without a variable, $("$CARGO_TARGET_DIR/debug/finding")"
    echo "OTEL_SDK_DISABLED=true, $(OTEL_SDK_DISABLED=true "$CARGO_TARGET_DIR/debug/finding")"
} >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
without a variable, exports: 1
OTEL_SDK_DISABLED=true, exports: 1
SEEN
echo "as recorded"
