//! Forges updates: slightly wrong, badly wrong, and valid but unlike anything that would normally be written.

use crate::model::{
    ANY, BINARY, Client, DELETED, EMBED, GC, Home, Item, Model, Name, Owner, Places, SKIP, STRING,
    TYPE, text, var,
};
use crate::testing::Rng;

/// The forger's material: the document, the update to begin with, and another update to take parts from.
pub struct Material<'m> {
    pub base: &'m Model,
    pub update: &'m Model,
    pub other: &'m Model,
}

/// A forged update.
pub fn forge(rng: &mut Rng, material: &Material<'_>) -> Vec<u8> {
    let mut model = material.update.clone();
    let rounds = if rng.chance(60) { 1 } else { 2 + rng.below(4) };
    for _ in 0..rounds {
        if rng.chance(45) {
            intrude(rng, &mut model, material.base);
        } else {
            twist(rng, &mut model, material);
        }
    }
    let mut bytes = model.encode();
    if rng.chance(12) {
        damage(rng, &mut bytes);
    }
    bytes
}

/// Damages bytes: bits, single bytes, and numbers that are longer or larger than allowed.
pub fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    const BOMBS: [&[u8]; 6] = [
        &[0xff, 0xff, 0xff, 0xff, 0x07],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0x80, 0x80, 0x80, 0x80, 0x08],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        &[0xff; 10],
        &[0x80, 0x80, 0x00],
    ];
    for _ in 0..1 + rng.below(3) {
        let at = rng.below(bytes.len());
        match rng.below(8) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = rng.next() as u8,
            2 => bytes[at] = bytes[at].wrapping_add(1),
            3 => bytes[at] = bytes[at].wrapping_sub(1),
            4 => bytes[at] = bytes[rng.below(bytes.len())],
            5 => drop(bytes.remove(at)),
            6 => bytes.insert(at, rng.below(12) as u8),
            _ => drop(bytes.splice(at..=at, rng.pick(&BOMBS).iter().copied())),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

/// Adds items that obey only the rules of their container: origins in any order, values that are created
/// deleted, nested containers, under a new client or an old one.
fn intrude(rng: &mut Rng, model: &mut Model, base: &Model) {
    let mut places = Places::of([base, model]);
    let (id, mut clock) = match rng.below(3) {
        0 => new_client(rng, model),
        _ => old_client(rng, model, base),
    };
    let first = clock;
    let mut blocks = Vec::new();
    for _ in 0..1 + rng.below(6) {
        let item = intruder(rng, &places);
        let home = (item.owner.clone(), item.key.clone());
        places.put(home, ((id, clock), item.len));
        places.add((id, clock), item.clone());
        clock = clock.wrapping_add(item.len);
        blocks.push(item);
    }
    match model.clients.iter_mut().find(|client| client.id == id) {
        Some(client) => client.blocks.extend(blocks),
        None => model.clients.push(Client { id, first, blocks }),
    }
    if rng.chance(30) {
        delete_some(rng, model, &places);
    }
}

fn new_client(rng: &mut Rng, model: &Model) -> (u64, u64) {
    let ids = [1, 6, 8, 299, 301, 0x8000_0000, (1 << 40) + 3, (1 << 53) - 2];
    let id = rng.pick(&ids);
    match model.clients.iter().find(|client| client.id == id) {
        Some(client) => (id, end(client)),
        None => (id, 0),
    }
}

fn old_client(rng: &mut Rng, model: &Model, base: &Model) -> (u64, u64) {
    let clients: Vec<&Client> = model.clients.iter().chain(&base.clients).collect();
    match clients.get(rng.below(clients.len())) {
        None => (1, 0),
        Some(client) => {
            let own = model.clients.iter().find(|own| own.id == client.id);
            (client.id, end(own.unwrap_or(client)))
        }
    }
}

fn end(client: &Client) -> u64 {
    client.blocks.iter().map(|item| item.len).fold(client.first, u64::wrapping_add)
}

fn intruder(rng: &mut Rng, places: &Places) -> Item {
    if rng.chance(6) {
        let len = 1 + rng.below(4) as u64;
        return Item::new(GC, var(len), len);
    }
    let (home, units) = home(rng, places);
    let (owner, key) = home;
    let (kind, content, len) = content(rng, places.shape(&owner), key.is_some());
    let mut item = Item { owner, key, ..Item::new(kind, content, len) };
    let origin = |rng: &mut Rng| -> Option<Name> {
        let (id, len) = units.get(rng.below(units.len()))?;
        // Often the first or last unit of an item, as in honest updates.
        let offset = match rng.below(3) {
            0 => 0,
            1 => len.saturating_sub(1),
            _ => rng.below((*len).min(1 << 20) as usize) as u64,
        };
        Some((id.0, id.1.wrapping_add(offset)))
    };
    match rng.below(10) {
        0..=3 => item.left = origin(rng),
        4 => item.right = origin(rng),
        5..=8 => (item.left, item.right) = (origin(rng), origin(rng)),
        _ => {}
    }
    item
}

/// Picks a home that has items already, or a new one, with its items.
fn home(rng: &mut Rng, places: &Places) -> (Home, Vec<(Name, u64)>) {
    if !places.homes.is_empty() && rng.chance(75) {
        return places.homes[rng.below(places.homes.len())].clone();
    }
    let containers = places.containers();
    let owner = match containers.is_empty() || rng.chance(30) {
        true => Owner::Root(rng.pick(&["m", "n", "l", "t"]).to_owned()),
        false => Owner::Item(containers[rng.below(containers.len())]),
    };
    let keyed = places.shape(&owner) == 1;
    let key = keyed.then(|| rng.pick(&["a", "b", "title", "🌊", "x"]).to_owned());
    let home = (owner, key);
    let items = places.homes.iter().find(|(old, _)| *old == home).map(|(_, items)| items.clone());
    (home, items.unwrap_or_default())
}

/// Content that is allowed in an array, under a key, or in a text.
fn content(rng: &mut Rng, shape: u8, keyed: bool) -> (u8, Vec<u8>, u64) {
    match rng.below(10) {
        0 => return (TYPE, vec![rng.below(3) as u8], 1),
        1 => {
            let len = 1 + rng.below(4) as u64;
            return (DELETED, var(len), len);
        }
        _ => {}
    }
    match shape {
        2 if rng.chance(15) => (EMBED, text(rng.pick(&["{\"a\":[1]}", "1", "\"x\""])), 1),
        2 => {
            let word = rng.pick(&["a", "wörd", "🌊🌊", "日本", "long enough", "a🌊b"]);
            (STRING, text(word), word.encode_utf16().count() as u64)
        }
        _ if rng.chance(10) => (BINARY, text("bytes"), 1),
        _ => {
            let count = if keyed { 1 } else { 1 + rng.below(4) as u64 };
            let values: Vec<u8> = (0..count).flat_map(|_| value(rng, 2)).collect();
            (ANY, [var(count), values].concat(), count)
        }
    }
}

fn value(rng: &mut Rng, depth: usize) -> Vec<u8> {
    match rng.below(if depth > 0 { 11 } else { 9 }) {
        0 => vec![126],
        1 => vec![127],
        2 => vec![120],
        3 => vec![125, 5],
        4 => [&[123][..], &f64::to_be_bytes(rng.below(1000) as f64 / 3.0)].concat(),
        5 => [&[122][..], &rng.next().to_be_bytes()].concat(),
        6 => [&[124][..], &f32::to_be_bytes(0.5)].concat(),
        7 => [vec![119], text(rng.pick(&["", "word", "🌊"]))].concat(),
        8 => [vec![116], text("bytes")].concat(),
        9 => [vec![117, 2], value(rng, depth - 1), value(rng, depth - 1)].concat(),
        _ => {
            // Sometimes the same key twice.
            let keys = [rng.pick(&["a", "b"]), rng.pick(&["a", "b"])];
            let fields = keys.map(|key| [text(key), value(rng, depth - 1)].concat());
            [vec![118, 2], fields.concat()].concat()
        }
    }
}

/// An update that claims clocks of another one, some of them as gone, and attaches items of its own to what
/// is there.
pub fn rival(rng: &mut Rng, base: &Model, claimed: &Model) -> Model {
    let mut model = Model::default();
    for client in &claimed.clients {
        if rng.chance(25) || client.blocks.is_empty() {
            continue;
        }
        let from = if rng.chance(60) { 0 } else { rng.below(client.blocks.len()) };
        let first = client.blocks[..from].iter().map(|item| item.len).sum::<u64>() + client.first;
        let mut rival = Client { id: client.id, first, blocks: Vec::new() };
        let mut clock = first;
        for item in &client.blocks[from..] {
            let gone = match rng.below(10) {
                0..=3 => Some(GC),
                4 => Some(DELETED),
                _ => None,
            };
            let mut item = item.clone();
            if let Some(kind) = gone.filter(|_| item.kind != GC) {
                (item.kind, item.content) = (kind, var(item.len));
                if rng.chance(60) {
                    let ranges = match model.deletes.iter().position(|(id, _)| *id == client.id) {
                        Some(at) => &mut model.deletes[at].1,
                        None => {
                            model.deletes.push((client.id, Vec::new()));
                            &mut model.deletes.last_mut().expect("it was pushed").1
                        }
                    };
                    ranges.push((clock, item.len));
                }
            }
            clock = clock.wrapping_add(item.len);
            rival.blocks.push(item);
        }
        model.clients.push(rival);
    }
    if rng.chance(50) {
        for (client, ranges) in &claimed.deletes {
            if !model.deletes.iter().any(|(id, _)| id == client) {
                model.deletes.push((*client, ranges.clone()));
            }
        }
    }
    // It knows from the other update what it attaches to.
    let mut known = claimed.clone();
    known.clients.extend(base.clients.iter().cloned());
    for _ in 0..rng.below(3) {
        intrude(rng, &mut model, &known);
    }
    model
}

/// Changes one thing in a way that honest writers never do.
fn twist(rng: &mut Rng, model: &mut Model, material: &Material<'_>) {
    let places = Places::of([material.base, model]);
    match rng.below(16) {
        0..=2 => twist_origins(rng, model, &places),
        3 | 4 => twist_home(rng, model, &places),
        5 | 6 => twist_content(rng, model),
        7 => twist_order(rng, model),
        8 => twist_clocks(rng, model),
        9 => twist_clients(rng, model, material),
        10 | 11 => twist_deletes(rng, model, &places),
        12 => splice(rng, model, material.other),
        13 => nest(rng, model),
        14 => circle(rng, model),
        _ => delete_some(rng, model, &places),
    }
}

fn twist_origins(rng: &mut Rng, model: &mut Model, places: &Places) {
    let anywhere = match rng.below(8) {
        0 => None,
        1 => Some((rng.pick(&[7, 300, 5, (1 << 53) - 1, 1 << 53]), clock(rng))),
        _ => places.any_unit(rng),
    };
    let Some(item) = model.pick(rng) else { return };
    match rng.below(4) {
        0 => item.left = anywhere,
        1 => item.right = anywhere,
        2 => std::mem::swap(&mut item.left, &mut item.right),
        _ => (item.left, item.right) = (anywhere, anywhere),
    }
}

fn twist_home(rng: &mut Rng, model: &mut Model, places: &Places) {
    let containers = places.containers();
    let container = containers.get(rng.below(containers.len())).copied();
    let anything = places.any_unit(rng);
    let Some(item) = model.pick(rng) else { return };
    if rng.chance(60) {
        (item.left, item.right) = (None, None);
    }
    match rng.below(6) {
        0 => item.key = None,
        1 => item.key = Some(rng.pick(&["a", "b", "", "\u{0}", "ключ"]).to_owned()),
        2 => item.owner = Owner::Root(rng.pick(&["m", "n", "l", "t", "", "other"]).to_owned()),
        3 => item.owner = anything.map_or(Owner::Root("l".into()), Owner::Item),
        _ => item.owner = container.map_or(Owner::Root("l".into()), Owner::Item),
    }
}

fn twist_content(rng: &mut Rng, model: &mut Model) {
    let (shape, keyed) = (rng.below(3) as u8, rng.chance(50));
    let honest = content(rng, shape, keyed);
    let (kind, content, len) = match rng.below(12) {
        0 => (ANY, [vec![1], [117, 1].repeat(60 + rng.below(10)), vec![120]].concat(), 1),
        1 => (ANY, [vec![1], [117, 1].repeat(30_000), vec![120]].concat(), 1),
        2 => (ANY, [var(1 << 30), vec![120]].concat(), 1 << 30),
        3 => (EMBED, text(&"[".repeat(rng.pick(&[3, 200]))), 1),
        4 => (6, [text("bold"), text("true")].concat(), 1),
        5 => (2, [vec![1], text("1")].concat(), 1),
        6 => (9, [text("guid"), vec![127]].concat(), 1),
        7 => (TYPE, vec![rng.pick(&[3, 4, 6, 7, 9, 15]), 0], 1),
        8 => (STRING, text(""), 0),
        9 => {
            let len = rng.pick(&[0, 1, 5, (1 << 31) - 40, 1 << 31, u64::from(u32::MAX)]);
            (rng.pick(&[DELETED, GC, SKIP]), var(len), len)
        }
        _ => honest,
    };
    if let Some(item) = model.pick(rng) {
        *item = Item { kind, content, len, ..item.clone() };
    }
}

/// Removes, repeats or swaps blocks, or gives them to another client.
fn twist_order(rng: &mut Rng, model: &mut Model) {
    let Some(client) = model.pick_client(rng) else { return };
    let blocks = client.blocks.len();
    if blocks == 0 {
        return;
    }
    let (a, b) = (rng.below(blocks), rng.below(blocks));
    match rng.below(4) {
        0 => drop(client.blocks.remove(a)),
        1 => client.blocks.insert(b, client.blocks[a].clone()),
        2 => client.blocks.swap(a, b),
        _ => {
            let moved = client.blocks.remove(a);
            model.pick_client(rng).expect("there is one").blocks.push(moved);
        }
    }
}

fn clock(rng: &mut Rng) -> u64 {
    let edge = rng.pick(&[0, 1 << 31, 1 << 32, 1 << 20, 40]);
    (edge + rng.below(4) as u64).wrapping_sub(2) & 0xf_ffff_ffff
}

fn twist_clocks(rng: &mut Rng, model: &mut Model) {
    let (to, huge) = (clock(rng), rng.chance(40));
    let Some(client) = model.pick_client(rng) else { return };
    match rng.below(3) {
        0 => client.first = to,
        1 => client.first = client.first.wrapping_add(rng.below(3) as u64).wrapping_sub(1),
        _ => {
            let room = (1u64 << 31).saturating_sub(end(client));
            let len = room.saturating_sub(rng.below(3) as u64).saturating_add(huge.into());
            client.blocks.push(Item::new(GC, var(len), len));
        }
    }
}

fn twist_clients(rng: &mut Rng, model: &mut Model, material: &Material<'_>) {
    let others = material.base.clients.iter().chain(&material.other.clients);
    let mut ids: Vec<u64> = others.map(|client| client.id).collect();
    ids.extend([0, (1 << 40) + 1, (1 << 40) + 2, (1 << 53) - 1, 1 << 53, u64::MAX]);
    let id = ids[rng.below(ids.len())];
    let copy = model.pick_client(rng).map(|client| client.clone());
    match (rng.below(4), copy) {
        (0, Some(copy)) => model.clients.push(copy),
        (1, _) => rng.shuffle(&mut model.clients),
        (2, _) => model.clients.push(Client { id, first: 0, blocks: Vec::new() }),
        _ => {
            if let Some(client) = model.pick_client(rng) {
                client.id = id;
            }
        }
    }
}

fn twist_deletes(rng: &mut Rng, model: &mut Model, places: &Places) {
    let Some((client, at)) = places.any_unit(rng) else { return };
    let range = match rng.below(6) {
        0 => (at, 0),
        1 => (at, 1 << 31),
        2 => (clock(rng), 1 + rng.below(3) as u64),
        3 => (clock(rng), clock(rng)),
        _ => (at.saturating_sub(rng.below(3) as u64), 1 + rng.below(8) as u64),
    };
    match rng.below(5) {
        0 => model.deletes.push((client, vec![range])),
        1 => model.deletes.clear(),
        2 => rng.shuffle(&mut model.deletes),
        _ => match model.deletes.iter_mut().find(|(id, _)| *id == client) {
            Some((_, ranges)) => ranges.push(range),
            None => model.deletes.push((client, vec![range])),
        },
    }
}

/// Deletes existing items, in well-formed ranges.
fn delete_some(rng: &mut Rng, model: &mut Model, places: &Places) {
    for _ in 0..1 + rng.below(3) {
        let Some((client, at)) = places.any_unit(rng) else { return };
        let range = (at, 1 + rng.below(3) as u64);
        match model.deletes.iter_mut().find(|(id, _)| *id == client) {
            None => model.deletes.push((client, vec![range])),
            Some((_, ranges)) => {
                ranges.push(range);
                ranges.sort_unstable();
                let mut reached = 0u64;
                for (start, len) in ranges.iter_mut() {
                    let end = start.saturating_add(*len).max(reached.saturating_add(1));
                    *start = (*start).max(reached);
                    *len = end.saturating_sub(*start).max(1);
                    reached = start.saturating_add(*len);
                }
            }
        }
    }
}

/// Adds blocks of another update, as a client of their own or after the blocks of an existing one.
fn splice(rng: &mut Rng, model: &mut Model, other: &Model) {
    let Some(theirs) = other.clients.get(rng.below(other.clients.len())) else { return };
    match model.clients.iter_mut().find(|client| client.id == theirs.id) {
        Some(client) if rng.chance(70) => {
            let from = rng.below(theirs.blocks.len());
            client.blocks.extend_from_slice(&theirs.blocks[from..]);
        }
        _ => model.clients.push(theirs.clone()),
    }
}

/// Nests containers.
fn nest(rng: &mut Rng, model: &mut Model) {
    let (id, depth) = (rng.pick(&[6, 8]), 12 + rng.below(8) as u64);
    let blocks = (0..depth).map(|clock| {
        let owner = match clock {
            0 => Owner::Root("l".into()),
            _ => Owner::Item((id, clock - 1)),
        };
        Item { owner, ..Item::new(TYPE, vec![0], 1) }
    });
    model.clients.push(Client { id, first: 0, blocks: blocks.collect() });
}

/// Adds two items that refer to each other.
fn circle(rng: &mut Rng, model: &mut Model) {
    let names: Vec<Name> = model.items().map(|(id, _)| id).collect();
    let (a, b) = (rng.below(names.len()), rng.below(names.len()));
    let mut items = model.clients.iter_mut().flat_map(|client| &mut client.blocks);
    let (Some(to_a), Some(to_b)) = (names.get(a), names.get(b)) else { return };
    let (low, high) = (a.min(b), a.max(b));
    let (to_low, to_high) = if a < b { (to_a, to_b) } else { (to_b, to_a) };
    if let Some(item) = items.nth(low) {
        item.left = Some(*to_high);
    }
    if high > low
        && let Some(item) = items.nth(high - low - 1)
    {
        match rng.below(3) {
            0 => (item.left, item.right, item.owner) = (None, None, Owner::Item(*to_low)),
            1 => item.right = Some(*to_low),
            _ => item.left = Some(*to_low),
        }
    }
}
