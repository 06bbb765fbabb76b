//! Writes the function that runs an async body on a runtime.
//!
//! ```text
//! fn main() -> Output {
//!     let body = async { .. };
//!     return creel::__private::run_main(creel::runtime::Builder::..().enable_all(), body);
//! }
//! ```
//!
//! What `run_main` does is the business of the crate and its host: natively it blocks, in a
//! browser it schedules and returns. `run_test` takes the future pinned and without its type, so
//! that all tests with the same output share one compiled `block_on`.

use crate::error::{Error, Result};
use crate::function::Function;
use crate::manifest;
use crate::options::{Flavor, Options};
use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

/// Which attribute it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Main,
    Test,
}

/// Expands an attribute. A mistake in it leaves the function in place, so that an editor knows it
/// and the compiler complains of nothing else.
pub(crate) fn attribute(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
    let krate = manifest::name_of_creel();
    let function = match Function::parse(item.clone()) {
        Ok(function) => function,
        Err(error) => return [item, error.into_compile_error()].into_iter().collect(),
    };
    let attribute = match kind {
        Kind::Main => format!("{krate}::main"),
        Kind::Test => format!("{krate}::test"),
    };
    let options = check(&function, kind).and_then(|()| Options::parse(options, kind, &attribute));
    let (options, error) = match options {
        Ok(options) => (options, None),
        Err(error) => (Options::default(), Some(error.into_compile_error())),
    };
    let mut tokens = write(kind, function, options, &krate);
    tokens.extend(error);
    tokens
}

fn check(function: &Function, kind: Kind) -> Result<()> {
    let second_test = function.attribute_groups().find(|group| is_test(group));
    if let (Kind::Test, Some(group)) = (kind, second_test) {
        let message = "this makes it a test a second time: keep one of the two attributes";
        return Err(Error::new(group.span(), message));
    }
    if !function.is_async {
        return Err(Error::new(function.keyword.span(), "the function must be `async`"));
    }
    if kind == Kind::Main && function.name.to_string() == "main" && function.has_parameters() {
        return Err(Error::new(function.name.span(), "`main` takes no parameters"));
    }
    Ok(())
}

/// `test`, or its full path in the prelude of an edition.
fn is_test(attribute: &Group) -> bool {
    let path: String = attribute.stream().into_iter().map(|token| token.to_string()).collect();
    let path = path.trim_start_matches("::");
    path == "test"
        || ["core::prelude::", "std::prelude::"]
            .iter()
            .any(|prelude| path.starts_with(prelude) && path.ends_with("::test"))
}

fn write(kind: Kind, function: Function, options: Options, krate: &str) -> TokenStream {
    let (start, end) = function.last_statement();
    let krate = options.krate.clone().unwrap_or_else(|| parse(&format!("::{krate}"), end));
    let (run, body) = match kind {
        Kind::Main => ("::__private::run_main", ", body"),
        Kind::Test => ("::__private::run_test", ", ::core::pin::pin!(body)"),
    };
    let statements = Template::new(end)
        .text("let body = async")
        .token(function.body)
        .text(";")
        .at(start)
        .text("#[allow(clippy::needless_return, clippy::diverging_sub_expression)]")
        .group(Delimiter::Brace, |block| {
            let call = block.text("return").tokens(krate.clone()).text(run);
            let arguments = |it| builder(it, kind, &options, &krate).text(body);
            call.group(Delimiter::Parenthesis, arguments).text(";")
        });

    let mut tokens: TokenStream = function.attributes.into_iter().collect();
    if kind == Kind::Test {
        tokens.extend(parse("#[::core::prelude::v1::test]", Span::call_site()));
    }
    tokens.extend(function.head);
    tokens.extend([TokenTree::Ident(function.keyword), TokenTree::Ident(function.name)]);
    tokens.extend(function.signature);
    tokens.extend(Template::new(end).group(Delimiter::Brace, |_| statements).finish());
    tokens
}

/// The configured builder, as `&mut Builder`.
fn builder(at: Template, kind: Kind, options: &Options, krate: &TokenStream) -> Template {
    let constructor = match (options.flavor, kind) {
        (Some(Flavor::MultiThread), _) => "::runtime::Builder::new_multi_thread()",
        (Some(Flavor::CurrentThread | Flavor::Local), _) | (None, Kind::Test) => {
            "::runtime::Builder::new_current_thread()"
        }
        // Threads where the host has them, else the one there is.
        (None, Kind::Main) => "::__private::main_builder()",
    };
    let mut at = at.tokens(krate.clone()).text(constructor);
    if let Some(count) = &options.worker_threads {
        at = at.text(".worker_threads").group(Delimiter::Parenthesis, |it| it.token(count.clone()));
    }
    if let Some(paused) = &options.start_paused {
        at = at.text(".start_paused").group(Delimiter::Parenthesis, |it| it.token(paused.clone()));
    }
    if let Some((reaction, _)) = options.unhandled_panic {
        at = at.text(".unhandled_panic").group(Delimiter::Parenthesis, |it| {
            it.tokens(krate.clone()).text(&format!("::runtime::UnhandledPanic::{reaction}"))
        });
    }
    if let Some(name) = &options.name {
        at = at.text(".name").group(Delimiter::Parenthesis, |it| it.token(name.clone()));
    }
    at.text(".enable_all()")
}

/// Tokens written from source text and pieces of the user's function.
struct Template {
    tokens: TokenStream,
    span: Span,
}

impl Template {
    fn new(span: Span) -> Self {
        Self { tokens: TokenStream::new(), span }
    }

    /// What follows is blamed on `span`.
    fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    fn text(mut self, source: &str) -> Self {
        self.tokens.extend(parse(source, self.span));
        self
    }

    fn token(mut self, token: impl Into<TokenTree>) -> Self {
        self.tokens.extend([token.into()]);
        self
    }

    fn tokens(mut self, tokens: TokenStream) -> Self {
        self.tokens.extend(tokens);
        self
    }

    fn group(mut self, delimiter: Delimiter, fill: impl FnOnce(Self) -> Self) -> Self {
        let mut group = Group::new(delimiter, fill(Self::new(self.span)).finish());
        group.set_span(resolved_at_call_site(self.span));
        self.tokens.extend([TokenTree::Group(group)]);
        self
    }

    fn finish(self) -> TokenStream {
        self.tokens
    }
}

/// Tokens of `source` that are blamed on `span` and resolved where the attribute stands.
fn parse(source: &str, span: Span) -> TokenStream {
    let tokens = source.parse::<TokenStream>().expect("the templates are valid tokens");
    let span = resolved_at_call_site(span);
    tokens.into_iter().map(|token| respan(token, span)).collect()
}

fn respan(token: TokenTree, span: Span) -> TokenTree {
    let mut token = match token {
        TokenTree::Group(group) => {
            let inner = group.stream().into_iter().map(|token| respan(token, span)).collect();
            Group::new(group.delimiter(), inner).into()
        }
        token => token,
    };
    token.set_span(span);
    token
}

/// Names mean what they mean at the attribute, whoever wrote the statement that is blamed.
fn resolved_at_call_site(span: Span) -> Span {
    Span::call_site().located_at(span)
}
