//! Asks MCP servers over HTTP if they are there, without credentials.

use crate::agent::{McpServer, Transport};
use crate::check::Finding;
use crate::context::Context;
use crate::probe::{Prober, Target, side_by_side, status};
use crate::remedy;

/// Answer of a server.
pub(super) struct Answer<'a> {
    /// The server.
    pub(super) server: &'a McpServer,
    /// The answer in words.
    pub(super) shown: String,
    /// Trouble, if the agent could not use it.
    pub(super) problem: Option<Finding>,
}

/// Asks all servers that have a URL, several at once. Asks none if there is no network to use.
pub(super) fn ask<'a>(context: &Context, servers: &[&'a McpServer]) -> Vec<Answer<'a>> {
    let Some(prober) = context.network() else { return Vec::new() };
    let url = |server: &&'a McpServer| match &server.transport {
        Transport::Http(url) => Some((*server, url.as_str())),
        Transport::Program { .. } | Transport::None => None,
    };
    let servers: Vec<(&'a McpServer, &'a str)> = servers.iter().filter_map(url).collect();
    side_by_side(&servers, |(server, url)| answer(context, prober, server, url))
}

fn answer<'a>(context: &Context, prober: &Prober, server: &'a McpServer, url: &str) -> Answer<'a> {
    let name = &server.name;
    let target = match Target::parse(url) {
        Ok(target) => target,
        Err(failure) => {
            let edit = remedy::edit(context, &context.agent().path, None);
            let problem = Finding::warning(format!("server {name} cannot be asked: {failure}"), edit);
            return Answer { server, shown: format!("{name}: {failure}"), problem: Some(problem) };
        }
    };
    let (shown, problem) = match prober.head_or_get(&target).status {
        Ok(code) => {
            let words = status::shown(code);
            let is_lost = matches!(code, 404 | 410 | 500..);
            (words.clone(), is_lost.then(|| format!("server {name} answers with {words}")))
        }
        Err(failure) if failure.is_untried() => (format!("not asked: {failure}"), None),
        Err(failure) => (failure.to_string(), Some(format!("server {name} cannot be reached: {failure}"))),
    };
    let problem = problem.map(|what| Finding::warning(what, target.curl()));
    Answer { server, shown: format!("{name}: {shown}"), problem }
}
