# Recipes for those who have `just`; everything in them is plain cargo.

# Lists the recipes.
default:
    @just --list

# Everything that must pass before a change is merged.
ci:
    .ci/run

# Formatting and lints.
lint:
    cargo fmt --all --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --no-default-features --lib -- -D warnings

# All tests, or those whose names contain a word.
test *words:
    cargo test --locked {{ words }}

# Hostile updates, more than the tests try.
gate rounds="1000000" seed="1":
    GATE_ROUNDS={{ rounds }} GATE_SEED={{ seed }} cargo test --release --test gate

# Speed compared with plain yrs, and how cost grows.
bench name="journey":
    cargo bench --bench {{ name }}

# The API documentation, beginning with the architecture on one page.
doc:
    cargo doc --no-deps --open

# Completions and manual pages, from the definition of the command line.
generate:
    .ci/generate

# Removes entries that no longer apply from the architecture lists.
shrink:
    ARCHITECTURE=shrink cargo test --test suite architecture

# Licences, advisories and duplicate crates (needs cargo-deny).
deny:
    cargo deny check
