//! Reports as OpenTelemetry metrics, sent by OTLP over HTTP.
//!
//! Without a variable, the SDK sends to localhost. It knows neither of the variables that switch
//! it off; so [`Wanted`] decides first. Its shutdown waits up to 5 s for a receiver, whatever time
//! limit it is given; so it happens on a thread that is given up ([`Export::end`]).

mod client;
mod instruments;
mod wanted;

use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, RetryPolicy, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};
use threadkeep_sqlite::telemetry::DbTelemetry;

use super::events::TARGET;
use client::Client;
use instruments::Instruments;

pub use wanted::Wanted;

/// Time limit of one request.
const REQUEST: Duration = Duration::from_secs(2);

/// Time that the end of a process may wait for the last request.
const PATIENCE: Duration = Duration::from_millis(300);

/// Variable that chooses between sums since the start and sums since the last request.
const TEMPORALITY: &str = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";

/// A running export.
pub struct Export {
    /// Never dropped: its drop waits for the receiver.
    provider: ManuallyDrop<SdkMeterProvider>,
    sink: Arc<Instruments>,
}

/// Starts an export if the environment asks for one. Logs why it cannot be made.
pub(super) fn start(variable: impl Fn(&str) -> Option<String>) -> Option<Export> {
    let wanted = Wanted::of(&variable);
    let started = match wanted {
        Wanted::Yes => Export::start(&variable).map_err(|error| error.to_string()),
        Wanted::No => return None,
        Wanted::Unsupported(why) => Err(why),
    };
    started.inspect_err(|why| tracing::warn!(target: TARGET, "no metrics are exported: {why}")).ok()
}

impl Export {
    fn start(variable: impl Fn(&str) -> Option<String>) -> Result<Export, ExporterBuildError> {
        let mut builder = MetricExporter::builder();
        if variable(TEMPORALITY).is_none() {
            // A command is over before a second request: sums since its start would be seen as
            // resets of one counter.
            builder = builder.with_temporality(Temporality::Delta);
        }
        let exporter = builder
            .with_http()
            .with_timeout(REQUEST)
            // What a request misses is in the next one, and the end of a process has no time.
            .with_retry_policy(RetryPolicy::default().with_max_retries(0))
            .with_http_client(Client::new(REQUEST))
            .build()?;
        let resource = Resource::builder()
            .with_service_name(service(&variable))
            .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider =
            SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(exporter).build();
        let sink = Arc::new(Instruments::new(&provider.meter("threadkeep")));
        Ok(Export { provider: ManuallyDrop::new(provider), sink })
    }

    /// Returns the sink that feeds it.
    #[must_use]
    pub fn sink(&self) -> Arc<dyn DbTelemetry> {
        self.sink.clone()
    }

    /// Sends what has not been sent yet, and waits for that no longer than a moment.
    pub fn end(self) {
        let (done, waiting) = mpsc::channel();
        let shut_down = move || {
            // At the end of a process, a failure of the receiver has no reader.
            let _ = self.provider.shutdown();
            let _ = done.send(());
        };
        if std::thread::Builder::new().name("threadkeep-otel".to_owned()).spawn(shut_down).is_ok() {
            let _ = waiting.recv_timeout(PATIENCE);
        }
    }
}

/// Returns the name of this service: the user's, or ours.
fn service(variable: impl Fn(&str) -> Option<String>) -> String {
    let named = variable("OTEL_SERVICE_NAME").filter(|name| !name.is_empty());
    let attributes = variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let attribute =
        attributes.split(',').find_map(|pair| pair.trim().strip_prefix("service.name=").map(str::to_owned));
    named.or(attribute).unwrap_or_else(|| "threadkeep".to_owned())
}

impl fmt::Debug for Export {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Export").finish_non_exhaustive()
    }
}
