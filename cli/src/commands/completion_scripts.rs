//! Additions to clap's completion scripts: ids, sources and models, which only the index knows.

use clap_complete::Shell;

/// Commands of `threads` that take ids.
const THREADS: &str = "show rename archive unarchive memory tree close reopen delete";
/// Commands of `goals` that take an id.
const GOALS: &str = "get set pause resume complete clear account";

/// Returns a script with ids, sources and models.
pub(super) fn complete(shell: Shell, script: &str) -> String {
    // clap offers the hidden command as well.
    let is_offer =
        |line: &&str| line.starts_with("'complete-values:") || line.contains("-a \"complete-values\"");
    let lines: Vec<&str> = script.lines().filter(|line| !is_offer(line)).collect();
    let script = &format!("{}\n", lines.join("\n").replace(" complete-values help", " help"));
    match shell {
        Shell::Bash => format!("{script}{}", bash()),
        Shell::Zsh => zsh(script),
        Shell::Fish => format!("{script}{}", fish()),
        _ => script.to_owned(),
    }
}

fn bash() -> String {
    let ids = |noun: &str, verbs: &str| {
        verbs.split(' ').map(|verb| format!("*\" {noun} {verb} \"*")).collect::<Vec<_>>().join("|")
    };
    format!(
        r#"
_threadkeep_values() {{
    local cur="${{COMP_WORDS[COMP_CWORD]}}" kind=""
    case "${{COMP_WORDS[COMP_CWORD-1]}}" in
        --source) kind=sources ;;
        --model) kind=models ;;
    esac
    if [[ -z "$kind" && "$cur" != -* ]]; then
        case " ${{COMP_WORDS[*]:0:COMP_CWORD}} " in
            *" threads restore "*) kind=deleted ;;
            {}|{}) kind=ids ;;
        esac
    fi
    if [[ -n "$kind" ]]; then
        COMPREPLY=($(compgen -W "$("${{COMP_WORDS[0]}}" complete-values "$kind" 2>/dev/null)" -- "$cur"))
    else
        _threadkeep "$@"
    fi
}}
complete -F _threadkeep_values -o bashdefault -o default threadkeep
"#,
        ids("threads", THREADS),
        ids("goals", GOALS)
    )
}

/// Replaces clap's default action at the arguments in question.
fn zsh(script: &str) -> String {
    let action = |line: &str| {
        let kind = if line.contains("--source=") {
            "sources"
        } else if line.contains("--model=") {
            "models"
        } else if [":id -- ", "::id -- ", "*:ids -- ", "*::ids -- "].iter().any(|arg| line.contains(arg)) {
            "ids"
        } else {
            return line.to_owned();
        };
        line.replace(":_default'", &format!(":_threadkeep_{kind}'"))
    };
    let lines: Vec<String> = script.lines().map(action).collect();
    let functions = ["ids", "sources", "models"].map(|kind| {
        format!(
            "_threadkeep_{kind}() {{\n    compadd -- ${{(f)\"$(threadkeep complete-values {kind} 2>/dev/null)\"}}\n}}\n"
        )
    });
    // The first line names the program for zsh.
    let (first, rest) = lines.split_at(lines.len().min(1));
    format!("{}\n\n{}\n{}\n", first.concat(), functions.concat(), rest.join("\n"))
}

fn fish() -> String {
    let offer = |condition: &str, kind: &str| {
        format!(
            "complete -c threadkeep -n \"{condition}\" -f -a \"(threadkeep complete-values {kind} --described 2>/dev/null)\"\n"
        )
    };
    let seen = |noun: &str, verbs: &str| {
        format!("__fish_seen_subcommand_from {noun}; and __fish_seen_subcommand_from {verbs}")
    };
    [
        "\n".to_owned(),
        offer(&seen("threads", THREADS), "ids"),
        offer(&seen("threads", "restore"), "deleted"),
        offer(&seen("goals", GOALS), "ids"),
        "complete -c threadkeep -l source -x -a \"(threadkeep complete-values sources)\"\n".to_owned(),
        "complete -c threadkeep -l model -x -a \"(threadkeep complete-values models)\"\n".to_owned(),
    ]
    .concat()
}
