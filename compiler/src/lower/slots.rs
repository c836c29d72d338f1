//! Scratch memory shared by lifetime.
//!
//! Takes layers in which every value has a scratch buffer of its own; gives them with buffers that are never
//! alive at the same operation in one slot. A buffer lives from the first operation that names
//! it to the last, both included, so an operation never finds its input and its output in one slot.

use crate::program::{Buffer, LayerCode, Place};

/// Gives buffers slots: each takes the smallest free slot that holds it, else the largest free one, grown. Gives the
/// slots, and the layers name them.
pub(super) fn share(buffers: &[Buffer], layers: &mut [&mut LayerCode]) -> Vec<Buffer> {
    let mut lives: Vec<Option<(usize, usize)>> = vec![None; buffers.len()];
    let mut at = 0;
    for layer in layers.iter_mut() {
        for operation in &mut layer.operations {
            operation.views(&mut |view| {
                if let Place::Scratch(buffer) = view.place {
                    let first = lives[buffer].map_or(at, |(first, _)| first);
                    lives[buffer] = Some((first, at));
                }
            });
            at += 1;
        }
        // A layer's output can be looked at after the layer: it lives until the next operation starts.
        if let (Place::Scratch(buffer), Some(at)) = (layer.output.place, at.checked_sub(1)) {
            let first = lives[buffer].map_or(at, |(first, _)| first);
            lives[buffer] = Some((first, lives[buffer].map_or(at, |(_, last)| last.max(at))));
        }
    }

    struct Slot {
        len: usize,
        busy_until: usize,
        holds: Vec<String>,
    }
    let mut slots: Vec<Slot> = Vec::new();
    let mut slot_of = vec![0; buffers.len()];
    let mut order: Vec<usize> = (0..buffers.len()).filter(|&buffer| lives[buffer].is_some()).collect();
    order.sort_by_key(|&buffer| (lives[buffer], buffer));
    for buffer in order {
        let Some((first, last)) = lives[buffer] else { continue };
        let Buffer { name, len, .. } = &buffers[buffer];
        let free = || (0..slots.len()).filter(|&slot| slots[slot].busy_until < first);
        let slot = free()
            .filter(|&slot| slots[slot].len >= *len)
            .min_by_key(|&slot| (slots[slot].len, slot))
            .or_else(|| free().max_by_key(|&slot| (slots[slot].len, usize::MAX - slot)));
        let slot = slot.unwrap_or_else(|| {
            slots.push(Slot { len: 0, busy_until: 0, holds: Vec::new() });
            slots.len() - 1
        });
        slots[slot].len = slots[slot].len.max(*len);
        slots[slot].busy_until = last;
        // A value may stand in several codes.
        if !slots[slot].holds.contains(name) {
            slots[slot].holds.push(name.clone());
        }
        slot_of[buffer] = slot;
    }

    for layer in layers.iter_mut() {
        let layer_views = layer.operations.iter_mut();
        let rename = |place: &mut Place| {
            if let Place::Scratch(buffer) = place {
                *buffer = slot_of[*buffer];
            }
        };
        layer_views.for_each(|operation| operation.views(&mut |view| rename(&mut view.place)));
        rename(&mut layer.output.place);
    }
    slots
        .into_iter()
        .enumerate()
        .map(|(i, slot)| Buffer { name: format!("buffer_{i}"), len: slot.len, note: slot.holds.join(", ") })
        .collect()
}
