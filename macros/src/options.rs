//! What stands in the parentheses: `#[main(flavor = "current_thread", start_paused = true)]`.

use crate::error::{Error, Result};
use crate::expand::Kind;
use crate::function::is_punct;
use proc_macro::{Delimiter, Literal, Span, TokenStream, TokenTree};

const KNOWN: &str =
    "`flavor`, `worker_threads`, `start_paused`, `unhandled_panic`, `name` and `crate`";

/// Which runtime to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    MultiThread,
    CurrentThread,
    Local,
}

/// The options as they were written; literals pass on to the builder untouched.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) flavor: Option<Flavor>,
    pub(crate) worker_threads: Option<Literal>,
    pub(crate) start_paused: Option<TokenTree>,
    /// The variant of `runtime::UnhandledPanic`.
    pub(crate) unhandled_panic: Option<(&'static str, Span)>,
    pub(crate) name: Option<Literal>,
    /// The path given by `crate = ".."`.
    pub(crate) krate: Option<TokenStream>,
}

impl Options {
    /// `attribute` is how the user names the attribute, such as `tokio::main`.
    pub(crate) fn parse(tokens: TokenStream, kind: Kind, attribute: &str) -> Result<Self> {
        let mut options = Self::default();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for option in tokens.split(|token| is_punct(token, ',')) {
            // Nothing stands behind a trailing comma.
            if !option.is_empty() {
                options.read(option, attribute)?;
            }
        }
        options.check(kind, attribute)?;
        Ok(options)
    }

    fn read(&mut self, option: &[TokenTree], attribute: &str) -> Result<()> {
        let [TokenTree::Ident(key), rest @ ..] = option else {
            return Err(Error::spanning(option, format!("expected one of {KNOWN}")));
        };
        let name = key.to_string();
        let value = match rest {
            [equals, value] if is_punct(equals, '=') => ungroup(value),
            [equals, _, ..] if is_punct(equals, '=') => {
                return Err(Error::spanning(&rest[1..], format!("`{name}` takes a literal")));
            }
            [] => return Err(Error::new(key.span(), without_value(&name, attribute))),
            _ => {
                let message = format!("options are written `{name} = value`");
                return Err(Error::spanning(option, message));
            }
        };

        match name.as_str() {
            "flavor" => set(&mut self.flavor, flavor(&value)?, &name, &value),
            "worker_threads" => set(&mut self.worker_threads, count(&value)?, &name, &value),
            "start_paused" => set(&mut self.start_paused, boolean(&value)?, &name, &value),
            "unhandled_panic" => {
                let reaction = (unhandled_panic(&value)?, value.span());
                set(&mut self.unhandled_panic, reaction, &name, &value)
            }
            "name" => {
                let (literal, _) = string(&value, &name)?;
                set(&mut self.name, literal, &name, &value)
            }
            "crate" => set(&mut self.krate, path(&value)?, &name, &value),
            "core_threads" => {
                Err(Error::spanning(option, "`core_threads` is called `worker_threads`"))
            }
            _ => {
                let message = format!("there is no option `{name}`: there are {KNOWN}");
                Err(Error::spanning(option, message))
            }
        }
    }

    /// Refuses options that the flavor cannot honour.
    fn check(&self, kind: Kind, attribute: &str) -> Result<()> {
        let flavor = self.flavor(kind);
        let refuse = |span: Span, option: &str, wanted: &str| {
            let message = format!(
                "`{option}` works with the flavor `{wanted}` only: \
                 write `#[{attribute}(flavor = \"{wanted}\", {option} = ..)]`"
            );
            Err(Error::new(span, message))
        };
        if flavor != Flavor::MultiThread {
            if let Some(count) = &self.worker_threads {
                return refuse(count.span(), "worker_threads", "multi_thread");
            }
            return Ok(());
        }
        if let Some(paused) = &self.start_paused {
            return refuse(paused.span(), "start_paused", "current_thread");
        }
        if let Some((_, span)) = self.unhandled_panic {
            return refuse(span, "unhandled_panic", "current_thread");
        }
        Ok(())
    }

    /// The flavor asked for, or what `main` and `test` run on by themselves.
    fn flavor(&self, kind: Kind) -> Flavor {
        self.flavor.unwrap_or(match kind {
            Kind::Main => Flavor::MultiThread,
            Kind::Test => Flavor::CurrentThread,
        })
    }
}

fn set<T>(slot: &mut Option<T>, value: T, name: &str, at: &TokenTree) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(at.span(), format!("`{name}` is given twice"))),
    }
}

fn without_value(name: &str, attribute: &str) -> String {
    match name {
        "flavor" | "worker_threads" | "start_paused" | "unhandled_panic" | "name" | "crate" => {
            format!("`{name}` needs a value: `{name} = ..`")
        }
        "multi_thread" | "threaded_scheduler" => {
            format!("write `#[{attribute}(flavor = \"multi_thread\")]`")
        }
        "current_thread" | "basic_scheduler" | "single_threaded" => {
            format!("write `#[{attribute}(flavor = \"current_thread\")]`")
        }
        "local" => format!("write `#[{attribute}(flavor = \"local\")]`"),
        _ => format!("there is no option `{name}`: there are {KNOWN}"),
    }
}

fn flavor(value: &TokenTree) -> Result<Flavor> {
    let (_, text) = string(value, "flavor")?;
    let message = match text.as_str() {
        "multi_thread" => return Ok(Flavor::MultiThread),
        "current_thread" => return Ok(Flavor::CurrentThread),
        "local" => return Ok(Flavor::Local),
        "single_thread" | "basic_scheduler" => {
            format!("the flavor `{text}` is called `current_thread`")
        }
        "threaded_scheduler" => format!("the flavor `{text}` is called `multi_thread`"),
        _ => format!(
            "there is no flavor `{text}`: there are `multi_thread`, `current_thread` and `local`"
        ),
    };
    Err(Error::new(value.span(), message))
}

fn unhandled_panic(value: &TokenTree) -> Result<&'static str> {
    let (_, text) = string(value, "unhandled_panic")?;
    match text.as_str() {
        "ignore" => Ok("Ignore"),
        "shutdown_runtime" => Ok("ShutdownRuntime"),
        _ => {
            let message = format!(
                "`unhandled_panic` cannot be `{text}`: it is `ignore` or `shutdown_runtime`"
            );
            Err(Error::new(value.span(), message))
        }
    }
}

/// A string literal and what stands between its quotes.
fn string(value: &TokenTree, option: &str) -> Result<(Literal, String)> {
    if let TokenTree::Literal(literal) = value {
        let source = literal.to_string();
        let bare = source.trim_start_matches('r').trim_matches('#');
        if let Some(text) = bare.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            return Ok((literal.clone(), text.to_string()));
        }
    }
    Err(Error::new(value.span(), format!("`{option}` takes a string")))
}

/// A whole number above zero.
fn count(value: &TokenTree) -> Result<Literal> {
    let refuse = |message: &str| Err(Error::new(value.span(), message));
    let TokenTree::Literal(literal) = value else {
        return refuse("`worker_threads` takes a whole number");
    };
    let source = literal.to_string().replace('_', "");
    let source = source.strip_suffix("usize").unwrap_or(&source);
    let (digits, radix) = match source.get(..2) {
        Some("0x") => (&source[2..], 16),
        Some("0o") => (&source[2..], 8),
        Some("0b") => (&source[2..], 2),
        _ => (source, 10),
    };
    match usize::from_str_radix(digits, radix) {
        Ok(0) => refuse("`worker_threads` cannot be 0"),
        Ok(_) => Ok(literal.clone()),
        Err(_) => refuse("`worker_threads` takes a whole number"),
    }
}

fn boolean(value: &TokenTree) -> Result<TokenTree> {
    match value {
        TokenTree::Ident(ident) if matches!(ident.to_string().as_str(), "true" | "false") => {
            Ok(value.clone())
        }
        _ => Err(Error::new(value.span(), "`start_paused` is `true` or `false`")),
    }
}

/// The path in a string such as `"my_crate::tokio"`.
fn path(value: &TokenTree) -> Result<TokenStream> {
    let (_, text) = string(value, "crate")?;
    let refuse = || {
        let message = format!("`crate` takes the path of a crate or module, not `{text}`");
        Error::new(value.span(), message)
    };
    let is_name = |segment: &str| {
        let mut chars = segment.trim().trim_start_matches("r#").chars();
        chars.next().is_some_and(|first| first == '_' || first.is_alphabetic())
            && chars.all(|char| char == '_' || char.is_alphanumeric())
    };
    let trimmed = text.trim();
    if !trimmed.strip_prefix("::").unwrap_or(trimmed).split("::").all(is_name) {
        return Err(refuse());
    }
    let tokens = trimmed.parse::<TokenStream>().map_err(|_| refuse())?;
    // Resolved at the call site, blamed on the string.
    let blame = |mut token: TokenTree| {
        token.set_span(Span::call_site().located_at(value.span()));
        token
    };
    Ok(tokens.into_iter().map(blame).collect())
}

/// The literal inside the invisible group that a `$value:literal` comes in.
fn ungroup(value: &TokenTree) -> TokenTree {
    match value {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            match (tokens.next(), tokens.next()) {
                (Some(inner), None) => ungroup(&inner),
                _ => value.clone(),
            }
        }
        _ => value.clone(),
    }
}
