//! Secrets that only the name before them gives away.

use threadkeep_redact::redact;

use crate::assert_rows;

#[test]
fn headers_lose_their_credentials_and_keep_their_scheme() {
    assert_rows([
        ("Authorization: Bearer abc123def456", "Authorization: Bearer [redacted:authorization]"),
        (
            "authorization: bearer abcdefgh\r\nHost: x",
            "authorization: bearer [redacted:authorization]\r\nHost: x",
        ),
        ("Proxy-Authorization: Basic dXNlcjpwYXNz", "Proxy-Authorization: Basic [redacted:authorization]"),
        (
            "curl -H 'Authorization: token a1b2c3d4' https://h",
            "curl -H 'Authorization: token [redacted:authorization]' https://h",
        ),
        (
            "curl -H \"Authorization: Bearer s3cr3t\" -d x",
            "curl -H \"Authorization: Bearer [redacted:authorization]\" -d x",
        ),
        ("{\"Authorization\":\"Bearer a.b.c-d\"}", "{\"Authorization\":\"Bearer [redacted:authorization]\"}"),
        (
            r#"{\"authorization\":\"Bearer a.b.c-d\"}"#,
            r#"{\"authorization\":\"Bearer [redacted:authorization]\"}"#,
        ),
        ("Authorization: a1b2c3d4e5f6", "Authorization: [redacted:authorization]"),
        (
            "Authorization: Digest username=\"u\", response=\"6629fae4\"\nNext: x",
            "Authorization: Digest [redacted:authorization]\nNext: x",
        ),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=x/2024, Signature=0f3a",
            "Authorization: AWS4-HMAC-SHA256 [redacted:authorization]",
        ),
        (
            ".header(\"Authorization\", \"Bearer a1b2c3\")",
            ".header(\"Authorization\", \"Bearer [redacted:authorization]\")",
        ),
        ("sent Bearer a1B2c3D4e5F6g7H8 to it", "sent Bearer [redacted:bearer-token] to it"),
        ("sent Basic dXNlcjpwYXNz to it", "sent Basic [redacted:basic-credentials] to it"),
        ("Cookie: sid=a1b2c3; theme=dark\nHost: x", "Cookie: [redacted:cookie]\nHost: x"),
        ("set-cookie: sid=a1b2c3; Path=/", "set-cookie: [redacted:cookie]"),
        ("X-Api-Key: a1b2c3d4e5", "X-Api-Key: [redacted:secret]"),
    ]);
}

#[test]
fn environments_lose_what_secret_names_hold() {
    assert_rows([
        ("PASSWORD=hunter2", "PASSWORD=[redacted:password]"),
        ("PASSWORD=Hunter2", "PASSWORD=[redacted:password]"),
        ("PASSWORD=swordfish", "PASSWORD=[redacted:password]"),
        ("export DB_PASSWORD='correct horse'", "export DB_PASSWORD='[redacted:password]'"),
        ("PGPASSWORD=x1y2 psql", "PGPASSWORD=[redacted:password] psql"),
        ("MY_API_KEY=a1b2c3d4e5\nPORT=80", "MY_API_KEY=[redacted:secret]\nPORT=80"),
        (r"A=1\nAPI_KEY=a1b2c3d4e5\nB=2", r"A=1\nAPI_KEY=[redacted:secret]\nB=2"),
        (r"A=1\napi_key=a1b2c3d4e5\nB=2", r"A=1\napi_key=[redacted:secret]\nB=2"),
        (
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYZq8vB1nX7c",
            "AWS_SECRET_ACCESS_KEY=[redacted:secret]",
        ),
        (
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYZq8vB1nX7c",
            "aws_secret_access_key = [redacted:secret]",
        ),
        ("SECRET_KEY_BASE=0f3a9c7be21d4586", "SECRET_KEY_BASE=[redacted:secret]"),
        ("client_secret=s", "client_secret=[redacted:secret]"),
        ("token=0f3a9c7be21d4586, retry=3", "token=[redacted:secret], retry=3"),
        ("STRIPE_KEY_2=a1b2c3d4e5", "STRIPE_KEY_2=[redacted:secret]"),
        (
            concat!("OPENAI_API_KEY=sk-", "proj-Zq8vB1nX7cL4dR6sY0uH5jG9"),
            "OPENAI_API_KEY=[redacted:openai-key]",
        ),
        (
            "//registry.npmjs.org/:_authToken=0f3a9c7be21d",
            "//registry.npmjs.org/:_authToken=[redacted:secret]",
        ),
        ("smtp_pass=hunter2", "smtp_pass=[redacted:password]"),
    ]);
}

#[test]
fn documents_lose_what_secret_names_hold() {
    assert_rows([
        (r#"{"password": "hunter2", "user": "a"}"#, r#"{"password": "[redacted:password]", "user": "a"}"#),
        (r#"{"password":"with \" quote","u":1}"#, r#"{"password":"[redacted:password]","u":1}"#),
        (r#"{"password":"ends in \\","u":1}"#, r#"{"password":"[redacted:password]","u":1}"#),
        (r#"{\"password\": \"hunter2\", \"u\": 1}"#, r#"{\"password\": \"[redacted:password]\", \"u\": 1}"#),
        (
            r#"{\"password\":\"with \\\" quote\",\"u\":1}"#,
            r#"{\"password\":\"[redacted:password]\",\"u\":1}"#,
        ),
        (r#"{\\\"password\\\":\\\"hunter2\\\"}"#, r#"{\\\"password\\\":\\\"[redacted:password]\\\"}"#),
        (r#"{"clientSecret":"word"}"#, r#"{"clientSecret":"[redacted:secret]"}"#),
        (
            r#"{"access_token":"a1b2c3d4e5","expires_in":3600}"#,
            r#"{"access_token":"[redacted:secret]","expires_in":3600}"#,
        ),
        ("{'api_key': 'a1b2c3d4e5'}", "{'api_key': '[redacted:secret]'}"),
        ("password: hunter2\nuser: a", "password: [redacted:password]\nuser: a"),
        ("password: Hunter2", "password: [redacted:password]"),
        ("password: swordfish", "password: [redacted:password]"),
        ("  password: |\n    hunter2\n  user: a", "  password: |\n    [redacted:password]\n  user: a"),
        ("password = \"two\nlines\"\n", "password = \"[redacted:password]\"\n"),
        ("password: \"never closed\nuser: a", "password: \"[redacted:password]\nuser: a"),
        ("password = hunter2", "password = [redacted:password]"),
        ("password:\n  \"hunter2\"", "password:\n  \"[redacted:password]\""),
        ("<password>hunter2</password>", "<password>[redacted:password]</password>"),
        ("<add key=\"x\" apiKey=\"a1b2c3d4e5\" />", "<add key=\"x\" apiKey=\"[redacted:secret]\" />"),
        ("'password' => 'hunter2'", "'password' => '[redacted:password]'"),
        (
            "Login { user: \"a\", password: Some(\"hunter2\") }",
            "Login { user: \"a\", password: Some(\"[redacted:password]\") }",
        ),
        ("let password: &str = \"hunter2\";", "let password: &str = \"[redacted:password]\";"),
        ("const API_KEY = 'a1b2c3d4e5';", "const API_KEY = '[redacted:secret]';"),
        ("password=\"\"\"hunter2\"\"\"", "password=\"\"\"[redacted:password]\"\"\""),
        (
            "the password is hunter2, password: pä55wörd",
            "the password is hunter2, password: [redacted:password]",
        ),
    ]);
}

#[test]
fn connection_strings_lose_their_passwords() {
    assert_rows([
        (
            "Server=db;User Id=sa;Password=hunter;Encrypt=true",
            "Server=db;User Id=sa;Password=[redacted:password];Encrypt=true",
        ),
        ("Server=db;Uid=sa;Pwd=hunter2;", "Server=db;Uid=sa;Pwd=[redacted:password];"),
        (
            "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=Zq8vB1nX7cL4dR6sY0uH5jG9==;EndpointSuffix=y",
            "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=[redacted:secret];EndpointSuffix=y",
        ),
        (
            "Endpoint=sb://x/;SharedAccessKey=Zq8vB1nX7cL4dR6=",
            "Endpoint=sb://x/;SharedAccessKey=[redacted:secret]",
        ),
        ("host=db user=u password=hunter2 dbname=x", "host=db user=u password=[redacted:password] dbname=x"),
        ("machine h login u password hunter2", "machine h login u password [redacted:login]"),
    ]);
}

#[test]
fn commands_lose_what_secret_options_hold() {
    assert_rows([
        ("mysql --password=hunter --host x", "mysql --password=[redacted:password] --host x"),
        ("tool --password hunter2 --verbose", "tool --password [redacted:password] --verbose"),
        ("tool --token a1b2c3d4e5", "tool --token [redacted:secret]"),
        ("tool --token=a1b2c3d4e5 x", "tool --token=[redacted:secret] x"),
        ("tool --api-key \"a1b2c3d4e5\"", "tool --api-key \"[redacted:secret]\""),
        ("[\"tool\",\"--password\",\"hunter2\"]", "[\"tool\",\"--password\",\"[redacted:password]\"]"),
        ("curl -u admin:hunter2 https://h", "curl -u [redacted:login] https://h"),
        ("curl --user 'admin:hunter2' https://h", "curl --user '[redacted:login]' https://h"),
        ("sshpass -p hunter2 ssh a@b", "sshpass -p [redacted:login] ssh a@b"),
    ]);
}

#[test]
fn a_mark_is_no_type_of_a_variable() {
    let once = redact("--password://sk-t3STkEyWkQ2mZ8vB1nX7cL4dT3BlbkFJpR6sY0uH5jG9aE2w\\n='x");
    assert_eq!(redact(&once), once);
}

#[test]
fn what_stands_before_a_mark_is_as_it_was_before_the_mark() {
    let once = redact("Basic dXNlcjpwYXNz-sk-t3STkEyWkQ2mZ8vB1nX7cL4dT3BlbkFJpR6sY0uH5jG9aE2w");
    assert_eq!(redact(&once), once);
}
