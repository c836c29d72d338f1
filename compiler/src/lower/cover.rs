//! Which pairs of blocks sixteen rows pick from: few enough, and such that most elements find a pick.
//!
//! Takes for each row the blocks of its elements; a pick takes one element of each row out of two blocks. Which elements
//! of a row find one is a matching in a bipartite graph, made by augmenting paths; picks are added greedily, the pair
//! that most rows gain from, and exchanged for better ones.

/// Two blocks.
pub(super) type Pair = [usize; 2];

/// The most pairs: finding more takes longer than it is worth, and a word has a bit for each and for one more.
pub(super) const MOST: usize = 40;

/// Pairs of so many blocks for these rows, each added while it holds at least `least` elements more.
pub(super) fn pairs(rows: &[Vec<usize>], blocks: usize, least: usize) -> Vec<Pair> {
    let elements: usize = rows.iter().map(Vec::len).sum();
    let (mut pairs, mut held) = (Vec::new(), 0);
    while held < elements && pairs.len() < MOST {
        let mut tried = pairs.clone();
        let gained = add(rows, blocks, &mut tried, pairs.len());
        let mut best = held + gained;
        for at in 0..pairs.len() {
            let mut others = tried.clone();
            others.remove(at);
            let without: usize = rows.iter().map(|row| held_of(&assign(row, &others))).sum();
            let gained = add(rows, blocks, &mut others, at);
            if without + gained > best {
                (tried, best) = (others, without + gained);
            }
        }
        if best < held + least {
            break;
        }
        (pairs, held) = (tried, best);
    }
    pairs
}

/// The element that each pair holds of a row with elements in these blocks, as many as can be.
pub(super) fn assign(row: &[usize], pairs: &[Pair]) -> Vec<Option<usize>> {
    let mut owners = vec![None; pairs.len()];
    for element in 0..row.len() {
        augment(row, pairs, element, &mut owners, &mut 0);
    }
    owners
}

/// Whether an element finds a pair, if need be by moving others; `seen` has a bit for each pair that was tried.
fn augment(
    row: &[usize],
    pairs: &[Pair],
    element: usize,
    owners: &mut [Option<usize>],
    seen: &mut u64,
) -> bool {
    for (at, pair) in pairs.iter().enumerate() {
        if !pair.contains(&row[element]) || *seen >> at & 1 == 1 {
            continue;
        }
        *seen |= 1 << at;
        if owners[at].is_none_or(|other| augment(row, pairs, other, owners, seen)) {
            owners[at] = Some(element);
            return true;
        }
    }
    false
}

/// The blocks out of which one more pair would hold one more element of a row, a bit for each: those of elements without
/// a pair, and of those that could make room for them.
pub(super) fn gaining(row: &[usize], pairs: &[Pair], owners: &[Option<usize>]) -> u32 {
    let alone = |element: &usize| !owners.contains(&Some(*element));
    let mut open: Vec<usize> = (0..row.len()).filter(alone).map(|element| row[element]).collect();
    let mut found = open.iter().fold(0, |found, block| found | 1 << block);
    while let Some(block) = open.pop() {
        for (pair, owner) in pairs.iter().zip(owners) {
            if let Some(other) = owner.map(|element| row[element])
                && pair.contains(&block)
                && found >> other & 1 == 0
            {
                found |= 1 << other;
                open.push(other);
            }
        }
    }
    found
}

/// Puts the pair that most rows gain from in its place; gives how many do.
fn add(rows: &[Vec<usize>], blocks: usize, pairs: &mut Vec<Pair>, at: usize) -> usize {
    let gaining: Vec<u32> = rows.iter().map(|row| gaining(row, pairs, &assign(row, pairs))).collect();
    let gain = |mask: u32| gaining.iter().filter(|&&row| row & mask != 0).count();
    let (mut best, mut most) = ([0, 0], gain(1));
    for low in 0..blocks {
        for high in low + 1..blocks {
            let count = gain(1 << low | 1 << high);
            if count > most {
                (best, most) = ([low, high], count);
            }
        }
    }
    pairs.insert(at, best);
    most
}

fn held_of(owners: &[Option<usize>]) -> usize {
    owners.iter().flatten().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_make_room_for_each_other() {
        // The first pair holds block 0 until block 1, which no other pair reaches, needs it.
        let (row, pairs) = ([0, 1], [[0, 1], [0, 2]]);
        assert_eq!(assign(&row, &pairs), [Some(1), Some(0)]);
        assert_eq!(gaining(&[0, 0, 0], &pairs, &assign(&[0, 0, 0], &pairs)), 1);
        assert_eq!(gaining(&[0, 0, 1], &pairs, &assign(&[0, 0, 1], &pairs)), 0b011);
        assert_eq!(gaining(&[0, 1, 1], &pairs, &assign(&[0, 1, 1], &pairs)), 0b010);
    }

    #[test]
    fn every_element_finds_a_pair_where_all_are_asked_for() {
        let mut seed = 1_u32;
        let mut below = |n: usize| {
            seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
            (seed >> 8) as usize % n
        };
        for blocks in [1, 2, 5, 16] {
            let rows: Vec<Vec<usize>> =
                (0..16).map(|_| (0..below(9)).map(|_| below(blocks)).collect()).collect();
            let found = pairs(&rows, blocks, 1);
            for row in &rows {
                assert_eq!(held_of(&assign(row, &found)), row.len());
            }
            let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
            assert!(found.len() >= longest && found.len() <= 2 * longest, "{} for {longest}", found.len());
        }
    }
}
