//! As much TOML as a `Cargo.toml` needs: every value with the path that leads to it.
//!
//! Lenient: cargo has read the file before, so what is not understood ends the reading instead of
//! being reported.

/// `a.b = "c"` is `(["a", "b"], "c")`, however tables, dots and braces spell it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: Vec<String>,
    /// A string without its quotes, or any other scalar as it is written.
    pub(super) value: String,
}

/// All entries outside arrays, in the order of the file.
pub(super) fn entries(source: &str) -> Vec<Entry> {
    let source = source.trim_start_matches('\u{feff}');
    let mut reader = Reader { rest: source, entries: Vec::new() };
    let _end = reader.document();
    reader.entries
}

struct Reader<'a> {
    rest: &'a str,
    entries: Vec<Entry>,
}

/// `None` from any of these means that the source is not what it should be.
impl<'a> Reader<'a> {
    fn document(&mut self) -> Option<()> {
        let mut table = Vec::new();
        loop {
            self.skip_lines();
            if self.rest.is_empty() {
                return Some(());
            }
            if self.take("[") {
                let is_array = self.take("[");
                table = self.keys(&[])?;
                (self.take("]") && (!is_array || self.take("]"))).then_some(())?;
            } else {
                self.pair(&table)?;
            }
        }
    }

    fn pair(&mut self, table: &[String]) -> Option<()> {
        let path = self.keys(table)?;
        self.take("=").then_some(())?;
        self.skip_spaces();
        self.value(&path, true)
    }

    /// Dotted keys below `table`.
    fn keys(&mut self, table: &[String]) -> Option<Vec<String>> {
        let mut path = table.to_vec();
        loop {
            self.skip_spaces();
            let key = match self.rest.chars().next()? {
                quote @ ('"' | '\'') => self.quoted(quote)?,
                _ => self.until(|char| !(char.is_alphanumeric() || matches!(char, '_' | '-'))),
            };
            (!key.is_empty()).then(|| path.push(key.to_string()))?;
            self.skip_spaces();
            if !self.take(".") {
                return Some(path);
            }
        }
    }

    fn value(&mut self, path: &[String], keep: bool) -> Option<()> {
        let value = match self.rest.chars().next()? {
            '[' => return self.sequence("[", "]", |reader| reader.value(path, false)),
            '{' => {
                let kept = self.entries.len();
                self.sequence("{", "}", |reader| reader.pair(path))?;
                if !keep {
                    self.entries.truncate(kept);
                }
                return Some(());
            }
            quote @ ('"' | '\'') => self.quoted(quote)?,
            _ => self.until(|char| matches!(char, ',' | ']' | '}' | '#' | '\n')).trim_end(),
        };
        if keep {
            self.entries.push(Entry { path: path.to_vec(), value: value.to_string() });
        }
        Some(())
    }

    fn sequence(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.take(open).then_some(())?;
        loop {
            self.skip_lines();
            if self.take(close) {
                return Some(());
            }
            if !self.take(",") {
                item(self)?;
            }
        }
    }

    /// A string in single or triple quotes; escapes stay as they are, for no name has any.
    fn quoted(&mut self, quote: char) -> Option<&'a str> {
        let triple = quote.to_string().repeat(3);
        let fence = if self.rest.starts_with(&triple) { &triple[..] } else { &triple[..1] };
        self.take(fence).then_some(())?;
        let mut from = 0;
        loop {
            let end = from + self.rest[from..].find(fence)?;
            let escapes = self.rest[..end].bytes().rev().take_while(|byte| *byte == b'\\').count();
            if quote == '"' && escapes % 2 == 1 {
                from = end + 1;
                continue;
            }
            let text = &self.rest[..end];
            self.rest = &self.rest[end + fence.len()..];
            return Some(text);
        }
    }

    fn until(&mut self, stop: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(stop).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        text
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    /// Spaces, line ends and comments.
    fn skip_lines(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                return;
            }
            self.until(|char| char == '\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(source: &str) -> Vec<String> {
        let line = |entry: Entry| format!("{}={}", entry.path.join("."), entry.value);
        entries(source).into_iter().map(line).collect()
    }

    #[test]
    fn tables_dots_and_braces_say_the_same() {
        let spellings = [
            "[a.b]\nc = 'd'",
            "a.b.c = \"d\"",
            "a = { b = { c = 'd' } }",
            "[a]\n\tb . \"c\" = 'd' # comment\r\n",
            "a = {\n  # TOML 1.1\n  b.c = '''d''',\n}",
        ];
        for source in spellings {
            assert_eq!(flat(source), ["a.b.c=d"], "{source}");
        }
    }

    #[test]
    fn arrays_are_passed_over() {
        let source = "a = [ 1, { b = 2 }, [ 'x', \"]\" ], # ]\n 'y' ]\nc = 3\n[[d]]\ne = 4";
        assert_eq!(flat(source), ["c=3", "d.e=4"]);
    }

    #[test]
    fn strings_hide_what_looks_like_syntax() {
        let source = "a = \"# [b] \\\" c\"\nd = '''\n[e]\n'''\nf = \"\\\\\" # \"\ng = true";
        assert_eq!(flat(source), ["a=# [b] \\\" c", "d=\n[e]\n", "f=\\\\", "g=true"]);
    }

    #[test]
    fn nonsense_ends_the_reading() {
        assert_eq!(flat("a = 1\n= 2\nb = 3"), ["a=1"]);
        assert_eq!(flat("a = 'open"), [""; 0]);
        assert_eq!(flat("\u{feff}a = 1"), ["a=1"]);
    }
}
