//! Imports that are forged to cost more than their size suggests: they are refused quickly.

use super::place::{NOW, Outcome, Place, Writer, id, say, words};
use super::{Group, Work};
use yrs::{Map, WriteTxn};

pub const GROUPS: &[Group] = &[
    Group {
        of: "values of a key beside each other",
        size: 20_000,
        make: |n| news(&[(77, vec![value(); n])], &[]),
        works: REFUSED,
    },
    Group {
        of: "clients on one key",
        size: 10_000,
        make: |n| news(&(0..n as u64).map(|at| (77 + at, vec![value()])).collect::<Vec<_>>(), &[]),
        works: REFUSED,
    },
    Group {
        of: "every second value deleted",
        size: 80_000,
        make: |n| {
            let every_second: Vec<u64> = (0..n as u64).step_by(2).collect();
            news(&[(77, vec![nulls(None, n)])], &every_second)
        },
        works: REFUSED,
    },
    Group { of: "right origins that differ", size: 6_000, make: wedges, works: REFUSED },
    Group {
        of: "right origins that differ, in a file",
        size: 4_000,
        make: wedges,
        works: &[Work {
            name: "doc diff, read or refused",
            args: |_| words("doc diff news.yrs news.yrs"),
            exits: &[0, 2, 5, 6],
        }],
    },
    Group {
        of: "roots in two files",
        size: 4_000,
        make: rooted,
        works: &[Work {
            name: "doc diff",
            args: |_| words("doc diff old.yrs new.yrs"),
            exits: &[3],
        }],
    },
    Group {
        of: "gaps that two files fill in turns",
        size: 100,
        make: gaps,
        works: &[Work {
            name: "recover",
            args: |_| words("recover notes:one:free --from even.yrs --from odd.yrs -O out -n"),
            exits: &[0, 3],
        }],
    },
    Group {
        of: "files that go on from one another",
        size: 100,
        make: chain,
        works: &[Work { name: "recover", args: from_all, exits: &[0, 3] }],
    },
    Group {
        of: "clients in a ring that disagree",
        size: 4_000,
        make: ring,
        works: &[Work {
            name: "recover",
            args: |_| words("recover notes:one:free --from ring.yrs -O out -n"),
            exits: &[0, 3],
        }],
    },
];

const REFUSED: &[Work] = &[Work {
    name: "import, refused",
    args: |_| words("sync import --raw notes:one:free news.yrs"),
    exits: &[6],
}];

/// A client, and its blocks from clock 0.
type Blocks = (u64, Vec<Vec<u8>>);

fn news(clients: &[Blocks], deleted: &[u64]) -> Outcome<Place> {
    let place = Place::new()?;
    place.write("news.yrs", &update(clients, deleted))?;
    Ok(place)
}

/// Items that each follow the one before, and others that each precede one of them.
fn wedges(n: usize) -> Outcome<Place> {
    let end = n as u64;
    let chain = (0..end).map(|at| nulls(at.checked_sub(1).map(|left| (Side::Left, 77, left)), 1));
    let wedges = (0..end).rev().map(|at| nulls(Some((Side::Right, 77, at)), 1));
    news(&[(77, chain.collect()), (76, wedges.collect())], &[])
}

/// Files of two programs with a root for each value, the last of which only one of them has.
fn rooted(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    for (name, roots) in [("old", n), ("new", n + 1)] {
        let writer = Writer::new(7);
        writer.edit(|txn| {
            for root in 0..roots {
                txn.get_or_insert_map(format!("root {root}")).insert(txn, "key", 1);
            }
        });
        place.write(&format!("{name}.yrs"), &writer.state())?;
    }
    Ok(place)
}

/// What one client wrote, with every second item in one file and the others in the other.
fn gaps(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    for (name, parity) in [("even", 0), ("odd", 1)] {
        let blocks = (0..2 * n as u64).map(|at| match at % 2 == parity {
            true => nulls(at.checked_sub(1).map(|left| (Side::Left, 77, left)), 1),
            false => vec![10, 1],
        });
        place.write(&format!("{name}.yrs"), &update(&[(77, blocks.collect())], &[]))?;
    }
    Ok(place)
}

/// A document that cannot be read, and files that each have a part, building on that of the next one.
fn chain(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let writer = Writer::new(7);
    for at in 0..n {
        let update = writer.update(|txn| say(txn, &id(at), "one after the other", NOW));
        place.lay_down(&format!("{:06}.yrs", n - at), &update)?;
    }
    Ok(place)
}

/// The command that names each of them.
fn from_all(place: &Place) -> Vec<String> {
    let from = place.laid_down().into_iter().flat_map(|file| ["--from".to_owned(), file]);
    words("recover group:ocean-forest-moon-star:chat -O out -n").into_iter().chain(from).collect()
}

/// Clients that each refer to a position of their own and to one of the next client.
fn ring(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let clients = (0..n as u64).map(|at| {
        let mut both = vec![0xc8];
        for number in [1_000 + at, 0, 1_000 + (at + 1) % n as u64, 1] {
            var(&mut both, number);
        }
        both.extend([1, 0x7e]);
        (1_000 + at, vec![nulls(None, 1), b"\x04\x01\x01t\x01x".to_vec(), both])
    });
    place.write("ring.yrs", &update(&clients.collect::<Vec<_>>(), &[]))?;
    Ok(place)
}

/// An update of whole clients, with single units of client 77 deleted.
fn update(clients: &[Blocks], deleted: &[u64]) -> Vec<u8> {
    let mut clients: Vec<&Blocks> = clients.iter().collect();
    clients.sort_by_key(|(client, _)| std::cmp::Reverse(*client));
    let mut out = Vec::new();
    var(&mut out, clients.len() as u64);
    for (client, blocks) in clients {
        for number in [blocks.len() as u64, *client, 0] {
            var(&mut out, number);
        }
        blocks.iter().for_each(|block| out.extend_from_slice(block));
    }
    if deleted.is_empty() {
        out.push(0);
        return out;
    }
    for number in [1, 77, deleted.len() as u64] {
        var(&mut out, number);
    }
    for clock in deleted {
        var(&mut out, *clock);
        var(&mut out, 1);
    }
    out
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Nulls in the root array "a": at its beginning, or beside a unit.
fn nulls(beside: Option<(Side, u64, u64)>, count: usize) -> Vec<u8> {
    let mut out = Vec::new();
    match beside {
        None => out.extend(b"\x08\x01\x01a"),
        Some((side, client, clock)) => {
            out.push(if matches!(side, Side::Left) { 0x88 } else { 0x48 });
            var(&mut out, client);
            var(&mut out, clock);
        }
    }
    var(&mut out, count as u64);
    out.extend(std::iter::repeat_n(0x7e, count));
    out
}

/// Null under the key "k" of the root map "m".
fn value() -> Vec<u8> {
    b"\x28\x01\x01m\x01k\x01\x7e".to_vec()
}

/// Writes a number in lib0's encoding, seven bits a byte.
fn var(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
