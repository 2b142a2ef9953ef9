use driftgate_model::Matrix;
use serde::{Deserialize, Serialize};

/// A node of a binary tree in preorder: the left child of node `i` is node `i + 1`.
///
/// A split sends a row left when its value is at most `value`; a leaf answers with `value` (boosting) or with row
/// `right` of the forest's table of leaf answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Node {
    /// [`Node::LEAF`], or the column that splits, plus [`Node::MISSING_LEFT`] when missing values go left.
    pub mark: u32,
    /// The right child of a split.
    pub right: u32,
    /// The threshold of a split.
    pub value: f64,
}

impl Node {
    /// The mark of a leaf.
    pub(crate) const LEAF: u32 = u32::MAX;
    /// Set when missing values go left.
    pub(crate) const MISSING_LEFT: u32 = 1 << 31;

    pub(crate) fn leaf(value: f64, answer: u32) -> Self {
        Node { mark: Node::LEAF, right: answer, value }
    }

    pub(crate) fn split(feature: usize, threshold: f64, missing_left: bool) -> Self {
        let mark = feature as u32 | if missing_left { Node::MISSING_LEFT } else { 0 };
        Node { mark, right: 0, value: threshold }
    }

    #[inline]
    pub(crate) fn is_leaf(self) -> bool {
        self.mark == Node::LEAF
    }

    #[inline]
    pub(crate) fn feature(self) -> usize {
        (self.mark & !Node::MISSING_LEFT) as usize
    }

    /// Whether a row with this value goes left. No branch: the side of a row is the one thing a processor cannot guess.
    #[inline]
    pub(crate) fn goes_left(self, x: f64) -> bool {
        (x <= self.value) | (x.is_nan() & (self.mark & Node::MISSING_LEFT != 0))
    }
}

/// Rows that walk down a tree side by side: each step waits for memory, and the waits overlap.
const ABREAST: usize = 8;

/// Calls `f(row, leaf)` with the leaf that each row of `rows` (`width` values a row) reaches. The tree must have passed
/// [`check`].
#[inline]
pub(crate) fn descend(nodes: &[Node], rows: &[f64], width: usize, mut f: impl FnMut(usize, Node)) {
    for (block, rows) in rows.chunks(ABREAST * width).enumerate() {
        let count = rows.len() / width;
        let mut at = [0usize; ABREAST];
        let mut walking = true;
        while walking {
            walking = false;
            for (at, row) in at.iter_mut().zip(rows.chunks_exact(width)) {
                let node = nodes[*at];
                if !node.is_leaf() {
                    *at = if node.goes_left(row[node.feature()]) { *at + 1 } else { node.right as usize };
                    walking = true;
                }
            }
        }
        for (i, &at) in at[..count].iter().enumerate() {
            f(block * ABREAST + i, nodes[at]);
        }
    }
}

/// Values laid out together for prediction: few enough to stay in a near cache, many enough that a tree, once loaded,
/// serves many rows.
const BLOCK: usize = 1 << 15;

/// Calls `f(first row, values row by row)` for consecutive blocks of rows.
pub(crate) fn for_each_block(x: &Matrix, mut f: impl FnMut(usize, &[f64])) {
    let block = (BLOCK / x.cols().max(1)).max(ABREAST);
    let mut rows = Vec::with_capacity(block.min(x.rows()) * x.cols());
    for from in (0..x.rows()).step_by(block) {
        let count = block.min(x.rows() - from);
        rows.clear();
        rows.resize(count * x.cols(), 0.0);
        for j in 0..x.cols() {
            for (i, &v) in x.column(j)[from..from + count].iter().enumerate() {
                rows[i * x.cols() + j] = v;
            }
        }
        f(from, &rows);
    }
}

/// Checks that `nodes` is one tree in preorder over `features` columns, each leaf naming one of `answers`, and returns its
/// depth (0 for a lone leaf).
pub(crate) fn check(nodes: &[Node], features: usize, answers: usize) -> Result<usize, String> {
    // Right children still to come, outermost first, with their depth. In preorder they appear innermost first.
    let mut pending: Vec<(u32, usize)> = Vec::new();
    let mut depth = 0;
    let mut deepest = 0;
    let mut after_leaf = false;
    for (i, node) in nodes.iter().enumerate() {
        if after_leaf {
            match pending.pop() {
                Some((right, d)) if right as usize == i => depth = d,
                _ => return Err(format!("node {i} is not where its parent says")),
            }
        }
        deepest = deepest.max(depth);
        after_leaf = node.is_leaf();
        if node.is_leaf() {
            if !node.value.is_finite() || node.right as usize >= answers.max(1) {
                return Err(format!("leaf {i} has no valid answer"));
            }
        } else {
            if node.feature() >= features {
                return Err(format!("node {i} splits column {} of {features}", node.feature()));
            }
            if node.value.is_nan() {
                return Err(format!("node {i} has no threshold"));
            }
            depth += 1;
            pending.push((node.right, depth));
        }
    }
    if after_leaf && pending.is_empty() { Ok(deepest) } else { Err("a tree ends before its last leaf".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(feature: usize, right: u32) -> Node {
        Node { right, ..Node::split(feature, 0.5, false) }
    }

    #[test]
    fn accepts_preorder_trees_and_nothing_else() {
        let leaf = Node::leaf(1.0, 0);
        assert_eq!(check(&[leaf], 1, 1), Ok(0));
        assert_eq!(check(&[split(0, 2), leaf, leaf], 1, 1), Ok(1));
        assert_eq!(check(&[split(0, 4), split(1, 3), leaf, leaf, leaf], 2, 1), Ok(2));
        assert!(check(&[], 1, 1).is_err());
        assert!(check(&[leaf, leaf], 1, 1).is_err());
        assert!(check(&[split(0, 0), leaf, leaf], 1, 1).is_err(), "a cycle");
        assert!(check(&[split(0, 9), leaf, leaf], 1, 1).is_err(), "past the end");
        assert!(check(&[split(1, 2), leaf, leaf], 1, 1).is_err(), "no such column");
        assert!(check(&[split(0, 2), leaf], 1, 1).is_err(), "cut short");
        assert!(check(&[split(0, 3), split(0, 4), leaf, leaf, leaf], 1, 1).is_err(), "crossed children");
        assert!(check(&[Node::leaf(f64::NAN, 0)], 1, 1).is_err());
        assert!(check(&[Node::leaf(0.0, 1)], 1, 1).is_err(), "no such answer");
    }

    #[test]
    fn missing_values_follow_the_learnt_side() {
        let leaves = [Node::leaf(-1.0, 0), Node::leaf(1.0, 0)];
        let tree = |left| [Node { right: 2, ..Node::split(0, 0.5, left) }, leaves[0], leaves[1]];
        let answers = |left| {
            let mut answers = Vec::new();
            descend(&tree(left), &[f64::NAN, 0.5, 0.6], 1, |_, leaf| answers.push(leaf.value));
            answers
        };
        assert_eq!(answers(true), [-1.0, -1.0, 1.0]);
        assert_eq!(answers(false), [1.0, -1.0, 1.0]);
    }
}
