//! Trees of documents and of pages: who is below whom, and in which order.

use uuid::Uuid;

use crate::problem::Problem;

/// The most levels of a tree: its JSON has to fit into what readers take.
pub(crate) const MOST_LEVELS: usize = 16;
/// The most nodes of a tree, which is always shown whole.
pub(crate) const MOST_NODES: usize = 1_000;

/// A node, without what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its id.
    pub(crate) id: Uuid,
    /// What it is below.
    pub(crate) parent: Option<Uuid>,
    /// Its place among those below the same.
    pub(crate) position: i32,
}

/// Why a node cannot stand where it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misplaced {
    /// There is nothing to be below.
    NoParent,
    /// It would be below itself.
    BelowItself,
    /// It would be below too many others.
    TooDeep,
}

impl Misplaced {
    /// In words.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::NoParent => "must be the id of another one here",
            Self::BelowItself => "must not be the thing itself or below it",
            Self::TooDeep => "must have fewer than 16 others above",
        }
    }
}

impl From<Misplaced> for Problem {
    fn from(misplaced: Misplaced) -> Self {
        Self::conflict(format!("The parent {}", misplaced.reason()))
    }
}

/// Whether a node, with all that is below it, can stand below a parent. A node that is not there
/// yet has nothing below it.
pub(crate) fn fits(nodes: &[Node], id: Uuid, parent: Option<Uuid>) -> Result<(), Misplaced> {
    let Some(parent) = parent else { return Ok(()) };
    if !nodes.iter().any(|node| node.id == parent) {
        return Err(Misplaced::NoParent);
    }
    let above: Vec<_> = ancestors(nodes, parent).collect();
    if above.contains(&id) {
        return Err(Misplaced::BelowItself);
    }
    let levels = above.len() + height(nodes, id);
    if levels > MOST_LEVELS { Err(Misplaced::TooDeep) } else { Ok(()) }
}

/// A node and those above it, as many as can be.
pub(crate) fn ancestors(nodes: &[Node], id: Uuid) -> impl Iterator<Item = Uuid> + '_ {
    let parent = |id: &Uuid| nodes.iter().find(|node| node.id == *id)?.parent;
    core::iter::successors(Some(id), parent).take(MOST_LEVELS + 1)
}

/// The levels of a node and what is below it.
fn height(nodes: &[Node], id: Uuid) -> usize {
    let mut level = vec![id];
    let mut height = 0;
    while !level.is_empty() && height <= MOST_LEVELS {
        height += 1;
        let below = nodes.iter().filter(|node| node.parent.is_some_and(|at| level.contains(&at)));
        level = below.map(|node| node.id).collect();
    }
    height
}

/// Those that stand below a parent once a node stands among them at an index, in order. An index
/// below zero counts from the end; one beyond the others is the end.
pub(crate) fn siblings(
    nodes: &[Node],
    id: Uuid,
    parent: Option<Uuid>,
    index: Option<i64>,
) -> Vec<Uuid> {
    let mut others: Vec<_> =
        nodes.iter().filter(|node| node.parent == parent && node.id != id).collect();
    others.sort_by_key(|node| (node.position, node.id));
    let last = others.len();
    let index = match index {
        None => last,
        Some(index) if index < 0 => {
            let back = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
            (last + 1).saturating_sub(back)
        }
        Some(index) => usize::try_from(index).unwrap_or(usize::MAX).min(last),
    };
    let mut ids: Vec<_> = others.into_iter().map(|node| node.id).collect();
    ids.insert(index, id);
    ids
}

/// The place behind all that stand below a parent.
pub(crate) fn behind(nodes: &[Node], parent: Option<Uuid>) -> i32 {
    let below = nodes.iter().filter(|node| node.parent == parent);
    below.map(|node| node.position).max().map_or(0, |last| last.saturating_add(1))
}

/// Makes a tree of rows that are in order: `node` says who one is and what it is below, `grown`
/// adds those below it. A row whose parent is not among the rows is at the top.
pub(crate) fn grow<R, T>(
    rows: Vec<R>,
    node: impl Fn(&R) -> (Uuid, Option<Uuid>),
    grown: impl Fn(R, Vec<T>) -> T,
) -> Vec<T> {
    let ids: Vec<_> = rows.iter().map(|row| node(row).0).collect();
    let mut waiting: Vec<(Option<Uuid>, Option<R>)> = rows
        .into_iter()
        .map(|row| (node(&row).1.filter(|parent| ids.contains(parent)), Some(row)))
        .collect();
    below(&mut waiting, None, &node, &grown, 0)
}

fn below<R, T>(
    waiting: &mut Vec<(Option<Uuid>, Option<R>)>,
    parent: Option<Uuid>,
    node: &impl Fn(&R) -> (Uuid, Option<Uuid>),
    grown: &impl Fn(R, Vec<T>) -> T,
    level: usize,
) -> Vec<T> {
    if level > MOST_LEVELS {
        return Vec::new();
    }
    let here = waiting.iter_mut().filter(|(of, _)| *of == parent);
    let rows: Vec<R> = here.filter_map(|(_, row)| row.take()).collect();
    let mut trees = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, _) = node(&row);
        let children = below(waiting, Some(id), node, grown, level + 1);
        trees.push(grown(row, children));
    }
    trees
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    /// Of ids and parents; 0 is no parent.
    fn nodes(of: &[(u128, u128)]) -> Vec<Node> {
        let parent = |parent| (parent > 0).then(|| id(parent));
        let node = |(position, &(it, above)): (usize, &(u128, u128))| Node {
            id: id(it),
            parent: parent(above),
            position: i32::try_from(position).unwrap(),
        };
        of.iter().enumerate().map(node).collect()
    }

    #[test]
    fn nothing_comes_below_itself_or_too_deep() {
        let tree = nodes(&[(1, 0), (2, 1), (3, 2), (4, 0)]);
        assert_eq!(fits(&tree, id(1), Some(id(3))), Err(Misplaced::BelowItself));
        assert_eq!(fits(&tree, id(1), Some(id(1))), Err(Misplaced::BelowItself));
        assert_eq!(fits(&tree, id(1), Some(id(9))), Err(Misplaced::NoParent));
        assert_eq!(fits(&tree, id(1), Some(id(4))), Ok(()));
        assert_eq!(fits(&tree, id(1), None), Ok(()));
        let chain: Vec<_> = (1..=15).map(|n| (n, n - 1)).collect();
        let tree = nodes(&chain);
        assert_eq!(fits(&tree, id(99), Some(id(15))), Ok(()));
        let chain: Vec<_> = (1..=16).map(|n| (n, n - 1)).chain([(20, 0), (21, 20)]).collect();
        let tree = nodes(&chain);
        assert_eq!(fits(&tree, id(99), Some(id(16))), Err(Misplaced::TooDeep));
        assert_eq!(fits(&tree, id(20), Some(id(15))), Err(Misplaced::TooDeep));
        assert_eq!(fits(&tree, id(20), Some(id(14))), Ok(()));
    }

    #[test]
    fn an_index_counts_from_either_end() {
        let tree = nodes(&[(1, 0), (2, 0), (3, 0), (4, 3)]);
        for (index, expected) in [
            (Some(0), [4, 1, 2, 3]),
            (Some(1), [1, 4, 2, 3]),
            (Some(9), [1, 2, 3, 4]),
            (None, [1, 2, 3, 4]),
            (Some(-1), [1, 2, 3, 4]),
            (Some(-2), [1, 2, 4, 3]),
            (Some(-9), [4, 1, 2, 3]),
            (Some(i64::MIN), [4, 1, 2, 3]),
        ] {
            assert_eq!(siblings(&tree, id(4), None, index), expected.map(id), "{index:?}");
        }
        assert_eq!(siblings(&tree, id(1), None, Some(-1)), [2, 3, 1].map(id));
        assert_eq!((behind(&tree, None), behind(&tree, Some(id(1)))), (3, 0));
    }

    #[test]
    fn rows_grow_into_trees() {
        #[derive(Debug, PartialEq)]
        struct Tree(u128, Vec<Self>);
        let leaf = |number| Tree(number, vec![]);
        let rows = vec![(3, Some(1)), (1, None), (2, None), (4, Some(3)), (5, Some(9))];
        let trees = grow(
            rows,
            |(it, above)| (id(*it), above.map(id)),
            |(it, _): (u128, Option<u128>), children| Tree(it, children),
        );
        let expected = vec![Tree(1, vec![Tree(3, vec![leaf(4)])]), leaf(2), leaf(5)];
        assert_eq!(trees, expected);
    }
}
