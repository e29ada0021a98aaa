//! Which pages of the cache are whose, and which are kept for prompts that begin alike.

use std::collections::{BTreeSet, HashMap};

use crate::kernels::cached_attention::PAGE;

/// The pages of a cache: free, held by sequences, or kept in a tree of token ids.
///
/// A full page in the tree is never written to again, so any number of sequences may hold it. A page in the tree that nobody
/// holds is given away when no page is free: the least recently used first, and none before those that follow it.
#[derive(Debug)]
pub(super) struct Pages {
    free: Vec<u32>,
    /// How many sequences hold each page.
    holders: Vec<u32>,
    /// The pages in the tree.
    nodes: HashMap<u32, Node>,
    /// From a page of the tree, or its root, and the tokens that follow, to the page that has them.
    next: HashMap<(Option<u32>, Box<[u32]>), u32>,
    /// Pages of the tree that nobody holds and nothing follows, by when they were last used.
    idle: BTreeSet<(u64, u32)>,
    /// Pages of the tree that nobody holds.
    kept: usize,
    clock: u64,
}

#[derive(Debug)]
struct Node {
    parent: Option<u32>,
    tokens: Box<[u32]>,
    children: usize,
    last_used: u64,
}

impl Pages {
    /// So many free pages.
    pub(super) fn new(count: usize) -> Self {
        Self {
            free: (0..count as u32).rev().collect(),
            holders: vec![0; count],
            nodes: HashMap::new(),
            next: HashMap::new(),
            idle: BTreeSet::new(),
            kept: 0,
            clock: 0,
        }
    }

    /// All pages.
    pub(super) fn count(&self) -> usize {
        self.holders.len()
    }

    /// Pages that somebody holds.
    pub(super) fn held(&self) -> usize {
        self.count() - self.available()
    }

    /// Pages that nobody holds but that are kept.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// Pages that nobody holds.
    pub(super) fn available(&self) -> usize {
        self.free.len() + self.kept
    }

    /// A page for one holder, whose contents are of no use; `None` when all are held.
    pub(super) fn take(&mut self) -> Option<u32> {
        let page = match self.free.pop() {
            Some(page) => page,
            None => self.evict()?,
        };
        self.holders[page as usize] = 1;
        Some(page)
    }

    /// Takes the least recently used page out of the tree.
    fn evict(&mut self) -> Option<u32> {
        let (_, page) = self.idle.pop_first()?;
        let Node { parent, tokens, .. } = self.nodes.remove(&page)?;
        self.next.remove(&(parent, tokens));
        self.kept -= 1;
        if let Some(parent) = parent {
            self.nodes.entry(parent).and_modify(|node| node.children -= 1);
            self.settle(parent);
        }
        Some(page)
    }

    /// Holds a page that others may hold too.
    pub(super) fn share(&mut self, page: u32) {
        let holders = &mut self.holders[page as usize];
        *holders += 1;
        if *holders == 1 {
            self.kept -= 1;
            if let Some(node) = self.nodes.get(&page) {
                self.idle.remove(&(node.last_used, page));
            }
        }
    }

    /// Lets go of a page.
    pub(super) fn release(&mut self, page: u32) {
        let holders = &mut self.holders[page as usize];
        *holders -= 1;
        if *holders > 0 {
            return;
        }
        self.clock += 1;
        match self.nodes.get_mut(&page) {
            None => self.free.push(page),
            Some(node) => {
                node.last_used = self.clock;
                self.kept += 1;
                self.settle(page);
            }
        }
    }

    /// Lists a page of the tree as idle if it is.
    fn settle(&mut self, page: u32) {
        if let Some(node) = self.nodes.get(&page)
            && node.children == 0
            && self.holders[page as usize] == 0
        {
            self.idle.insert((node.last_used, page));
        }
    }

    /// Whether its only holder may write to a page.
    pub(super) fn is_own(&self, page: u32) -> bool {
        self.holders[page as usize] == 1 && !self.nodes.contains_key(&page)
    }

    /// The pages of the longest beginning of `ids` in the tree, each held once more.
    pub(super) fn find(&mut self, ids: &[u32]) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        for tokens in ids.chunks_exact(PAGE) {
            let Some(page) = self.next.get(&(found.last().copied(), tokens.into())) else { break };
            found.push(*page);
        }
        found.iter().for_each(|page| self.share(*page));
        found
    }

    /// Puts the full pages of `ids` into the tree, where there are none with the same tokens.
    pub(super) fn keep(&mut self, ids: &[u32], pages: &[u32]) {
        let mut parent = None;
        for (tokens, page) in ids.chunks_exact(PAGE).zip(pages) {
            let key = (parent, Box::from(tokens));
            parent = Some(match self.next.get(&key) {
                Some(known) => *known,
                // A page stands in the tree once: one that another sequence's tokens led to is shared with it.
                None if self.nodes.contains_key(page) => return,
                None => {
                    let node = Node { parent, tokens: tokens.into(), children: 0, last_used: self.clock };
                    self.nodes.insert(*page, node);
                    self.next.insert(key, *page);
                    if let Some(parent) = parent
                        && let Some(node) = self.nodes.get_mut(&parent)
                    {
                        self.idle.remove(&(node.last_used, parent));
                        node.children += 1;
                    }
                    *page
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use r1_core::Key;

    use super::*;

    fn ids(pages: &[u32]) -> Vec<u32> {
        pages.iter().flat_map(|page| (0..PAGE as u32).map(move |place| page * 1000 + place)).collect()
    }

    #[test]
    fn beginnings_are_found_until_their_pages_are_needed() {
        let mut pages = Pages::new(4);
        let held: Vec<u32> = (0..3).map(|_| pages.take().unwrap()).collect();
        pages.keep(&ids(&[1, 2, 3]), &held);
        assert!(!pages.is_own(held[0]));
        held.iter().for_each(|page| pages.release(*page));
        assert_eq!((pages.available(), pages.kept(), pages.held()), (4, 3, 0));

        let found = pages.find(&ids(&[1, 2, 9]));
        assert_eq!(found, held[..2]);
        // The free page first, then the one that nobody holds; the two that are held stay.
        let last = [pages.take().unwrap(), pages.take().unwrap()];
        assert!(last.contains(&held[2]) && pages.take().is_none());
        found.iter().for_each(|page| pages.release(*page));
        assert_eq!(pages.find(&ids(&[1, 2, 3])), held[..2]);
    }

    #[test]
    fn the_least_recently_used_leaves_go_first() {
        let mut pages = Pages::new(3);
        let held: Vec<u32> = (0..3).map(|_| pages.take().unwrap()).collect();
        pages.keep(&ids(&[1, 2]), &held[..2]);
        pages.keep(&ids(&[3]), &held[2..]);
        // The page behind the first is used last, and the first is not given away before it.
        for page in [held[0], held[2], held[1]] {
            pages.release(page);
        }
        let order: Vec<u32> = (0..3).map(|_| pages.take().unwrap()).collect();
        assert_eq!(order, [held[2], held[1], held[0]]);
        assert!(pages.find(&ids(&[1])).is_empty());
    }

    #[test]
    fn nothing_is_lost_or_given_twice() {
        let mut pages = Pages::new(12);
        let mut sequences: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
        let mut stream = Key::new(3).stream();
        for _ in 0..20_000 {
            let mut pick = |count: usize| (stream.uniform() * count as f64) as usize;
            if pick(2) == 0 || sequences.is_empty() {
                let tokens: Vec<u32> = (0..1 + pick(4)).map(|_| pick(3) as u32).collect();
                let tokens = ids(&tokens);
                let mut held = pages.find(&tokens);
                while held.len() * PAGE < tokens.len() {
                    let Some(page) = pages.take() else { break };
                    held.push(page);
                }
                if held.len() * PAGE < tokens.len() {
                    held.iter().for_each(|page| pages.release(*page));
                    continue;
                }
                if pick(2) == 0 {
                    pages.keep(&tokens, &held);
                }
                sequences.push((tokens, held));
            } else {
                let at = pick(sequences.len());
                let (tokens, held) = sequences.swap_remove(at);
                pages.keep(&tokens, &held);
                held.iter().for_each(|page| pages.release(*page));
            }
            let mut held: Vec<u32> = sequences.iter().flat_map(|(_, held)| held).copied().collect();
            held.sort_unstable();
            let counted: Vec<u32> =
                (0..12).flat_map(|page| vec![page; pages.holders[page as usize] as usize]).collect();
            assert_eq!(held, counted);
            held.dedup();
            assert_eq!(pages.held(), held.len());
            let unheld = pages.nodes.keys().filter(|page| pages.holders[**page as usize] == 0).count();
            assert_eq!((pages.kept, pages.next.len()), (unheld, pages.nodes.len()));
        }
        for (_, held) in sequences {
            held.iter().for_each(|page| pages.release(*page));
        }
        assert_eq!((0..13).filter_map(|_| pages.take()).count(), 12);
    }
}
