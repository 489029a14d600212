//! HTTP statuses in words. The server's own words are never shown.

/// Returns a status with its registered name, such as `HTTP 404 Not Found`.
pub(crate) fn shown(status: u16) -> String {
    let name = match status {
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        511 => "Network Authentication Required",
        _ => return format!("HTTP {status}"),
    };
    format!("HTTP {status} {name}")
}

/// Returns what a status says about a route that was asked without credentials.
pub(crate) fn meaning(status: u16) -> &'static str {
    match status {
        200..=299 => "the route is there",
        300..=399 => "it redirects; the redirect is not followed",
        401 => "the route is there, and asks for credentials, which the doctor never sends",
        403 => "the server answers, and refuses a request without credentials",
        404 | 410 => "the server answers, and knows no such route",
        405 => "the route is there, for other methods",
        407 => "a proxy asks for a login",
        429 => "the server answers, and asks to wait",
        400..=499 => "the route is there",
        511 => "the network asks for a login in a browser",
        500..=599 => "the server is in trouble",
        _ => "the server answers",
    }
}
