//! Where statements begin and end, and which comments are theirs.

use insta::assert_snapshot;
use xtask::migrations::sql::Script;

/// Shows each statement in one line, after its line and its comments.
fn shown(text: &str) -> String {
    match Script::parse(text) {
        Ok(script) => {
            let statements = script.statements.iter().map(|statement| {
                let comments: Vec<&str> = statement.comments.iter().map(|comment| &*comment.text).collect();
                format!("{} {comments:?} {}\n", statement.line, statement.one_line)
            });
            let loose = script.loose.iter().map(|comment| format!("loose: {}\n", comment.text));
            statements.chain(loose).collect()
        }
        Err(unclosed) => format!("{unclosed:?}"),
    }
}

#[test]
fn semicolons_end_statements_where_they_are_signs() {
    let text = "SELECT ';', \";\", `;`, [;], x'3b' -- ;\n, /* ; */ 'it''s;';;\nSELECT\n  2;";
    assert_snapshot!(shown(text), @r#"
    1 [";", ";"] SELECT ';', ";", `;`, [;], x'3b' , 'it''s;'
    3 [] SELECT 2
    "#);
}

#[test]
fn a_trigger_ends_after_its_body() {
    let text = "CREATE TEMP TRIGGER t AFTER INSERT ON a WHEN new.b IS NOT NULL BEGIN\n\
        UPDATE a SET b = CASE WHEN c THEN 1 ELSE 2 END;\n DELETE FROM a WHERE b = CASE c WHEN 1 THEN 2 END ; END;\n\
        CREATE TABLE trigger_end (begin_ms INTEGER); SELECT 1;";
    assert_snapshot!(shown(text), @"
    1 [] CREATE TEMP TRIGGER t AFTER INSERT ON a WHEN new.b IS NOT NULL BEGIN UPDATE a SET b = CASE WHEN c THEN 1 ELSE 2 END; DELETE FROM a WHERE b = CASE c WHEN 1 THEN 2 END ; END
    4 [] CREATE TABLE trigger_end (begin_ms INTEGER)
    4 [] SELECT 1
    ");
}

#[test]
fn comments_belong_to_the_statement_below_or_before_them_on_the_line() {
    let text = "-- one\nSELECT 1 -- within\n; -- behind\n-- two\n/* more\n of it */ SELECT 2; /* a */ -- b\n\n-- last\n";
    assert_snapshot!(shown(text), @r#"
    2 ["one", "within", "behind"] SELECT 1
    6 ["two", "more\n of it", "a", "b"] SELECT 2
    loose: last
    "#);
}

#[test]
fn what_is_not_closed_is_said_with_its_line() {
    let texts =
        ["SELECT 'a", "\nSELECT \"a;", "SELECT 1;\n/* a", "SELECT 1;\n\nSELECT 2", "SELECT [a;", "SELECT `;"];
    let shown: Vec<String> = texts.iter().map(|text| shown(text)).collect();
    assert_snapshot!(shown.join("\n"), @r#"
    Unclosed { line: 1, what: "string" }
    Unclosed { line: 2, what: "string" }
    Unclosed { line: 2, what: "comment" }
    Unclosed { line: 3, what: "statement" }
    Unclosed { line: 1, what: "string" }
    Unclosed { line: 1, what: "string" }
    "#);
}

#[test]
fn statements_are_their_own_text() {
    let text = "-- a\nSELECT  1 ;\n\n\tSELECT 'ü;\n';";
    let script = Script::parse(text).unwrap();
    let texts: Vec<&str> = script.statements.iter().map(|statement| &*statement.text).collect();
    assert_eq!(texts, ["SELECT  1 ;", "SELECT 'ü;\n';"]);
}
