//! An error that points at the tokens that caused it.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// A message and the first and last token it is about.
#[derive(Debug)]
pub(crate) struct Error {
    message: String,
    start: Span,
    end: Span,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), start: span, end: span }
    }

    /// An error about all of `tokens`.
    pub(crate) fn spanning(tokens: &[TokenTree], message: impl Into<String>) -> Self {
        let (start, end) = bounds(tokens);
        Self { message: message.into(), start, end }
    }

    /// `::core::compile_error! { "message" }`. The compiler underlines a macro call from the span
    /// of its first token to that of its last, which is how a range is said on stable Rust.
    pub(crate) fn into_compile_error(self) -> TokenStream {
        let mut tokens = Vec::new();
        for name in ["core", "compile_error"] {
            tokens.push(TokenTree::Punct(Punct::new(':', Spacing::Joint)));
            tokens.push(TokenTree::Punct(Punct::new(':', Spacing::Alone)));
            tokens.push(TokenTree::Ident(Ident::new(name, self.start)));
        }
        tokens.push(TokenTree::Punct(Punct::new('!', Spacing::Alone)));
        for token in &mut tokens {
            token.set_span(self.start);
        }
        let mut message = TokenTree::Literal(Literal::string(&self.message));
        message.set_span(self.end);
        let mut body = Group::new(Delimiter::Brace, message.into());
        body.set_span(self.end);
        tokens.push(body.into());
        tokens.into_iter().collect()
    }
}

/// The spans of the first and the last token; the call site if there is none.
pub(crate) fn bounds(tokens: &[TokenTree]) -> (Span, Span) {
    let start = tokens.first().map_or_else(Span::call_site, TokenTree::span);
    let end = tokens.last().map_or(start, TokenTree::span);
    (start, end)
}
