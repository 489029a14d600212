//! `mcp.config`: MCP servers, and what they need.

use std::path::{Path, PathBuf};

use threadkeep_app::text::counted;

use super::{mcp_http, worst};
use crate::agent::{McpServer, Transport, is_variable};
use crate::check::Finding;
use crate::context::Context;
use crate::remedy::{self, program_name};

pub(super) fn check(context: &Context) -> Finding {
    let servers = context.agent().mcp_servers();
    if servers.is_empty() {
        return Finding::ok("no MCP servers").detail("servers", "0");
    }
    let enabled: Vec<&McpServer> = servers.iter().filter(|server| server.is_enabled).collect();
    let disabled = servers.len() - enabled.len();
    let (mut required, mut optional) = (Vec::new(), Vec::new());
    let answers = mcp_http::ask(context, &enabled);
    for server in &enabled {
        let of_server = answers.iter().filter(|answer| answer.server == *server);
        let mut problems = problems(context, server);
        problems.extend(of_server.filter_map(|answer| answer.problem.clone()));
        if server.is_required { required.extend(problems) } else { optional.extend(problems) }
    }
    let count =
        |is_it: fn(&Transport) -> bool| enabled.iter().filter(|server| is_it(&server.transport)).count();
    let stdio = count(|transport| matches!(transport, Transport::Program { .. }));
    let http = count(|transport| matches!(transport, Transport::Http(_)));
    let off = if disabled > 0 { format!(" · {disabled} disabled") } else { String::new() };
    let summary = format!("{}{off}", counted(enabled.len() as u64, "server"));
    let notes: Vec<String> = optional.iter().map(|finding: &Finding| finding.summary.clone()).collect();
    let mut finding = worst(required, "required ones")
        .unwrap_or_else(|| Finding::ok(summary))
        .detail("servers", servers.len().to_string())
        .detail("disabled", disabled.to_string())
        .detail("by program", stdio.to_string())
        .detail("by HTTP", http.to_string());
    if http > 0 && context.network().is_none() {
        finding = finding.detail("HTTP answers", "not asked: offline");
    } else if http > 0 {
        finding = finding.list("HTTP answers", answers.into_iter().map(|answer| answer.shown).collect());
    }
    if let [first, more @ ..] = notes.as_slice() {
        let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
        finding = finding.note(format!("optional {first}{more}")).list("optional ones", notes.clone());
    }
    finding
}

/// Returns what a server lacks, each with its remedy.
fn problems(context: &Context, server: &McpServer) -> Vec<Finding> {
    let edit = || remedy::edit(context, &context.agent().path, None);
    let mut problems = Vec::new();
    match &server.transport {
        Transport::None => {
            let what = format!("server {} has neither a command nor a url", server.name);
            problems.push(Finding::warning(what, edit()));
        }
        Transport::Program { command, cwd } if !is_there(context, command, cwd.as_deref()) => {
            let name = Path::new(command).file_name().and_then(|name| program_name(name.to_str()?));
            let program = name.unwrap_or_else(|| "its command".to_owned());
            let what = format!("server {} lacks its program: {program}", server.name);
            problems.push(Finding::warning(what, edit()));
        }
        Transport::Program { .. } | Transport::Http(_) => {}
    }
    for variable in &server.variables {
        if !is_variable(variable) {
            let what = format!("server {} names a variable that is none", server.name);
            problems.push(Finding::warning(what, edit()));
        } else if context.machine.variable(variable).is_none() {
            let what = format!("server {} lacks {variable}", server.name);
            problems.push(Finding::warning(what, remedy::set_secret(variable)));
        }
    }
    problems
}

/// Returns true if the program of a server exists.
fn is_there(context: &Context, command: &str, cwd: Option<&str>) -> bool {
    let path = Path::new(command);
    if path.components().count() == 1 {
        return !context.machine.programs(command).is_empty();
    }
    // A relative path begins at the server's folder, which may itself be relative to ours.
    let folder = cwd.map_or_else(PathBuf::new, PathBuf::from);
    context.machine.cwd.join(folder).join(path).is_file()
}
