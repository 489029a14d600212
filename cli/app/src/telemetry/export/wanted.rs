//! Decides by the standard variables if metrics are exported.

/// Decision of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// An endpoint is configured, and nothing switches it off.
    Yes,
    /// No endpoint is configured, or it is switched off.
    No,
    /// An export is configured that this build cannot make, because of this.
    Unsupported(String),
}

impl Wanted {
    /// Decides. An empty variable counts as unset, as the specification says.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Wanted {
        let variable = |name: &str| {
            variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        if variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Wanted::No;
        }
        let endpoint = variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
            .or_else(|| variable("OTEL_EXPORTER_OTLP_ENDPOINT"));
        if endpoint.is_none() {
            return Wanted::No;
        }
        match variable("OTEL_METRICS_EXPORTER").as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Wanted::No,
            Some(_) => {
                return Wanted::Unsupported("OTEL_METRICS_EXPORTER is neither otlp nor none".to_owned());
            }
        }
        let protocol = variable("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL")
            .or_else(|| variable("OTEL_EXPORTER_OTLP_PROTOCOL"));
        match protocol.as_deref() {
            None | Some("http/protobuf") => Wanted::Yes,
            Some(_) => Wanted::Unsupported("OTEL_EXPORTER_OTLP_PROTOCOL is not http/protobuf".to_owned()),
        }
    }
}
