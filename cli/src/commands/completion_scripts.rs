//! Additions to clap's completion scripts: ids, sources and models, which only the index of the
//! home on the command line knows, and names of agents.

use std::collections::BTreeSet;

use clap_complete::Shell;

/// Commands that take ids, and nothing after them; `keep` itself does.
const SEVERAL: [(&str, &str); 4] = [
    ("threads", "show archive unarchive memory close reopen delete"),
    ("goals", "get pause resume complete clear"),
    ("kept", "restore remove"),
    ("keep", ""),
];
/// Commands whose first word is an id.
const ONE: [(&str, &str); 2] = [("threads", "rename tree read export open"), ("goals", "set account")];

/// Returns a script with ids, sources and models.
pub(super) fn complete(shell: Shell, cli: &clap::Command, script: &str) -> String {
    // clap offers the hidden command as well.
    let is_offer =
        |line: &&str| line.starts_with("'complete-values:") || line.contains("-a \"complete-values\"");
    let lines: Vec<&str> = script.lines().filter(|line| !is_offer(line)).collect();
    let script = &format!("{}\n", lines.join("\n").replace(" complete-values help", " help"));
    match shell {
        Shell::Bash => format!("{script}{}", bash(cli)),
        Shell::Zsh => zsh(script),
        Shell::Fish => format!("{script}{}", fish()),
        _ => script.to_owned(),
    }
}

/// Returns every option that takes a value, of all commands.
fn with_values(command: &clap::Command) -> BTreeSet<String> {
    let options = command.get_arguments().filter(|arg| arg.get_action().takes_values());
    let names = options.flat_map(|arg| {
        let long = arg.get_long().map(|long| format!("--{long}"));
        long.into_iter().chain(arg.get_short().map(|short| format!("-{short}")))
    });
    names.chain(command.get_subcommands().flat_map(with_values)).collect()
}

fn bash(cli: &clap::Command) -> String {
    let ids = |commands: &[(&str, &str)], end: &str| {
        let patterns = commands.iter().flat_map(|(noun, verbs)| {
            let words = verbs.split(' ').map(move |verb| format!("{noun} {verb}"));
            words.map(|words| format!("\" {} \"{end}", words.trim_end()))
        });
        patterns.collect::<Vec<_>>().join("|")
    };
    // Readline splits words at `=`.
    format!(
        r#"
_threadkeep_values() {{
    local cur="${{COMP_WORDS[COMP_CWORD]}}" kind="" option="" word value i words=() given=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${{COMP_WORDS[i]}}"
        case "$word" in
            {})
                [[ "${{COMP_WORDS[i+1]}}" == "=" ]] && ((i++))
                ((i++))
                if ((i >= COMP_CWORD)); then
                    option="$word"
                    [[ "$cur" == "=" ]] && cur=""
                elif [[ "$word" == --home || "$word" == --sqlite-home ]]; then
                    value="${{COMP_WORDS[i]//[\\\'\"]/}}"
                    [[ "$value" == "~" || "$value" == "~/"* ]] && value="$HOME${{value:1}}"
                    given+=("$word" "$value")
                fi
                ;;
            -*) ;;
            *) words+=("$word") ;;
        esac
    done
    case "$option" in
        --source) kind=sources ;;
        --model) kind=models ;;
        --agent) kind=agents ;;
        --before|--thread) kind=ids ;;
        "")
            [[ "$cur" == -* ]] || case " ${{words[*]}} " in
                " threads restore "*) kind=deleted ;;
                " agents add "*|" agents remove ") kind=agents ;;
                {}|{}) kind=ids ;;
            esac
            ;;
    esac
    COMPREPLY=()
    if [[ -n "$kind" ]]; then
        COMPREPLY=($(compgen -W "$("${{COMP_WORDS[0]}}" "${{given[@]}}" complete-values "$kind" 2>/dev/null)" -- "$cur"))
    fi
    if [[ ${{#COMPREPLY[@]}} == 0 ]]; then
        _threadkeep "$@"
    fi
}}
complete -F _threadkeep_values -o bashdefault -o default threadkeep
"#,
        with_values(cli).into_iter().collect::<Vec<_>>().join("|"),
        ids(&SEVERAL, "*"),
        ids(&ONE, "")
    )
}

/// Replaces clap's default action at the arguments in question.
fn zsh(script: &str) -> String {
    let (mut is_of_threads, mut restores) = (false, false);
    let action = |line: &str| {
        is_of_threads = line == "(threads)" || is_of_threads && line != "(kept)";
        restores = line == "(restore)" && is_of_threads || restores && line != ";;";
        let kind = if line.contains("--source=") {
            "sources"
        } else if line.contains("--model=") {
            "models"
        } else if line.contains(":words -- Agents") {
            "agents_or_files"
        } else if ["--agent=", ":name -- The agent"].iter().any(|arg| line.contains(arg)) {
            "agents"
        } else if [":id -- ", "::id -- ", "*:ids -- ", "*::ids -- ", "--before=", "--thread="]
            .iter()
            .any(|arg| line.contains(arg))
        {
            if restores { "deleted" } else { "ids" }
        } else {
            return line.to_owned();
        };
        line.replace(":_default'", &format!(":_threadkeep_{kind}'"))
    };
    let lines: Vec<String> = script.lines().map(action).collect();
    let functions = ["ids", "deleted", "sources", "models", "agents"]
        .map(|kind| format!("_threadkeep_{kind}() {{\n    _threadkeep_offer {kind}\n}}\n"));
    // The first line names the program for zsh.
    let (first, rest) = lines.split_at(lines.len().min(1));
    format!("{}\n{ZSH}\n{}\n{}\n", first.concat(), functions.concat(), rest.join("\n"))
}

/// Offers values of the home on the command line. clap's script has taken the words before a
/// command out of `words`, so the whole line is read.
const ZSH: &str = r#"
_threadkeep_offer() {
    local -a typed given
    local n
    typed=("${(@Q)${(z)BUFFER}}")
    for ((n = 2; n < ${#typed}; n++)); do
        case $typed[n] in
            (--home|--sqlite-home) given+=($typed[n] ${~typed[n+1]}) ;;
            (--home=*|--sqlite-home=*) given+=($typed[n]) ;;
        esac
    done
    compadd -- ${(f)"$(threadkeep $given complete-values $1 2>/dev/null)"}
}
_threadkeep_agents_or_files() {
    _threadkeep_agents
    _files
}
"#;

fn fish() -> String {
    let offer = |condition: &str, kind: &str| {
        format!(
            "complete -c threadkeep -n \"{condition}\" -f -a \"(__threadkeep_values {kind} --described)\"\n"
        )
    };
    let seen = |noun: &str, verbs: &str| {
        let words = [noun, verbs].into_iter().filter(|words| !words.is_empty());
        words.map(|words| format!("__fish_seen_subcommand_from {words}")).collect::<Vec<_>>().join("; and ")
    };
    let several = SEVERAL.map(|(noun, verbs)| offer(&seen(noun, verbs), "ids"));
    let is_last = |verbs: &str| format!("contains -- (commandline -opc)[-1] {verbs}");
    let one = ONE.map(|(noun, verbs)| {
        offer(&format!("__fish_seen_subcommand_from {noun}; and {}", is_last(verbs)), "ids")
    });
    let of_option = |option: &str, kind: &str| {
        format!("complete -c threadkeep -l {option} -x -a \"(__threadkeep_values {kind})\"\n")
    };
    let options = [
        ("source", "sources"),
        ("model", "models"),
        ("before", "ids"),
        ("thread", "ids"),
        ("agent", "agents"),
    ];
    let options = options.map(|(option, kind)| of_option(option, kind));
    // A folder may follow the name.
    let agents = seen("agents", "add remove");
    let agents = format!("complete -c threadkeep -n \"{agents}\" -a \"(__threadkeep_values agents)\"\n");
    [FISH.to_owned(), offer(&seen("threads", "restore"), "deleted"), agents]
        .into_iter()
        .chain(several)
        .chain(one)
        .chain(options)
        .collect()
}

/// Prints values of the home on the command line.
const FISH: &str = r#"
function __threadkeep_values
    set -l typed (commandline -opc)
    set -l given
    for n in (seq (count $typed))
        switch $typed[$n]
            case --home --sqlite-home
                if test $n -lt (count $typed)
                    set -l value $typed[(math $n + 1)]
                    set -a given $typed[$n] (string replace -r '^~(?=/|$)' $HOME -- $value)
                end
            case '--home=*' '--sqlite-home=*'
                set -a given $typed[$n]
        end
    end
    threadkeep $given complete-values $argv 2>/dev/null
end
"#;
