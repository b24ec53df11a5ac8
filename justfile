# Recipes for those who have `just`; everything in them is plain cargo.

# Lists the recipes.
default:
    @just --list

# What must be green before anything lands.
ci:
    .ci/run

# Formatting and lints.
lint:
    cargo fmt --all --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --no-default-features --lib -- -D warnings

# All tests, or those that a word names.
test *words:
    cargo test --locked {{ words }}

# Hostile updates, more of them than in the tests.
gate rounds="1000000" seed="1":
    GATE_ROUNDS={{ rounds }} GATE_SEED={{ seed }} cargo test --release --test gate

# Speed beside plain yrs, and growth.
bench name="journey":
    cargo bench --bench {{ name }}

# The architecture on one page, and everything public.
doc:
    cargo doc --no-deps --open

# Completions and manual pages, out of the definition of the command line.
generate:
    .ci/generate

# Takes out of the architecture's lists what is no longer true.
shrink:
    ARCHITECTURE=shrink cargo test --test suite architecture

# Licences, advisories and doubled crates (needs cargo-deny).
deny:
    cargo deny check
