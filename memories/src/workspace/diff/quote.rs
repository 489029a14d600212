//! Paths as git writes them into a diff.

/// Returns a path with a prefix, in quotes if it has bytes that would end or change a line. UTF-8
/// stays readable.
pub(super) fn quote(prefix: &[u8], path: &[u8]) -> Vec<u8> {
    let is_plain = |c: char| !c.is_control() && c != '"' && c != '\\';
    if std::str::from_utf8(path).is_ok_and(|path| path.chars().all(is_plain)) {
        return [prefix, path].concat();
    }
    let mut quoted = [b"\"", prefix].concat();
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => quoted.extend_from_slice(b"\\n"),
                '\t' => quoted.extend_from_slice(b"\\t"),
                '"' | '\\' => quoted.extend_from_slice(&[b'\\', c as u8]),
                c if c.is_control() => octal(c.encode_utf8(&mut [0; 4]).as_bytes(), &mut quoted),
                c => quoted.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        octal(chunk.invalid(), &mut quoted);
    }
    quoted.push(b'"');
    quoted
}

fn octal(bytes: &[u8], quoted: &mut Vec<u8>) {
    for byte in bytes {
        quoted.extend_from_slice(format!("\\{byte:03o}").as_bytes());
    }
}
