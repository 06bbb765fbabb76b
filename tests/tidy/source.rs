//! Files as tokens: comments and literals apart, code under `cfg(test)` marked.

use std::fs;
use std::path::Path;

/// A token of code. Literals are dropped: no rule asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub line: usize,
    /// An identifier, `::`, or one other character.
    pub text: String,
    /// Whether it is compiled for tests only.
    pub in_tests: bool,
}

/// A file of the tree.
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    pub text: String,
    /// Empty unless it is Rust.
    pub tokens: Vec<Token>,
}

impl Source {
    pub fn new(path: String, text: String) -> Self {
        let mut tokens = if path.ends_with(".rs") { tokens(&text) } else { Vec::new() };
        mark_tests(&mut tokens, is_test_file(&path));
        Self { path, text, tokens }
    }

    /// The tokens that reach a user.
    pub fn shipped(&self) -> impl Iterator<Item = (usize, &Token)> {
        self.tokens.iter().enumerate().filter(|(_, token)| !token.in_tests)
    }

    /// The text of the token at `index`, empty beyond the end.
    pub fn at(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| &token.text)
    }

    /// Describes a violation.
    pub fn found(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// The room of a file of the crate: `src/sync/mutex.rs` is in `sync`.
    pub fn room(&self) -> Option<&str> {
        let path = self.path.strip_suffix(".rs")?;
        let mut parts = path.split('/');
        match (parts.next()?, parts.next()?) {
            ("src", room) => Some(room),
            (room @ ("native" | "wasm"), inner) if inner != "npm" => Some(room),
            _ => None,
        }
    }
}

/// Files that only tests compile, by their names.
fn is_test_file(path: &str) -> bool {
    let names = ["tests", "loom_tests"];
    path.split('/').any(|part| names.contains(&part.trim_end_matches(".rs")))
}

/// Every file below `root` that is ours.
pub fn tree(root: &Path) -> Vec<Source> {
    const FOREIGN: [&str; 6] = ["target", ".git", ".tools", "node_modules", "pkg", "dist"];
    let mut sources = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if !FOREIGN.iter().any(|foreign| name == *foreign) {
                    folders.push(path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                let relative = path.strip_prefix(root).expect("it is below");
                sources.push(Source::new(relative.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.len() > 20, "this is not the repository: {}", root.display());
    sources
}

fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < letters.len() {
        let end = match letters[at] {
            '/' if letters.get(at + 1) == Some(&'/') => find(&letters, at, |c| c == '\n'),
            '/' if letters.get(at + 1) == Some(&'*') => block_comment(&letters, at),
            '"' => string(&letters, at),
            'r' | 'b' | 'c' if literal_prefix(&letters, at).is_some() => {
                literal_prefix(&letters, at).expect("just looked")
            }
            '\'' => character_or_lifetime(&letters, at),
            letter if letter.is_alphabetic() || letter == '_' => {
                let end = find(&letters, at, |c| !(c.is_alphanumeric() || c == '_'));
                push(&mut tokens, line, letters[at..end].iter().collect());
                end
            }
            letter if letter.is_numeric() => {
                find(&letters, at, |c| !(c.is_alphanumeric() || c == '_'))
            }
            ':' if letters.get(at + 1) == Some(&':') => {
                push(&mut tokens, line, "::".to_owned());
                at + 2
            }
            letter => {
                if !letter.is_whitespace() {
                    push(&mut tokens, line, letter.to_string());
                }
                at + 1
            }
        };
        line += letters[at..end].iter().filter(|&&letter| letter == '\n').count();
        at = end;
    }
    tokens
}

fn push(tokens: &mut Vec<Token>, line: usize, text: String) {
    tokens.push(Token { line, text, in_tests: false });
}

/// The first place at or after `from` where `is` holds, or the end.
fn find(letters: &[char], from: usize, is: impl Fn(char) -> bool) -> usize {
    letters[from..].iter().position(|&letter| is(letter)).map_or(letters.len(), |n| from + n)
}

fn block_comment(letters: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < letters.len() {
        match (letters[at], letters.get(at + 1)) {
            ('/', Some('*')) => (at, depth) = (at + 2, depth + 1),
            ('*', Some('/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(letters: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < letters.len() && letters[at] != '"' {
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(letters.len())
}

/// The end of `r"..."`, `b"..."`, `br#"..."#`, `c"..."` and `b'.'`; `None` if it is a name.
fn literal_prefix(letters: &[char], start: usize) -> Option<usize> {
    let quote = find(letters, start, |c| !['r', 'b', 'c'].contains(&c));
    let raw = letters[start..quote].contains(&'r');
    let open = find(letters, quote, |c| c != '#');
    match letters.get(open)? {
        _ if quote - start > 2 => None,
        '"' if raw => {
            let end: Vec<char> =
                std::iter::once('"').chain(std::iter::repeat_n('#', open - quote)).collect();
            let body = &letters[open + 1..];
            let length = body.windows(end.len()).position(|window| window == end)?;
            Some(open + 1 + length + end.len())
        }
        '"' if open == quote => Some(string(letters, open)),
        '\'' if open == quote && letters[start..quote] == ['b'] => {
            Some(character_or_lifetime(letters, open))
        }
        _ => None,
    }
}

fn character_or_lifetime(letters: &[char], start: usize) -> usize {
    match (letters.get(start + 1), letters.get(start + 2)) {
        (Some('\\'), _) => find(letters, start + 3, |c| c == '\'') + 1,
        (Some(_), Some('\'')) => start + 3,
        _ => find(letters, start + 1, |c| !(c.is_alphanumeric() || c == '_')),
    }
}

/// Marks what stands under an attribute `cfg(test)`, `cfg(all(test, ..))` or `cfg(loom)`.
fn mark_tests(tokens: &mut [Token], whole_file: bool) {
    let mut at = 0;
    while at < tokens.len() {
        let end = if whole_file { tokens.len() } else { tests_end(tokens, at).unwrap_or(at) };
        for token in &mut tokens[at..end] {
            token.in_tests = true;
        }
        at = end.max(at + 1);
    }
}

/// If an item for tests begins at `start`, where it ends.
fn tests_end(tokens: &[Token], start: usize) -> Option<usize> {
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| &token.text);
    if [text(start), text(start + 1), text(start + 2)] != ["#", "[", "cfg"] {
        return None;
    }
    let attribute = (start..tokens.len()).find(|&at| text(at) == "]")?;
    let for_tests = (start + 3..attribute).any(|at| {
        let under_not = text(at - 1) == "(" && text(at - 2) == "not";
        let under_any = (start..at).any(|before| text(before) == "any");
        text(at) == "test" && !under_not && !under_any
    });
    if !for_tests {
        return None;
    }
    let mut depth = 0;
    for at in attribute + 1..tokens.len() {
        match text(at) {
            "{" | "(" | "[" => depth += 1,
            "}" if depth == 1 => return Some(at + 1),
            "}" | ")" | "]" => depth -= 1,
            ";" if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    Some(tokens.len())
}
