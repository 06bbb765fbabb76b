//! Takes a function apart, as far as an attribute has to know it.
//!
//! The signature is not parsed, only divided: whatever Rust allows in a parameter, a bound or a
//! return type, today or later, passes through unread.

use crate::error::{Error, Result};
use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// `attributes head fn name signature body`.
pub(crate) struct Function {
    /// Everything with a `#`, those written inside the body included.
    pub(crate) attributes: Vec<TokenTree>,
    /// Visibility and qualifiers, without `async`.
    pub(crate) head: Vec<TokenTree>,
    /// Whether `async` was among the qualifiers.
    pub(crate) is_async: bool,
    /// The keyword `fn`.
    pub(crate) keyword: Ident,
    pub(crate) name: Ident,
    /// From behind the name up to the body.
    pub(crate) signature: Vec<TokenTree>,
    /// Where in `signature` the parameters stand.
    parameters: usize,
    pub(crate) body: Group,
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> Result<Self> {
        let mut tokens = ungroup(item).into_iter().peekable();
        let mut attributes = Vec::new();
        while let Some(hash) = tokens.next_if(|token| is_punct(token, '#')) {
            attributes.push(hash);
            attributes.extend(tokens.next());
        }

        let (mut head, mut is_async) = (Vec::new(), false);
        let keyword = loop {
            match tokens.next() {
                Some(TokenTree::Ident(ident)) if ident.to_string() == "fn" => break ident,
                Some(TokenTree::Ident(ident)) if ident.to_string() == "async" => is_async = true,
                Some(token) if may_precede_fn(&token) => head.push(token),
                other => return Err(not_a_function(other.as_ref())),
            }
        };
        let name = match tokens.next() {
            Some(TokenTree::Ident(name)) => name,
            other => return Err(not_a_function(other.as_ref())),
        };

        let mut signature: Vec<TokenTree> = tokens.collect();
        let parameters =
            find_parameters(&signature).ok_or_else(|| not_a_function(signature.first()))?;
        let body = match signature.pop().map(ungroup_block) {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
            other => {
                let span = other.map_or_else(|| name.span(), |token| token.span());
                return Err(Error::new(span, "this attribute needs a function with a body"));
            }
        };
        let body = lift_inner_attributes(body, &mut attributes);
        Ok(Self { attributes, head, is_async, keyword, name, signature, parameters, body })
    }

    pub(crate) fn has_parameters(&self) -> bool {
        match &self.signature[self.parameters] {
            TokenTree::Group(parameters) => !parameters.stream().is_empty(),
            _ => false,
        }
    }

    /// The brackets of each attribute.
    pub(crate) fn attribute_groups(&self) -> impl Iterator<Item = &Group> {
        self.attributes.iter().filter_map(|token| match token {
            TokenTree::Group(group) => Some(group),
            _ => None,
        })
    }

    /// The spans of the first and last token of the last statement: the place that a reader is
    /// shown when the type of the body is not what the signature says.
    pub(crate) fn last_statement(&self) -> (Span, Span) {
        let tokens: Vec<TokenTree> = self.body.stream().into_iter().collect();
        let before = tokens.len().saturating_sub(1);
        let start = tokens[..before].iter().rposition(|token| is_punct(token, ';'));
        crate::error::bounds(&tokens[start.map_or(0, |semicolon| semicolon + 1)..])
    }
}

pub(crate) fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

/// The tokens, taken out of the invisible group that a `macro_rules` fragment comes in.
fn ungroup(item: TokenStream) -> Vec<TokenTree> {
    let tokens: Vec<TokenTree> = item.into_iter().collect();
    match &tokens[..] {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => {
            ungroup(group.stream())
        }
        _ => tokens,
    }
}

/// As `ungroup`, for a body that came as a `$body:block`.
fn ungroup_block(token: TokenTree) -> TokenTree {
    match &token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            match &ungroup(group.stream())[..] {
                [inner] => inner.clone(),
                _ => token,
            }
        }
        _ => token,
    }
}

/// Visibility, `const`, `unsafe`, `extern "C"`: words, a literal and groups, but no braces.
fn may_precede_fn(token: &TokenTree) -> bool {
    const OTHER_ITEMS: [&str; 9] =
        ["struct", "enum", "union", "trait", "impl", "mod", "type", "static", "use"];
    match token {
        TokenTree::Ident(ident) => !OTHER_ITEMS.contains(&ident.to_string().as_str()),
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Literal(_) => true,
        TokenTree::Punct(_) => false,
    }
}

fn not_a_function(token: Option<&TokenTree>) -> Error {
    let span = token.map_or_else(Span::call_site, TokenTree::span);
    Error::new(span, "this attribute stands before an `async fn`")
}

/// The index of the parameter list: the first parentheses outside the generics' angle brackets.
fn find_parameters(signature: &[TokenTree]) -> Option<usize> {
    let mut depth = 0usize;
    let mut after_dash = false;
    for (index, token) in signature.iter().enumerate() {
        match token {
            TokenTree::Group(group)
                if depth == 0 && group.delimiter() == Delimiter::Parenthesis =>
            {
                return Some(index);
            }
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            // The `>` of `->` closes nothing.
            TokenTree::Punct(punct) if punct.as_char() == '>' && !after_dash => {
                depth = depth.checked_sub(1)?;
            }
            _ => {}
        }
        after_dash = is_punct(token, '-');
    }
    None
}

/// Moves `#![..]` from the head of a body to the attributes of the function, because the body
/// becomes an async block, which cannot carry them.
fn lift_inner_attributes(body: Group, attributes: &mut Vec<TokenTree>) -> Group {
    let mut tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    while let [hash, bang, TokenTree::Group(group), ..] = &tokens[..]
        && is_punct(hash, '#')
        && is_punct(bang, '!')
        && group.delimiter() == Delimiter::Bracket
    {
        attributes.push(tokens.remove(0));
        tokens.remove(0);
        attributes.push(tokens.remove(0));
    }
    let mut stripped = Group::new(Delimiter::Brace, tokens.into_iter().collect());
    stripped.set_span(body.span());
    stripped
}
