//! Builds the tree of a template: what is unknown is refused here, before anything is stored.

use super::Fault;
use super::context::{self, Field};
use super::function::{self, Function};
use super::lexer::{Piece, Token};
use super::value::Value;

/// The deepest nesting of parentheses and of conditions.
const DEEPEST: usize = 24;

/// A part of a template.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Text that stands for itself.
    Text(String),
    /// A value to put in its place.
    Put(Expression),
    /// One of several parts.
    If {
        /// Each condition with what it leads to; the first that holds counts.
        branches: Vec<(Expression, Vec<Self>)>,
        /// What is left.
        otherwise: Vec<Self>,
    },
}

/// Something with a value.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    /// A value of the template itself.
    Literal(Value),
    /// A field of the server or the client.
    Field(Field),
    /// What a function makes of other values.
    Call(&'static Function, Vec<Self>),
    /// A member of a value.
    Member(Box<Self>, String),
}

/// Builds the tree of the pieces.
pub(super) fn parse(pieces: Vec<Piece>) -> Result<Vec<Node>, Fault> {
    let mut parser = Parser { pieces: pieces.into_iter() };
    let (nodes, end) = parser.nodes(0)?;
    match end {
        Stop::Text => Ok(nodes),
        Stop::End => Err(Fault::new("has an `end` without an `if`")),
        Stop::Else | Stop::ElseIf(_) => Err(Fault::new("has an `else` without an `if`")),
    }
}

/// What ended a row of nodes.
enum Stop {
    Text,
    End,
    Else,
    ElseIf(Expression),
}

struct Parser {
    pieces: std::vec::IntoIter<Piece>,
}

impl Parser {
    fn nodes(&mut self, depth: usize) -> Result<(Vec<Node>, Stop), Fault> {
        if depth > DEEPEST {
            return Err(Fault::new("nests conditions too deep"));
        }
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let tokens = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(tokens) => tokens,
            };
            let keyword = match tokens.first() {
                Some(Token::Word(word)) => word.as_str(),
                _ => "",
            };
            match keyword {
                "if" => {
                    let condition = expression(tokens, 1)?;
                    nodes.push(self.condition(condition, depth)?);
                }
                "else" => {
                    let is_if = tokens.get(1) == Some(&Token::Word("if".into()));
                    if is_if {
                        return Ok((nodes, Stop::ElseIf(expression(tokens, 2)?)));
                    }
                    alone(&tokens, "else")?;
                    return Ok((nodes, Stop::Else));
                }
                "end" => {
                    alone(&tokens, "end")?;
                    return Ok((nodes, Stop::End));
                }
                "range" | "with" | "define" | "template" | "block" | "break" | "continue" => {
                    return Err(Fault::new(format!("uses `{keyword}`, which is not supported")));
                }
                _ => nodes.push(Node::Put(expression(tokens, 0)?)),
            }
        }
        Ok((nodes, Stop::Text))
    }

    fn condition(&mut self, first: Expression, depth: usize) -> Result<Node, Fault> {
        let mut branches = Vec::new();
        let mut condition = first;
        loop {
            let (nodes, end) = self.nodes(depth + 1)?;
            branches.push((condition, nodes));
            match end {
                Stop::End => return Ok(Node::If { branches, otherwise: Vec::new() }),
                Stop::ElseIf(next) => condition = next,
                Stop::Else => {
                    let (otherwise, Stop::End) = self.nodes(depth + 1)? else {
                        return Err(Fault::new("has an `else` without its `end`"));
                    };
                    return Ok(Node::If { branches, otherwise });
                }
                Stop::Text => return Err(Fault::new("has an `if` without its `end`")),
            }
        }
    }
}

fn alone(tokens: &[Token], keyword: &str) -> Result<(), Fault> {
    if tokens.len() == 1 {
        return Ok(());
    }
    Err(Fault::new(format!("has something behind `{keyword}`")))
}

fn expression(tokens: Vec<Token>, skip: usize) -> Result<Expression, Fault> {
    let mut words = Words { tokens: tokens.into_iter().skip(skip).peekable() };
    let made = words.pipeline(0)?;
    match words.tokens.next() {
        None => Ok(made),
        Some(_) => Err(Fault::new("has a `)` without its `(`")),
    }
}

struct Words {
    tokens: core::iter::Peekable<core::iter::Skip<std::vec::IntoIter<Token>>>,
}

impl Words {
    /// Commands, each of which gets the value of the one before as its last argument.
    fn pipeline(&mut self, depth: usize) -> Result<Expression, Fault> {
        if depth > DEEPEST {
            return Err(Fault::new("nests parentheses too deep"));
        }
        let mut value = self.command(None, depth)?;
        while self.tokens.next_if_eq(&Token::Pipe).is_some() {
            value = self.command(Some(value), depth)?;
        }
        Ok(value)
    }

    fn command(&mut self, piped: Option<Expression>, depth: usize) -> Result<Expression, Fault> {
        let first = self.tokens.next().ok_or_else(|| Fault::new("lacks a value"))?;
        let function = match &first {
            Token::Word(word) if literal(word).is_none() => Some(named(word)?),
            _ => None,
        };
        let Some(function) = function else {
            if piped.is_some() {
                return Err(Fault::new("has no function behind a `|`"));
            }
            let value = self.operand(first, depth)?;
            return match self.tokens.peek() {
                None | Some(Token::Pipe | Token::Close) => Ok(value),
                Some(_) => Err(Fault::new("has two values without a function")),
            };
        };
        let mut arguments = Vec::new();
        while let Some(token) =
            self.tokens.next_if(|token| !matches!(token, Token::Pipe | Token::Close))
        {
            arguments.push(self.operand(token, depth)?);
        }
        arguments.extend(piped);
        call(function, arguments)
    }

    fn operand(&mut self, token: Token, depth: usize) -> Result<Expression, Fault> {
        match token {
            Token::Text(text) => Ok(Expression::Literal(Value::Text(text))),
            Token::Int(number) => Ok(Expression::Literal(Value::Int(number))),
            Token::Float(number) => Ok(Expression::Literal(Value::Float(number))),
            Token::Field(names) => field(&names),
            Token::Word(word) => match literal(&word) {
                Some(value) => Ok(Expression::Literal(value)),
                None => call(named(&word)?, Vec::new()),
            },
            Token::Open => {
                let inner = self.pipeline(depth + 1)?;
                if self.tokens.next_if_eq(&Token::Close).is_none() {
                    return Err(Fault::new("has a `(` without its `)`"));
                }
                let mut value = inner;
                if let Some(Token::Field(names)) =
                    self.tokens.next_if(|token| matches!(token, Token::Field(_)))
                {
                    value = members(value, names);
                }
                Ok(value)
            }
            Token::Pipe | Token::Close => Err(Fault::new("lacks a value")),
        }
    }
}

fn literal(word: &str) -> Option<Value> {
    match word {
        "true" => Some(Value::Flag(true)),
        "false" => Some(Value::Flag(false)),
        "nil" => Some(Value::Nil),
        _ => None,
    }
}

fn named(word: &str) -> Result<&'static Function, Fault> {
    function::find(word).ok_or_else(|| Fault::new(format!("uses the unknown function `{word}`")))
}

fn call(function: &'static Function, arguments: Vec<Expression>) -> Result<Expression, Fault> {
    let given = arguments.len();
    if given < function.least || given > function.most {
        let takes = match (function.least, function.most) {
            (least, most) if least == most => format!("{least}"),
            (least, usize::MAX) => format!("{least} or more"),
            (least, most) => format!("{least} to {most}"),
        };
        let name = function.name;
        let reason = format!("gives the function `{name}` {given} arguments; it takes {takes}");
        return Err(Fault::new(reason));
    }
    Ok(Expression::Call(function, arguments))
}

fn field(names: &[String]) -> Result<Expression, Fault> {
    let whole = || format!(".{}", names.join("."));
    let mut rest = names.iter();
    let (Some(scope), Some(name)) = (rest.next(), rest.next()) else {
        return Err(Fault::new(format!("uses the unknown field `{}`", whole())));
    };
    let field = context::find(scope, name);
    let field = field.ok_or_else(|| Fault::new(format!("uses the unknown field `{}`", whole())))?;
    if rest.len() > usize::from(field.has_members) {
        return Err(Fault::new(format!("uses the unknown field `{}`", whole())));
    }
    Ok(members(Expression::Field(field), rest.cloned().collect()))
}

fn members(value: Expression, names: Vec<String>) -> Expression {
    names.into_iter().fold(value, |value, name| Expression::Member(Box::new(value), name))
}
