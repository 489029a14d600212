#!/usr/bin/env bash
# opentelemetry_sdk 0.33.1: `SdkMeterProvider::shutdown_with_timeout` ignores its argument.
#
# An exporter that needs three seconds is shut down with a limit of 100 ms. The call returns after the
# whole export, and with `Ok`. With an exporter that hangs it returns after five seconds, whatever limit was
# given. Dropping the last provider is a shutdown, too, and takes as long.
#
# Matters for: the end of a command. cli/app/src/telemetry/export shuts down on a thread that is given up,
# and never drops the provider.
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
use std::time::{Duration, Instant};

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};

/// An exporter whose receiver needs some seconds.
struct Slow(u64);

impl PushMetricExporter for Slow {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        std::thread::sleep(Duration::from_secs(self.0));
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
    for (what, seconds) in [("an export of 3 s", 3), ("an export that hangs", 60)] {
        let provider = SdkMeterProvider::builder().with_periodic_exporter(Slow(seconds)).build();
        provider.meter("finding").u64_counter("one").build().add(1, &[]);
        let started = Instant::now();
        let ended = provider.shutdown_with_timeout(Duration::from_millis(100));
        println!("{what}, limit 100 ms: {ended:?} after {:.0} s", started.elapsed().as_secs_f64().floor());
    }
}
RUST
(cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo run --quiet) >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
an export of 3 s, limit 100 ms: Ok(()) after 3 s
an export that hangs, limit 100 ms: Err(InternalFailure("[Timeout(5s)]")) after 5 s
SEEN
echo "as recorded"
