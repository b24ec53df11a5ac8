mod admit;
mod cost;
mod crossing;
mod forge;
mod gate;
mod merging;
mod pages;
mod rules;
mod salvage;

use crate::wire::{Checked, Fault, Update};

#[track_caller]
fn checked(bytes: &[u8]) -> Update<'_, Checked> {
    check(bytes).unwrap_or_else(|fault| panic!("{fault}"))
}

fn check(bytes: &[u8]) -> Result<Update<'_, Checked>, Fault> {
    Update::checked(bytes, &[])
}
