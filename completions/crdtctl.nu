# crdtctl 0.1.0: init, status, whoami, entity, member, chat, kanban, issue, canvas, disk, sync, archive, fold, prune, tombstone, trash, conflict, doc, digest, check, repair, recover, batch, log, sql, demo, completions, man
module completions {

  def "nu-complete crdtctl global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Inspect and operate CRDT stores: Yrs documents on disk, offline, synced by exchanged files
  export extern crdtctl [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    --version(-V)             # Print version
  ]

  def "nu-complete crdtctl init global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl init global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl init global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl init global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl init global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Create a store, or make an existing one your replica
  export extern "crdtctl init" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl init global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl init global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl init global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl init global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl init global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    dir?: path                # The directory of the store; by default that of `--store`, else the current directory
  ]

  def "nu-complete crdtctl status global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl status global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl status global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl status global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl status global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show the store on one screen: who you are, who is behind, what waits, what is wrong or nearly full
  export extern "crdtctl status" [
    --unread                  # Also count unread messages, which reads the chats
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl status global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl status global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl status global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl status global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl status global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl whoami global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl whoami global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl whoami global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl whoami global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl whoami global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Print the acting member, its roles and its replica
  export extern "crdtctl whoami" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl whoami global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl whoami global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl whoami global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl whoami global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl whoami global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl entity global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl entity global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl entity global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl entity global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl entity global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Create, list, show and rename entities: groups, channels, projects, organizations
  export extern "crdtctl entity" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl entity global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl entity global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl entity global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl entity global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl entity global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl entity create global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl entity create global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl entity create global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl entity create global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl entity create global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Create an entity; its creator becomes its owner
  export extern "crdtctl entity create" [
    --name: string            # Its name
    --description: string     # Its description
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl entity create global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl entity create global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl entity create global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl entity create global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl entity create global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    entity: string            # TYPE:ID, or only a TYPE: group, channel, project, organization
  ]

  def "nu-complete crdtctl entity list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl entity list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl entity list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl entity list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl entity list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the entities of the store
  export extern "crdtctl entity list" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl entity list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl entity list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl entity list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl entity list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl entity list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl entity show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl entity show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl entity show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl entity show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl entity show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one entity: its metadata, members and documents
  export extern "crdtctl entity show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl entity show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl entity show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl entity show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl entity show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl entity show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    entity?: string           # The entity; by default the current one
  ]

  def "nu-complete crdtctl entity rename global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl entity rename global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl entity rename global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl entity rename global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl entity rename global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Rename an entity
  export extern "crdtctl entity rename" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl entity rename global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl entity rename global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl entity rename global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl entity rename global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl entity rename global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    name: string              # The new name
  ]

  def "nu-complete crdtctl entity use global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl entity use global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl entity use global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl entity use global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl entity use global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Set the default entity, for commands that do not name one
  export extern "crdtctl entity use" [
    --none                    # Clear the default
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl entity use global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl entity use global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl entity use global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl entity use global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl entity use global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    entity?: string           # The entity
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl entity help" [
  ]

  # Create an entity; its creator becomes its owner
  export extern "crdtctl entity help create" [
  ]

  # List the entities of the store
  export extern "crdtctl entity help list" [
  ]

  # Show one entity: its metadata, members and documents
  export extern "crdtctl entity help show" [
  ]

  # Rename an entity
  export extern "crdtctl entity help rename" [
  ]

  # Set the default entity, for commands that do not name one
  export extern "crdtctl entity help use" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl entity help help" [
  ]

  def "nu-complete crdtctl member global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl member global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl member global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl member global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl member global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Add, remove and list the members of an entity
  export extern "crdtctl member" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl member global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl member global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl member global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl member global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl member global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl member add global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl member add global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl member add global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl member add global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl member add global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Add a member, or add a removed one again
  export extern "crdtctl member add" [
    --role: string            # owner, admin, member, viewer or guest; by default `member`
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl member add global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl member add global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl member add global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl member add global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl member add global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    member: string
  ]

  def "nu-complete crdtctl member remove global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl member remove global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl member remove global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl member remove global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl member remove global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Remove a member; removing yourself means leaving
  export extern "crdtctl member remove" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl member remove global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl member remove global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl member remove global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl member remove global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl member remove global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    member: string            # The member's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl member role global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl member role global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl member role global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl member role global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl member role global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Give a member another role
  export extern "crdtctl member role" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl member role global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl member role global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl member role global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl member role global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl member role global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    member: string            # The member's id, or a unique prefix of it
    role: string              # owner, admin, member, viewer or guest
  ]

  def "nu-complete crdtctl member list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl member list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl member list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl member list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl member list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the members
  export extern "crdtctl member list" [
    --all(-a)                 # Include removed members
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl member list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl member list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl member list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl member list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl member list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl member show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl member show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl member show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl member show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl member show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one member, with every field of its record
  export extern "crdtctl member show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl member show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl member show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl member show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl member show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl member show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    member: string            # The member's id, or a unique prefix of it
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl member help" [
  ]

  # Add a member, or add a removed one again
  export extern "crdtctl member help add" [
  ]

  # Remove a member; removing yourself means leaving
  export extern "crdtctl member help remove" [
  ]

  # Give a member another role
  export extern "crdtctl member help role" [
  ]

  # List the members
  export extern "crdtctl member help list" [
  ]

  # Show one member, with every field of its record
  export extern "crdtctl member help show" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl member help help" [
  ]

  def "nu-complete crdtctl chat global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Messages, threads and reactions of an entity: send, edit, delete, list, search
  export extern "crdtctl chat" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl chat send global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat send global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat send global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat send global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat send global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Send a message; prints its id
  export extern "crdtctl chat send" [
    --reply-to: string        # Reply to this message, or add to the thread of this reply
    --edit                    # Write the text in an editor: $VISUAL, else $EDITOR, else vi
    --attach: path            # Attach a file (repeatable): it goes to /shared/attachments, with a number if the name is taken
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat send global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat send global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat send global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat send global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat send global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    text?: string             # The text; read from stdin if it is `-`, or left out in a pipe
  ]

  def "nu-complete crdtctl chat attachment global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat attachment global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat attachment global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat attachment global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat attachment global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Get the files attached to a message
  export extern "crdtctl chat attachment" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat attachment global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat attachment global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat attachment global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat attachment global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat attachment global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl chat attachment get global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat attachment get global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat attachment get global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat attachment get global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat attachment get global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Get a file that is attached to a message
  export extern "crdtctl chat attachment get" [
    --out(-O): path           # The file to write; `-` is standard output
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat attachment get global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat attachment get global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat attachment get global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat attachment get global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat attachment get global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    message: string           # The message's id, or a unique prefix of it
    name?: string             # The name of the file, if several are attached
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl chat attachment help" [
  ]

  # Get a file that is attached to a message
  export extern "crdtctl chat attachment help get" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl chat attachment help help" [
  ]

  def "nu-complete crdtctl chat edit global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat edit global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat edit global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat edit global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat edit global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Change the text of your own message
  export extern "crdtctl chat edit" [
    --edit                    # Write the text in an editor: $VISUAL, else $EDITOR, else vi
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat edit global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat edit global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat edit global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat edit global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat edit global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    message: string           # The message's id, or a unique prefix of it
    text?: string             # The new text; read from stdin if it is `-`, or left out in a pipe
  ]

  def "nu-complete crdtctl chat delete global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat delete global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat delete global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat delete global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat delete global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Delete your own message; admins and owners can delete anybody's
  export extern "crdtctl chat delete" [
    --with-files              # Also remove the files that only this message has attached
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat delete global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat delete global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat delete global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat delete global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat delete global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    message: string           # The message's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl chat react global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat react global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat react global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat react global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat react global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # React to a message; prints nothing
  export extern "crdtctl chat react" [
    --remove                  # Remove the reaction
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat react global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat react global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat react global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat react global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat react global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    message: string           # The message's id, or a unique prefix of it
    emoji: string             # An emoji, or a short word without spaces
  ]

  def "nu-complete crdtctl chat list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List messages, oldest first
  export extern "crdtctl chat list" [
    --since: string           # Only messages from this time on: RFC 3339, a date, or `2d`, `3h`, `1w` ago
    --until: string           # Only messages before this time
    --author: string          # Only messages of this member, by id or a unique prefix
    --limit: string           # Only the last N of them
    --threads                 # Show replies too, beneath their messages; a thread is shown whole if any part of it matches
    --unread                  # Only messages and replies that are unread here
    --all(-a)                 # Include deleted messages
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl chat read global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat read global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat read global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat read global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat read global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Mark messages and replies as read, in this store only: the marks are not part of any document
  export extern "crdtctl chat read" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat read global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat read global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat read global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat read global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat read global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    until?: string            # Up to this message or reply, in list order; all by default
  ]

  def "nu-complete crdtctl chat tail global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat tail global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat tail global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat tail global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat tail global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show the last messages and replies; with -f, follow new ones
  export extern "crdtctl chat tail" [
    --follow(-f)              # Keep printing new messages as they arrive
    --limit: string           # How many messages to start with
    --every: string           # How often to look for new messages
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat tail global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat tail global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat tail global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat tail global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat tail global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl chat show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one message or reply, with every field of its record
  export extern "crdtctl chat show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    message: string           # The message's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl chat thread global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat thread global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat thread global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat thread global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat thread global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show a message and its replies, oldest first
  export extern "crdtctl chat thread" [
    --all(-a)                 # Include deleted replies
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat thread global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat thread global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat thread global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat thread global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat thread global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    message: string           # The id of the message or of one of its replies, or a unique prefix of it
  ]

  def "nu-complete crdtctl chat export export.as" [] {
    [ "markdown" "html" "csv" "ndjson" ]
  }

  def "nu-complete crdtctl chat export global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat export global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat export global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat export global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat export global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Write the chat to a file: Markdown, HTML, CSV or NDJSON
  export extern "crdtctl chat export" [
    --since: string           # Only messages from this time on: RFC 3339, a date, or `2d`, `3h`, `1w` ago
    --until: string           # Only messages before this time
    --author: string          # Only messages of this member, by id or a unique prefix
    --limit: string           # Only the last N of them
    --all(-a)                 # Include deleted messages
    --as: string@"nu-complete crdtctl chat export export.as" # The kind of file; defaults to that of the file's extension, else Markdown
    --out(-O): path           # The file to write; `-` is standard output
    --as-member: string       # The member to act as; by default the store's own member
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --output(-o): string@"nu-complete crdtctl chat export global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat export global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat export global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat export global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat export global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl chat search global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl chat search global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl chat search global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl chat search global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl chat search global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Find messages and replies that contain all of the given words, ignoring case
  export extern "crdtctl chat search" [
    --since: string           # Only messages from this time on: RFC 3339, a date, or `2d`, `3h`, `1w` ago
    --until: string           # Only messages before this time
    --author: string          # Only messages of this member, by id or a unique prefix
    --limit: string           # Only the last N of them
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl chat search global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl chat search global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl chat search global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl chat search global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl chat search global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    ...words: string          # The words
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl chat help" [
  ]

  # Send a message; prints its id
  export extern "crdtctl chat help send" [
  ]

  # Get the files attached to a message
  export extern "crdtctl chat help attachment" [
  ]

  # Get a file that is attached to a message
  export extern "crdtctl chat help attachment get" [
  ]

  # Change the text of your own message
  export extern "crdtctl chat help edit" [
  ]

  # Delete your own message; admins and owners can delete anybody's
  export extern "crdtctl chat help delete" [
  ]

  # React to a message; prints nothing
  export extern "crdtctl chat help react" [
  ]

  # List messages, oldest first
  export extern "crdtctl chat help list" [
  ]

  # Mark messages and replies as read, in this store only: the marks are not part of any document
  export extern "crdtctl chat help read" [
  ]

  # Show the last messages and replies; with -f, follow new ones
  export extern "crdtctl chat help tail" [
  ]

  # Show one message or reply, with every field of its record
  export extern "crdtctl chat help show" [
  ]

  # Show a message and its replies, oldest first
  export extern "crdtctl chat help thread" [
  ]

  # Write the chat to a file: Markdown, HTML, CSV or NDJSON
  export extern "crdtctl chat help export" [
  ]

  # Find messages and replies that contain all of the given words, ignoring case
  export extern "crdtctl chat help search" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl chat help help" [
  ]

  def "nu-complete crdtctl kanban global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show and edit the kanban board of an entity: its columns and cards
  export extern "crdtctl kanban" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl kanban board global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban board global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban board global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban board global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban board global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show the board: its columns side by side, as wide as the terminal
  export extern "crdtctl kanban board" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban board global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban board global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban board global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban board global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban board global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl kanban add priority" [] {
    [ "urgent" "high" "medium" "low" ]
  }

  def "nu-complete crdtctl kanban add global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban add global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban add global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban add global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban add global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Add a card at the end of a column; prints its id
  export extern "crdtctl kanban add" [
    --column: string          # Its column, by id, unique prefix of an id, or title; by default the first
    --description: string     # Its description; `-` reads it from stdin
    --edit                    # Write the text in an editor: $VISUAL, else $EDITOR, else vi
    --assignee: string        # The member it is assigned to, by id or a unique prefix
    --priority: string@"nu-complete crdtctl kanban add priority" # Its priority
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban add global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban add global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban add global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban add global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban add global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    title: string             # Its title
  ]

  def "nu-complete crdtctl kanban edit priority" [] {
    [ "urgent" "high" "medium" "low" ]
  }

  def "nu-complete crdtctl kanban edit global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban edit global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban edit global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban edit global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban edit global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Edit a card
  export extern "crdtctl kanban edit" [
    --title: string           # The new title
    --description: string     # The new description; `-` reads it from stdin
    --edit                    # Write the description in an editor: $VISUAL, else $EDITOR, else vi
    --assignee: string        # The member it is assigned to, by id or a unique prefix; empty for nobody
    --priority: string@"nu-complete crdtctl kanban edit priority" # The new priority
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban edit global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban edit global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban edit global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban edit global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban edit global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    card: string              # The card's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl kanban move global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban move global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban move global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban move global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban move global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Move a card to another column, or to another place in its own
  export extern "crdtctl kanban move" [
    --before: string          # Put it before this card of the column
    --top                     # Put it first in the column
    --bottom                  # Put it last in the column, even if it is already in that column
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban move global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban move global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban move global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban move global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban move global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    card: string              # The card's id, or a unique prefix of it
    column: string            # The column: its id, a unique prefix of it, or its title
  ]

  def "nu-complete crdtctl kanban archive global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban archive global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban archive global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban archive global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban archive global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Take a card off the board
  export extern "crdtctl kanban archive" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban archive global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban archive global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban archive global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban archive global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban archive global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    card: string              # The card's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl kanban restore global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban restore global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban restore global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban restore global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban restore global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Put an archived card back at the end of its column, or of the first if that is gone
  export extern "crdtctl kanban restore" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban restore global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban restore global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban restore global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban restore global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban restore global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    card: string              # The card's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl kanban list priority" [] {
    [ "urgent" "high" "medium" "low" ]
  }

  def "nu-complete crdtctl kanban list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the cards, in board order
  export extern "crdtctl kanban list" [
    --column: string          # Only the cards of this column: its id, a unique prefix of it, or its title
    --assignee: string        # Only those of this member, by id or a unique prefix; empty for nobody
    --priority: string@"nu-complete crdtctl kanban list priority" # Only those of this priority
    --all(-a)                 # Include archived cards
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl kanban export export.as" [] {
    [ "markdown" "html" "csv" "ndjson" ]
  }

  def "nu-complete crdtctl kanban export global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban export global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban export global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban export global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban export global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Write the board to a file: Markdown, HTML, CSV or NDJSON
  export extern "crdtctl kanban export" [
    --all(-a)                 # Include archived cards
    --as: string@"nu-complete crdtctl kanban export export.as" # The kind of file; defaults to that of the file's extension, else Markdown
    --out(-O): path           # The file to write; `-` is standard output
    --as-member: string       # The member to act as; by default the store's own member
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --output(-o): string@"nu-complete crdtctl kanban export global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban export global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban export global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban export global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban export global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl kanban show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one card, with every field of its record
  export extern "crdtctl kanban show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    card: string              # The card's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl kanban column global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban column global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban column global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban column global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban column global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Add, rename, move and remove columns
  export extern "crdtctl kanban column" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban column global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban column global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban column global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban column global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban column global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl kanban column add global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban column add global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban column add global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban column add global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban column add global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Add a column after the others; prints its id
  export extern "crdtctl kanban column add" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban column add global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban column add global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban column add global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban column add global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban column add global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    title: string             # The title of the column
  ]

  def "nu-complete crdtctl kanban column rename global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban column rename global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban column rename global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban column rename global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban column rename global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Give a column another title
  export extern "crdtctl kanban column rename" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban column rename global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban column rename global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban column rename global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban column rename global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban column rename global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    column: string            # The column: its id, a unique prefix of it, or its title
    title: string             # The new title
  ]

  def "nu-complete crdtctl kanban column move global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban column move global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban column move global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban column move global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban column move global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Move a column to another place on the board; to the end if no place is given
  export extern "crdtctl kanban column move" [
    --before: string          # Put it before this one
    --first                   # Put it before all others
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban column move global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban column move global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban column move global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban column move global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban column move global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    column: string            # The column: its id, a unique prefix of it, or its title
  ]

  def "nu-complete crdtctl kanban column remove global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl kanban column remove global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl kanban column remove global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl kanban column remove global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl kanban column remove global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Remove a column; one that has cards needs --to
  export extern "crdtctl kanban column remove" [
    --to: string              # The column that its cards go to
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl kanban column remove global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl kanban column remove global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl kanban column remove global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl kanban column remove global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl kanban column remove global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    column: string            # The column: its id, a unique prefix of it, or its title
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl kanban column help" [
  ]

  # Add a column after the others; prints its id
  export extern "crdtctl kanban column help add" [
  ]

  # Give a column another title
  export extern "crdtctl kanban column help rename" [
  ]

  # Move a column to another place on the board; to the end if no place is given
  export extern "crdtctl kanban column help move" [
  ]

  # Remove a column; one that has cards needs --to
  export extern "crdtctl kanban column help remove" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl kanban column help help" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl kanban help" [
  ]

  # Show the board: its columns side by side, as wide as the terminal
  export extern "crdtctl kanban help board" [
  ]

  # Add a card at the end of a column; prints its id
  export extern "crdtctl kanban help add" [
  ]

  # Edit a card
  export extern "crdtctl kanban help edit" [
  ]

  # Move a card to another column, or to another place in its own
  export extern "crdtctl kanban help move" [
  ]

  # Take a card off the board
  export extern "crdtctl kanban help archive" [
  ]

  # Put an archived card back at the end of its column, or of the first if that is gone
  export extern "crdtctl kanban help restore" [
  ]

  # List the cards, in board order
  export extern "crdtctl kanban help list" [
  ]

  # Write the board to a file: Markdown, HTML, CSV or NDJSON
  export extern "crdtctl kanban help export" [
  ]

  # Show one card, with every field of its record
  export extern "crdtctl kanban help show" [
  ]

  # Add, rename, move and remove columns
  export extern "crdtctl kanban help column" [
  ]

  # Add a column after the others; prints its id
  export extern "crdtctl kanban help column add" [
  ]

  # Give a column another title
  export extern "crdtctl kanban help column rename" [
  ]

  # Move a column to another place on the board; to the end if no place is given
  export extern "crdtctl kanban help column move" [
  ]

  # Remove a column; one that has cards needs --to
  export extern "crdtctl kanban help column remove" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl kanban help help" [
  ]

  def "nu-complete crdtctl issue global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Open, edit, comment on, close and list the issues of an entity
  export extern "crdtctl issue" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl issue open priority" [] {
    [ "urgent" "high" "medium" "low" ]
  }

  def "nu-complete crdtctl issue open global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue open global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue open global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue open global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue open global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Open an issue; prints its id
  export extern "crdtctl issue open" [
    --description: string     # Its description; `-` reads it from stdin
    --edit                    # Write the text in an editor: $VISUAL, else $EDITOR, else vi
    --priority: string@"nu-complete crdtctl issue open priority" # Its priority
    --assignee: string        # The member it is assigned to, by id or a unique prefix
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue open global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue open global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue open global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue open global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue open global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    title: string             # Its title
  ]

  def "nu-complete crdtctl issue edit global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue edit global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue edit global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue edit global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue edit global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Change the title or the description of an issue
  export extern "crdtctl issue edit" [
    --title: string           # The new title
    --description: string     # The new description; `-` reads it from stdin
    --edit                    # Write the description in an editor: $VISUAL, else $EDITOR, else vi
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue edit global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue edit global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue edit global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue edit global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue edit global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    issue: string             # The issue's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl issue status status" [] {
    [ "backlog" "todo" "in-progress" "done" "canceled" ]
  }

  def "nu-complete crdtctl issue status global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue status global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue status global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue status global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue status global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Set the status of an issue; it stays open until it is closed
  export extern "crdtctl issue status" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue status global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue status global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue status global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue status global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue status global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    issue: string             # The issue's id, or a unique prefix of it
    status: string@"nu-complete crdtctl issue status status" # The new status
  ]

  def "nu-complete crdtctl issue priority priority" [] {
    [ "urgent" "high" "medium" "low" ]
  }

  def "nu-complete crdtctl issue priority global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue priority global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue priority global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue priority global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue priority global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Set the priority of an issue
  export extern "crdtctl issue priority" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue priority global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue priority global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue priority global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue priority global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue priority global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    issue: string             # The issue's id, or a unique prefix of it
    priority: string@"nu-complete crdtctl issue priority priority" # Its priority
  ]

  def "nu-complete crdtctl issue assign global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue assign global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue assign global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue assign global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue assign global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Assign an issue to a member
  export extern "crdtctl issue assign" [
    --none                    # Assign it to nobody
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue assign global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue assign global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue assign global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue assign global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue assign global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    issue: string             # The issue's id, or a unique prefix of it
    assignee?: string         # The member it is assigned to, by id or a unique prefix
  ]

  def "nu-complete crdtctl issue comment global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue comment global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue comment global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue comment global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue comment global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Comment on an issue, and print the comment's id; or change or delete a comment
  export extern "crdtctl issue comment" [
    --edit: string            # Change this comment: its id, or a unique prefix of it
    --delete: string          # Delete this comment: its id, or a unique prefix of it
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue comment global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue comment global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue comment global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue comment global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue comment global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    issue: string             # The issue's id, or a unique prefix of it
    text?: string             # The text; read from stdin if it is `-`, or left out in a pipe; on a terminal, an editor opens
  ]

  def "nu-complete crdtctl issue comments global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue comments global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue comments global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue comments global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue comments global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the comments on an issue, oldest first
  export extern "crdtctl issue comments" [
    --all(-a)                 # Include deleted comments
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue comments global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue comments global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue comments global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue comments global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue comments global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    issue: string             # The issue's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl issue close end" [] {
    [ "done" "canceled" ]
  }

  def "nu-complete crdtctl issue close global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue close global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue close global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue close global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue close global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Close an issue
  export extern "crdtctl issue close" [
    --as: string@"nu-complete crdtctl issue close end" # How it ended; by default done, unless its status says otherwise
    --as-member: string       # The member to act as; by default the store's own member
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --output(-o): string@"nu-complete crdtctl issue close global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue close global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue close global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue close global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue close global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    issue: string             # The issue's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl issue reopen global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue reopen global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue reopen global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue reopen global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue reopen global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Open a closed issue again, as todo
  export extern "crdtctl issue reopen" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue reopen global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue reopen global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue reopen global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue reopen global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue reopen global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    issue: string             # The issue's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl issue list status" [] {
    [ "backlog" "todo" "in-progress" "done" "canceled" ]
  }

  def "nu-complete crdtctl issue list priority" [] {
    [ "urgent" "high" "medium" "low" ]
  }

  def "nu-complete crdtctl issue list sort" [] {
    [ "created" "updated" "priority" "status" "title" ]
  }

  def "nu-complete crdtctl issue list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the issues, oldest first unless sorted otherwise
  export extern "crdtctl issue list" [
    --status: string@"nu-complete crdtctl issue list status" # Only those with this status
    --assignee: string        # Only those of this member, by id or a unique prefix; empty for nobody
    --priority: string@"nu-complete crdtctl issue list priority" # Only those of this priority
    --all(-a)                 # Include closed issues and deleted comments
    --sort: string@"nu-complete crdtctl issue list sort" # The order
    --reverse                 # Reverse the order
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl issue export status" [] {
    [ "backlog" "todo" "in-progress" "done" "canceled" ]
  }

  def "nu-complete crdtctl issue export priority" [] {
    [ "urgent" "high" "medium" "low" ]
  }

  def "nu-complete crdtctl issue export export.as" [] {
    [ "markdown" "html" "csv" "ndjson" ]
  }

  def "nu-complete crdtctl issue export global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue export global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue export global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue export global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue export global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Write the issues to a file: Markdown, HTML, CSV or NDJSON
  export extern "crdtctl issue export" [
    --status: string@"nu-complete crdtctl issue export status" # Only those with this status
    --assignee: string        # Only those of this member, by id or a unique prefix; empty for nobody
    --priority: string@"nu-complete crdtctl issue export priority" # Only those of this priority
    --all(-a)                 # Include closed issues and deleted comments
    --as: string@"nu-complete crdtctl issue export export.as" # The kind of file; defaults to that of the file's extension, else Markdown
    --out(-O): path           # The file to write; `-` is standard output
    --as-member: string       # The member to act as; by default the store's own member
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --output(-o): string@"nu-complete crdtctl issue export global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue export global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue export global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue export global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue export global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl issue show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl issue show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl issue show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl issue show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl issue show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one issue with its comments and every field of its record
  export extern "crdtctl issue show" [
    --all(-a)                 # Include deleted comments
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl issue show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl issue show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl issue show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl issue show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl issue show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    issue: string             # The issue's id, or a unique prefix of it
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl issue help" [
  ]

  # Open an issue; prints its id
  export extern "crdtctl issue help open" [
  ]

  # Change the title or the description of an issue
  export extern "crdtctl issue help edit" [
  ]

  # Set the status of an issue; it stays open until it is closed
  export extern "crdtctl issue help status" [
  ]

  # Set the priority of an issue
  export extern "crdtctl issue help priority" [
  ]

  # Assign an issue to a member
  export extern "crdtctl issue help assign" [
  ]

  # Comment on an issue, and print the comment's id; or change or delete a comment
  export extern "crdtctl issue help comment" [
  ]

  # List the comments on an issue, oldest first
  export extern "crdtctl issue help comments" [
  ]

  # Close an issue
  export extern "crdtctl issue help close" [
  ]

  # Open a closed issue again, as todo
  export extern "crdtctl issue help reopen" [
  ]

  # List the issues, oldest first unless sorted otherwise
  export extern "crdtctl issue help list" [
  ]

  # Write the issues to a file: Markdown, HTML, CSV or NDJSON
  export extern "crdtctl issue help export" [
  ]

  # Show one issue with its comments and every field of its record
  export extern "crdtctl issue help show" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl issue help help" [
  ]

  def "nu-complete crdtctl canvas global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Draw on the whiteboard of an entity, view it, and connect it to a live relay
  export extern "crdtctl canvas" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl canvas add kind" [] {
    [ "text" "image" "chart" "shape" ]
  }

  def "nu-complete crdtctl canvas add global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas add global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas add global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas add global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas add global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Put an element on the canvas, above all others; prints its id
  export extern "crdtctl canvas add" [
    --at: string              # The upper left corner
    --size: string            # Width and height
    --data: string            # Its content, as a JSON object
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas add global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas add global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas add global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas add global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas add global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    kind: string@"nu-complete crdtctl canvas add kind"
  ]

  def "nu-complete crdtctl canvas set global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas set global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas set global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas set global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas set global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Set fields of an element
  export extern "crdtctl canvas set" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas set global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas set global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas set global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas set global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas set global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    element: string           # The element's id, or a unique prefix of it
    ...fields: string         # Fields and their new values
  ]

  def "nu-complete crdtctl canvas move global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas move global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas move global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas move global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas move global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Move an element
  export extern "crdtctl canvas move" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas move global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas move global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas move global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas move global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas move global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    element: string           # The element's id, or a unique prefix of it
    to: string                # The new position of its upper left corner
  ]

  def "nu-complete crdtctl canvas delete global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas delete global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas delete global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas delete global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas delete global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Delete an element
  export extern "crdtctl canvas delete" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas delete global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas delete global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas delete global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas delete global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas delete global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    element: string           # The element's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl canvas list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the elements, lowest first
  export extern "crdtctl canvas list" [
    --all(-a)                 # Include deleted elements
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl canvas show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one element, with every field of its record
  export extern "crdtctl canvas show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    element: string           # The element's id, or a unique prefix of it
  ]

  def "nu-complete crdtctl canvas undo global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas undo global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas undo global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas undo global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas undo global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Undo this replica's last change to the canvas
  export extern "crdtctl canvas undo" [
    --force                   # Even if later changes build on it
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas undo global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas undo global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas undo global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas undo global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas undo global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl canvas redo global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas redo global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas redo global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas redo global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas redo global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Redo the last undone change
  export extern "crdtctl canvas redo" [
    --force                   # Even if later changes build on it
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas redo global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas redo global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas redo global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas redo global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas redo global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl canvas render global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas render global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas render global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas render global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas render global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Draw the canvas as an SVG, or as a PNG if the file name ends in .png
  export extern "crdtctl canvas render" [
    --out(-O): path           # The file to write; `-` is standard output
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas render global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas render global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas render global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas render global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas render global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl canvas apply global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas apply global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas apply global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas apply global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas apply global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Apply messages of a live relay as they arrive, one JSON object per line
  export extern "crdtctl canvas apply" [
    --canvas: string          # The entity whose canvas others know by this id (repeatable)
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas apply global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas apply global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas apply global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas apply global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas apply global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    file?: path               # The messages; without a file, or with `-`, standard input
  ]

  def "nu-complete crdtctl canvas events global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl canvas events global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl canvas events global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl canvas events global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl canvas events global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Print this replica's changes to the canvas as messages for a relay, until acknowledged
  export extern "crdtctl canvas events" [
    --ack: string             # Acknowledge the events up to this one, and print none; without a number, all that earlier calls printed completely
    --since: string           # Print only the events after this one; acknowledges and records nothing
    --cursor: string          # Add the position of this member's cursor
    --request                 # Add a request for the canvas state of the other replicas
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl canvas events global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl canvas events global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl canvas events global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl canvas events global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl canvas events global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl canvas help" [
  ]

  # Put an element on the canvas, above all others; prints its id
  export extern "crdtctl canvas help add" [
  ]

  # Set fields of an element
  export extern "crdtctl canvas help set" [
  ]

  # Move an element
  export extern "crdtctl canvas help move" [
  ]

  # Delete an element
  export extern "crdtctl canvas help delete" [
  ]

  # List the elements, lowest first
  export extern "crdtctl canvas help list" [
  ]

  # Show one element, with every field of its record
  export extern "crdtctl canvas help show" [
  ]

  # Undo this replica's last change to the canvas
  export extern "crdtctl canvas help undo" [
  ]

  # Redo the last undone change
  export extern "crdtctl canvas help redo" [
  ]

  # Draw the canvas as an SVG, or as a PNG if the file name ends in .png
  export extern "crdtctl canvas help render" [
  ]

  # Apply messages of a live relay as they arrive, one JSON object per line
  export extern "crdtctl canvas help apply" [
  ]

  # Print this replica's changes to the canvas as messages for a relay, until acknowledged
  export extern "crdtctl canvas help events" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl canvas help help" [
  ]

  def "nu-complete crdtctl disk global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Put, get, edit and list the files on the disks of an entity
  export extern "crdtctl disk" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl disk put global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk put global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk put global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk put global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk put global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Put a file at a path; an existing text is edited where it differs
  export extern "crdtctl disk put" [
    --recursive(-r)           # Put every file in a directory and below, all or none
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk put global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk put global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk put global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk put global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk put global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    source: path              # The file; `-` for standard input; with -r, a directory
    path: string              # The destination, a path on a disk
  ]

  def "nu-complete crdtctl disk get global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk get global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk get global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk get global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk get global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Get a file or, with -r, all files below a path
  export extern "crdtctl disk get" [
    --recursive(-r)           # Get everything below the path, into the directory of -O
    --out(-O): path           # The file to write; `-` is standard output
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk get global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk get global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk get global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk get global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk get global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    path: string              # A path, a file's id, or a version of a file, by its id or hash
  ]

  def "nu-complete crdtctl disk cat global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk cat global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk cat global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk cat global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk cat global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Print a file
  export extern "crdtctl disk cat" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk cat global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk cat global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk cat global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk cat global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk cat global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    path: string              # A path, a file's id, or a version of a file, by its id or hash
  ]

  def "nu-complete crdtctl disk list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the files
  export extern "crdtctl disk list" [
    --tree                    # Show a tree of directories
    --all(-a)                 # Include deleted files, and those whose path is taken by another
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    path?: string             # Only files below this path, or that match a pattern (`*`, `?`, `**`)
  ]

  def "nu-complete crdtctl disk show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show a file's record
  export extern "crdtctl disk show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    path: string              # A path, or a file's id
  ]

  def "nu-complete crdtctl disk edit stdin" [] {
    [ "-" ]
  }

  def "nu-complete crdtctl disk edit global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk edit global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk edit global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk edit global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk edit global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Edit a text in $VISUAL or $EDITOR; with `-`, read the whole new text from standard input
  export extern "crdtctl disk edit" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk edit global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk edit global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk edit global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk edit global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk edit global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    path: string              # A path, or a file's id
    stdin?: string@"nu-complete crdtctl disk edit stdin" # `-` reads the new text from standard input
  ]

  def "nu-complete crdtctl disk move global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk move global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk move global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk move global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk move global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Move a file, or all files of a directory
  export extern "crdtctl disk move" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk move global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk move global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk move global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk move global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk move global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    from: string              # A path, or a file's id
    to: string                # The destination; nothing may be there
  ]

  def "nu-complete crdtctl disk remove global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk remove global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk remove global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk remove global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk remove global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Remove a file or, with -r, all files of a directory
  export extern "crdtctl disk remove" [
    --recursive(-r)           # Remove everything below the path
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk remove global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk remove global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk remove global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk remove global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk remove global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    path: string              # A path, or a file's id
  ]

  def "nu-complete crdtctl disk restore global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk restore global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk restore global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk restore global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk restore global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Restore a removed file, until every member has acknowledged its removal; or an earlier version of a file
  export extern "crdtctl disk restore" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk restore global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk restore global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk restore global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk restore global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk restore global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    path: string              # The path that it had, or its id; or a version of a file, by its id or hash
  ]

  def "nu-complete crdtctl disk scan global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk scan global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk scan global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk scan global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk scan global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Take in what changed in the directories: new, edited, moved and removed files
  export extern "crdtctl disk scan" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk scan global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk scan global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk scan global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk scan global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk scan global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl disk status global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk status global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk status global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk status global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk status global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show what differs between the store and the directories, and what is missing
  export extern "crdtctl disk status" [
    --all(-a)                 # Include files that are as they should be
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk status global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk status global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk status global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk status global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk status global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl disk publish global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk publish global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk publish global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk publish global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk publish global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Publish /public/website: hash its files into B3SUMS, whose own hash is the root
  export extern "crdtctl disk publish" [
    --html: path              # Also write the website as HTML into this directory, which must be new or empty
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk publish global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk publish global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk publish global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk publish global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk publish global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl disk gc global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk gc global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk gc global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk gc global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk gc global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Remove stored file contents that nobody needs: replaced versions, unfinished parts
  export extern "crdtctl disk gc" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk gc global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk gc global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk gc global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk gc global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk gc global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl disk verify global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk verify global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk verify global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk verify global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk verify global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Check a copy of a website against what was published: which files differ, are missing or extra
  export extern "crdtctl disk verify" [
    --root: string            # The root that `disk publish` printed
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk verify global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk verify global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk verify global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk verify global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk verify global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    dir: path                 # The copy
  ]

  def "nu-complete crdtctl disk history global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk history global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk history global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk history global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk history global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show what happened to a file, as far as the log reaches back
  export extern "crdtctl disk history" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk history global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk history global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk history global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk history global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk history global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    path: string              # A path, or a file's id
  ]

  def "nu-complete crdtctl disk diff global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl disk diff global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl disk diff global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl disk diff global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl disk diff global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show how the store's text differs from the file in the directory, another store's text, or what importing a bundle would make of it
  export extern "crdtctl disk diff" [
    --with: path              # The new text: that of another store, or what importing a bundle would make of it
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl disk diff global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl disk diff global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl disk diff global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl disk diff global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl disk diff global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    path: string              # A path
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl disk help" [
  ]

  # Put a file at a path; an existing text is edited where it differs
  export extern "crdtctl disk help put" [
  ]

  # Get a file or, with -r, all files below a path
  export extern "crdtctl disk help get" [
  ]

  # Print a file
  export extern "crdtctl disk help cat" [
  ]

  # List the files
  export extern "crdtctl disk help list" [
  ]

  # Show a file's record
  export extern "crdtctl disk help show" [
  ]

  # Edit a text in $VISUAL or $EDITOR; with `-`, read the whole new text from standard input
  export extern "crdtctl disk help edit" [
  ]

  # Move a file, or all files of a directory
  export extern "crdtctl disk help move" [
  ]

  # Remove a file or, with -r, all files of a directory
  export extern "crdtctl disk help remove" [
  ]

  # Restore a removed file, until every member has acknowledged its removal; or an earlier version of a file
  export extern "crdtctl disk help restore" [
  ]

  # Take in what changed in the directories: new, edited, moved and removed files
  export extern "crdtctl disk help scan" [
  ]

  # Show what differs between the store and the directories, and what is missing
  export extern "crdtctl disk help status" [
  ]

  # Publish /public/website: hash its files into B3SUMS, whose own hash is the root
  export extern "crdtctl disk help publish" [
  ]

  # Remove stored file contents that nobody needs: replaced versions, unfinished parts
  export extern "crdtctl disk help gc" [
  ]

  # Check a copy of a website against what was published: which files differ, are missing or extra
  export extern "crdtctl disk help verify" [
  ]

  # Show what happened to a file, as far as the log reaches back
  export extern "crdtctl disk help history" [
  ]

  # Show how the store's text differs from the file in the directory, another store's text, or what importing a bundle would make of it
  export extern "crdtctl disk help diff" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl disk help help" [
  ]

  def "nu-complete crdtctl sync global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Sync by file: export and import bundles, see what peers have
  export extern "crdtctl sync" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl sync export global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync export global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync export global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync export global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync export global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Write a bundle: everything, or with --for what one peer lacks
  export extern "crdtctl sync export" [
    --out(-O): path           # The file to write; `-` is standard output
    --for: string             # Only what this peer lacks: a replica (a prefix is enough) or its member
    --since: path             # Only what the sender of this bundle lacked when it made the bundle
    --doc: string             # Only this document; can be given again
    --with-archive            # Include archived records that the receiver lacks
    --if-new                  # Write no file when there is nothing new
    --without-files           # Leave out the contents of binary files: only their names are sent, and the receiver can ask for them
    --files-under: string     # Leave out the contents of files larger than this, such as 500k, 10M or 1G
    --raw: string             # The bare Yrs v1 state of one document, for other Yjs and Yrs programs
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync export global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync export global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync export global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync export global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync export global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl sync import global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync import global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync import global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync import global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync import global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Read bundles: all of them in one commit, or none
  export extern "crdtctl sync import" [
    --raw: string             # The files are not bundles but updates of this document, in any form that `doc kind` recognises
    --keep-going(-k)          # Leave out files that are damaged, refused or missing, and import the rest
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync import global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync import global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync import global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync import global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync import global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    ...files: path            # The bundles; `-` is standard input
  ]

  def "nu-complete crdtctl sync stick global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync stick global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync stick global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync stick global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync stick global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Sync with a USB stick: import what is new on it, write to it what others lack
  export extern "crdtctl sync stick" [
    --with-archive            # Include archived records that others lack
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync stick global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync stick global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync stick global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync stick global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync stick global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    dir: path                 # The directory where the stick is
  ]

  def "nu-complete crdtctl sync status global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync status global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync status global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync status global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync status global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show each peer: what it lacks, what we lack, what waits
  export extern "crdtctl sync status" [
    --exit-code               # Exit with 3 if anyone is behind
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync status global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync status global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync status global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync status global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync status global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl sync receipt global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync receipt global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync receipt global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync receipt global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync receipt global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Write a bundle without updates, which tells others what is here
  export extern "crdtctl sync receipt" [
    --out(-O): path           # The file to write; `-` is standard output
    --doc: string             # Only this document; can be given again
    --with-archive            # Include what is archived here, so that nobody sends it again
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync receipt global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync receipt global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync receipt global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync receipt global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync receipt global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl sync show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show what a bundle says it holds, without importing it
  export extern "crdtctl sync show" [
    --records                 # Show what importing it would change, record by record
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    file: path                # The bundle; `-` is standard input
  ]

  def "nu-complete crdtctl sync verify global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync verify global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync verify global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync verify global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync verify global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Check a whole bundle, without a store: bounds, hashes, every update
  export extern "crdtctl sync verify" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync verify global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync verify global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync verify global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync verify global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync verify global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    file: path                # The bundle; `-` is standard input
  ]

  def "nu-complete crdtctl sync peers global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync peers global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync peers global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync peers global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync peers global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the replicas that bundles came from
  export extern "crdtctl sync peers" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync peers global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync peers global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync peers global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync peers global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync peers global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl sync forget global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sync forget global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sync forget global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sync forget global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sync forget global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Forget a peer: its next export is a full one
  export extern "crdtctl sync forget" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sync forget global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sync forget global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sync forget global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sync forget global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sync forget global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    peer: string              # The replica (a prefix is enough) or its member
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl sync help" [
  ]

  # Write a bundle: everything, or with --for what one peer lacks
  export extern "crdtctl sync help export" [
  ]

  # Read bundles: all of them in one commit, or none
  export extern "crdtctl sync help import" [
  ]

  # Sync with a USB stick: import what is new on it, write to it what others lack
  export extern "crdtctl sync help stick" [
  ]

  # Show each peer: what it lacks, what we lack, what waits
  export extern "crdtctl sync help status" [
  ]

  # Write a bundle without updates, which tells others what is here
  export extern "crdtctl sync help receipt" [
  ]

  # Show what a bundle says it holds, without importing it
  export extern "crdtctl sync help show" [
  ]

  # Check a whole bundle, without a store: bounds, hashes, every update
  export extern "crdtctl sync help verify" [
  ]

  # List the replicas that bundles came from
  export extern "crdtctl sync help peers" [
  ]

  # Forget a peer: its next export is a full one
  export extern "crdtctl sync help forget" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl sync help help" [
  ]

  def "nu-complete crdtctl archive global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl archive global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl archive global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl archive global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl archive global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Move finished records into a file beside the documents, to keep the documents small
  export extern "crdtctl archive" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl archive global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl archive global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl archive global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl archive global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl archive global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl archive run global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl archive run global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl archive run global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl archive run global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl archive run global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Move finished records into the archive, and say which wait for whom
  export extern "crdtctl archive run" [
    --older-than: string      # Minimum age of messages, and time since cards were archived and issues closed [default: 90d for messages]
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl archive run global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl archive run global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl archive run global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl archive run global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl archive run global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl archive auto set" [] {
    [ "on" "off" ]
  }

  def "nu-complete crdtctl archive auto global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl archive auto global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl archive auto global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl archive auto global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl archive auto global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show whether documents over their limit are archived automatically, or switch that on or off
  export extern "crdtctl archive auto" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl archive auto global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl archive auto global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl archive auto global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl archive auto global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl archive auto global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    set?: string@"nu-complete crdtctl archive auto set" # `on` or `off`
  ]

  def "nu-complete crdtctl archive mode mode" [] {
    [ "crdt" "hybrid" "sql" ]
  }

  def "nu-complete crdtctl archive mode global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl archive mode global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl archive mode global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl archive mode global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl archive mode global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show how documents are archived, or change that for everybody
  export extern "crdtctl archive mode" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl archive mode global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl archive mode global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl archive mode global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl archive mode global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl archive mode global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc?: string              # The document
    mode?: string@"nu-complete crdtctl archive mode mode" # The new mode
  ]

  def "nu-complete crdtctl archive list kind" [] {
    [ "message" "reply" "card" "issue" ]
  }

  def "nu-complete crdtctl archive list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl archive list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl archive list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl archive list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl archive list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List what is in the archive, oldest first
  export extern "crdtctl archive list" [
    --kind: string@"nu-complete crdtctl archive list kind" # Only `message`, `reply`, `card` or `issue`
    --limit: string           # Only the last N of each document
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl archive list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl archive list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl archive list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl archive list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl archive list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl archive show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl archive show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl archive show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl archive show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl archive show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one archived record, with every version that was archived
  export extern "crdtctl archive show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl archive show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl archive show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl archive show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl archive show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl archive show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    record: string            # The id of the record, or a unique prefix of it
  ]

  def "nu-complete crdtctl archive restore global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl archive restore global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl archive restore global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl archive restore global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl archive restore global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Bring an archived record back into its document, under its own id
  export extern "crdtctl archive restore" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl archive restore global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl archive restore global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl archive restore global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl archive restore global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl archive restore global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    record: string            # The id of the record, or a unique prefix of it
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl archive help" [
  ]

  # Move finished records into the archive, and say which wait for whom
  export extern "crdtctl archive help run" [
  ]

  # Show whether documents over their limit are archived automatically, or switch that on or off
  export extern "crdtctl archive help auto" [
  ]

  # Show how documents are archived, or change that for everybody
  export extern "crdtctl archive help mode" [
  ]

  # List what is in the archive, oldest first
  export extern "crdtctl archive help list" [
  ]

  # Show one archived record, with every version that was archived
  export extern "crdtctl archive help show" [
  ]

  # Bring an archived record back into its document, under its own id
  export extern "crdtctl archive help restore" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl archive help help" [
  ]

  def "nu-complete crdtctl fold global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl fold global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl fold global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl fold global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl fold global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Control when document files are written: with every command, or many changes at once
  export extern "crdtctl fold" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl fold global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl fold global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl fold global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl fold global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl fold global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl fold run global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl fold run global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl fold run global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl fold run global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl fold run global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Write all pending changes to the files, so that other programs see them
  export extern "crdtctl fold run" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl fold run global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl fold run global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl fold run global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl fold run global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl fold run global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl fold mode when" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl fold mode global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl fold mode global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl fold mode global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl fold mode global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl fold mode global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show when the files of this store are written, or change that
  export extern "crdtctl fold mode" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl fold mode global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl fold mode global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl fold mode global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl fold mode global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl fold mode global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    when?: string@"nu-complete crdtctl fold mode when" # `now` or `later`
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl fold help" [
  ]

  # Write all pending changes to the files, so that other programs see them
  export extern "crdtctl fold help run" [
  ]

  # Show when the files of this store are written, or change that
  export extern "crdtctl fold help mode" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl fold help help" [
  ]

  def "nu-complete crdtctl prune global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl prune global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl prune global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl prune global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl prune global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Remove the tombstones that every active member has acknowledged
  export extern "crdtctl prune" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl prune global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl prune global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl prune global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl prune global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl prune global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl tombstone global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl tombstone global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl tombstone global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl tombstone global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl tombstone global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show deleted records: which are still there, and whom they wait for
  export extern "crdtctl tombstone" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl tombstone global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl tombstone global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl tombstone global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl tombstone global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl tombstone global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl tombstone list by" [] {
    [ "member" "document" "kind" ]
  }

  def "nu-complete crdtctl tombstone list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl tombstone list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl tombstone list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl tombstone list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl tombstone list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the tombstones of the store or, with -e, of one entity
  export extern "crdtctl tombstone list" [
    --blocked                 # Only those that cannot be pruned yet
    --by: string@"nu-complete crdtctl tombstone list by" # Count them by member, document or kind
    --top: string             # Only the N largest
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl tombstone list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl tombstone list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl tombstone list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl tombstone list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl tombstone list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl tombstone why global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl tombstone why global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl tombstone why global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl tombstone why global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl tombstone why global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Explain one tombstone: who deleted it, whom it waits for, and what pruning it frees
  export extern "crdtctl tombstone why" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl tombstone why global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl tombstone why global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl tombstone why global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl tombstone why global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl tombstone why global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    id: string                # The deleted record: a message, a reply, a member
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl tombstone help" [
  ]

  # List the tombstones of the store or, with -e, of one entity
  export extern "crdtctl tombstone help list" [
  ]

  # Explain one tombstone: who deleted it, whom it waits for, and what pruning it frees
  export extern "crdtctl tombstone help why" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl tombstone help help" [
  ]

  def "nu-complete crdtctl trash global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl trash global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl trash global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl trash global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl trash global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show records that are gone for good, kept for 30 days, and make new ones from them
  export extern "crdtctl trash" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl trash global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl trash global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl trash global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl trash global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl trash global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl trash list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl trash list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl trash list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl trash list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl trash list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the records in the trash, latest first
  export extern "crdtctl trash list" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl trash list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl trash list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl trash list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl trash list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl trash list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl trash show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl trash show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl trash show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl trash show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl trash show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one record, with every field that it had
  export extern "crdtctl trash show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl trash show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl trash show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl trash show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl trash show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl trash show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    record: string            # The id that the record had, or a unique prefix of it
  ]

  def "nu-complete crdtctl trash restore global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl trash restore global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl trash restore global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl trash restore global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl trash restore global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Make a new record with the content of one in the trash; prints the new id
  export extern "crdtctl trash restore" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl trash restore global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl trash restore global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl trash restore global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl trash restore global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl trash restore global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    record: string            # The id that the record had, or a unique prefix of it
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl trash help" [
  ]

  # List the records in the trash, latest first
  export extern "crdtctl trash help list" [
  ]

  # Show one record, with every field that it had
  export extern "crdtctl trash help show" [
  ]

  # Make a new record with the content of one in the trash; prints the new id
  export extern "crdtctl trash help restore" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl trash help help" [
  ]

  def "nu-complete crdtctl conflict global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl conflict global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl conflict global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl conflict global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl conflict global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List and restore values that lost a merge
  export extern "crdtctl conflict" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl conflict global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl conflict global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl conflict global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl conflict global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl conflict global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl conflict list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl conflict list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl conflict list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl conflict list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl conflict list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the values that lost, latest first
  export extern "crdtctl conflict list" [
    --since: string           # Only conflicts decided since this time: RFC 3339, a date, or `2d`, `3h`, `1w` ago
    --doc: string             # Only in this document
    --all(-a)                 # Include dismissed conflicts
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl conflict list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl conflict list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl conflict list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl conflict list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl conflict list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl conflict show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl conflict show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl conflict show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl conflict show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl conflict show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one conflict, with both values in full
  export extern "crdtctl conflict show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl conflict show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl conflict show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl conflict show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl conflict show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl conflict show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    number: string            # Its number in `conflict list`
  ]

  def "nu-complete crdtctl conflict dismiss global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl conflict dismiss global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl conflict dismiss global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl conflict dismiss global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl conflict dismiss global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Accept that a value stays lost: `conflict list` no longer shows it
  export extern "crdtctl conflict dismiss" [
    --all(-a)                 # All conflicts that were not restored
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl conflict dismiss global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl conflict dismiss global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl conflict dismiss global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl conflict dismiss global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl conflict dismiss global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    ...numbers: string        # Their numbers in `conflict list`
  ]

  def "nu-complete crdtctl conflict restore global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl conflict restore global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl conflict restore global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl conflict restore global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl conflict restore global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Restore the value that lost, as a new edit
  export extern "crdtctl conflict restore" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl conflict restore global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl conflict restore global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl conflict restore global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl conflict restore global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl conflict restore global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    number: string            # Its number in `conflict list`
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl conflict help" [
  ]

  # List the values that lost, latest first
  export extern "crdtctl conflict help list" [
  ]

  # Show one conflict, with both values in full
  export extern "crdtctl conflict help show" [
  ]

  # Accept that a value stays lost: `conflict list` no longer shows it
  export extern "crdtctl conflict help dismiss" [
  ]

  # Restore the value that lost, as a new edit
  export extern "crdtctl conflict help restore" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl conflict help help" [
  ]

  def "nu-complete crdtctl doc global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Inspect documents: what is in them, how large it is, what differs
  export extern "crdtctl doc" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl doc list global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc list global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc list global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc list global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc list global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # List the documents of the store or, with -e, of one entity
  export extern "crdtctl doc list" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc list global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc list global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc list global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc list global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc list global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl doc kind kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc kind global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc kind global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc kind global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc kind global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc kind global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Identify files: updates, messages, logs, databases, packed or as text
  export extern "crdtctl doc kind" [
    --from: string@"nu-complete crdtctl doc kind kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc kind global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc kind global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc kind global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc kind global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc kind global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    ...files: path            # The files; `-` is standard input
  ]

  def "nu-complete crdtctl doc show kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc show form" [] {
    [ "v1" "v2" ]
  }

  def "nu-complete crdtctl doc show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show what a document is and what it holds
  export extern "crdtctl doc show" [
    --from: string@"nu-complete crdtctl doc show kind" # Read the file as this kind, whatever it looks like
    --at: string              # Show the document as it was: at a time or after `#N` updates of a log or database, or at a snapshot or state vector, in a file or as CLIENT:CLOCK,…
    --at-from: string@"nu-complete crdtctl doc show form" # How the snapshot is encoded, if the document does not tell
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
  ]

  def "nu-complete crdtctl doc dump dump_format" [] {
    [ "json" "ndjson" "yjs" "delta" "xml" "markdown" "html" ]
  }

  def "nu-complete crdtctl doc dump kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc dump form" [] {
    [ "v1" "v2" ]
  }

  def "nu-complete crdtctl doc dump global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc dump global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc dump global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc dump global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc dump global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Print the live content of a document as JSON
  export extern "crdtctl doc dump" [
    --as: string@"nu-complete crdtctl doc dump dump_format" # The format; by default one object with every root
    --root: string            # Only this root
    --from: string@"nu-complete crdtctl doc dump kind" # Read the file as this kind, whatever it looks like
    --at: string              # Show the document as it was: at a time or after `#N` updates of a log or database, or at a snapshot or state vector, in a file or as CLIENT:CLOCK,…
    --at-from: string@"nu-complete crdtctl doc dump form" # How the snapshot is encoded, if the document does not tell
    --as-member: string       # The member to act as; by default the store's own member
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --output(-o): string@"nu-complete crdtctl doc dump global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc dump global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc dump global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc dump global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc dump global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
  ]

  def "nu-complete crdtctl doc get kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc get global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc get global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc get global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc get global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc get global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Print the values that a JSONPath finds in a document
  export extern "crdtctl doc get" [
    --from: string@"nu-complete crdtctl doc get kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc get global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc get global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc get global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc get global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc get global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
    path: string              # What to look for: `$.messages.*.content`
  ]

  def "nu-complete crdtctl doc tree kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc tree global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc tree global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc tree global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc tree global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc tree global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show the paths of a document, with their types and counts
  export extern "crdtctl doc tree" [
    --depth: string           # Show only this many levels
    --from: string@"nu-complete crdtctl doc tree kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc tree global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc tree global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc tree global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc tree global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc tree global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
  ]

  def "nu-complete crdtctl doc size by" [] {
    [ "collection" "field" "kind" "record" "author" "client" "month" ]
  }

  def "nu-complete crdtctl doc size kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc size global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc size global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc size global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc size global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc size global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show what every byte of a document is used for
  export extern "crdtctl doc size" [
    --by: string@"nu-complete crdtctl doc size by" # What to group the rows by; by default kind and field
    --top: string             # Show only the N largest, and the rest as one row
    --from: string@"nu-complete crdtctl doc size kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc size global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc size global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc size global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc size global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc size global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    ...docs: string           # The documents or files; by default all documents of the store or, with -e, of one entity
  ]

  def "nu-complete crdtctl doc blocks kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc blocks global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc blocks global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc blocks global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc blocks global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc blocks global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show the raw blocks of a document
  export extern "crdtctl doc blocks" [
    --client: string          # Only blocks of this client id
    --limit: string           # Show at most this many
    --from: string@"nu-complete crdtctl doc blocks kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc blocks global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc blocks global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc blocks global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc blocks global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc blocks global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
  ]

  def "nu-complete crdtctl doc diff form" [] {
    [ "v1" "v2" ]
  }

  def "nu-complete crdtctl doc diff global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc diff global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc diff global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc diff global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc diff global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show what differs between two documents, files, stores or bundles
  export extern "crdtctl doc diff" [
    --stat                    # One row per document: which side has it, which is ahead, how much differs
    --at: string              # Show the document as it was: at a time or after `#N` updates of a log or database, or at a snapshot or state vector, in a file or as CLIENT:CLOCK,…
    --at-from: string@"nu-complete crdtctl doc diff form" # How the snapshot is encoded, if the document does not tell
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc diff global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc diff global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc diff global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc diff global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc diff global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    old: string               # The old one: a document, a .yrs file, a store directory, or a bundle; `-` is standard input
    new: string               # The new one, in any of these forms
  ]

  def "nu-complete crdtctl doc convert to" [] {
    [ "v1" "v2" "base64" "hex" "ndjson" "json" "frame" ]
  }

  def "nu-complete crdtctl doc convert kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc convert global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc convert global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc convert global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc convert global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc convert global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Convert a file to another form
  export extern "crdtctl doc convert" [
    --to: string@"nu-complete crdtctl doc convert to" # The form to write
    --from: string@"nu-complete crdtctl doc convert kind" # Read the file as this kind, whatever it looks like
    --out(-O): path           # The file to write; `-` is standard output
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc convert global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc convert global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc convert global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc convert global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc convert global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    file: string              # The file; `-` is standard input
  ]

  def "nu-complete crdtctl doc merge kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc merge global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc merge global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc merge global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc merge global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc merge global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Merge files of one document, in any order
  export extern "crdtctl doc merge" [
    --doubled                 # Merge even content that will then appear twice
    --from: string@"nu-complete crdtctl doc merge kind" # Read the file as this kind, whatever it looks like
    --out(-O): path           # The file to write; `-` is standard output
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc merge global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc merge global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc merge global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc merge global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc merge global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    ...files: string          # The files
  ]

  def "nu-complete crdtctl doc diff-update kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc diff-update global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc diff-update global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc diff-update global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc diff-update global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc diff-update global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Write the update that one file lacks from another
  export extern "crdtctl doc diff-update" [
    --from: string@"nu-complete crdtctl doc diff-update kind" # Read the file as this kind, whatever it looks like
    --out(-O): path           # The file to write; `-` is standard output
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc diff-update global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc diff-update global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc diff-update global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc diff-update global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc diff-update global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    base: string              # The file to bring up to date, or its state vector
    newer: string             # The file with the newer state
  ]

  def "nu-complete crdtctl doc vector kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc vector global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc vector global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc vector global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc vector global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc vector global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Print the state vector of a file or document, or compare two
  export extern "crdtctl doc vector" [
    --from: string@"nu-complete crdtctl doc vector kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc vector global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc vector global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc vector global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc vector global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc vector global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    first: string             # The file or the document
    second?: string           # Another one, to compare with
  ]

  def "nu-complete crdtctl doc explain kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc explain global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc explain global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc explain global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc explain global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc explain global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Explain what an update does
  export extern "crdtctl doc explain" [
    --base: string            # The document or file that it applies to
    --from: string@"nu-complete crdtctl doc explain kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc explain global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc explain global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc explain global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc explain global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc explain global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    update: string            # The update; `-` is standard input
  ]

  def "nu-complete crdtctl doc log kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc log global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc log global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc log global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc log global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc log global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show the history that a document or a file still has
  export extern "crdtctl doc log" [
    --from: string@"nu-complete crdtctl doc log kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc log global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc log global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc log global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc log global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc log global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
  ]

  def "nu-complete crdtctl doc blame kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc blame global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc blame global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc blame global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc blame global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc blame global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show who wrote which part of a text, a list or a map
  export extern "crdtctl doc blame" [
    --from: string@"nu-complete crdtctl doc blame kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc blame global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc blame global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc blame global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc blame global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc blame global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
    path: string              # The path of the text, list or map: `cells/0/source`
  ]

  def "nu-complete crdtctl doc rebuild kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc rebuild global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc rebuild global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc rebuild global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc rebuild global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc rebuild global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Rewrite the content of a document without its history
  export extern "crdtctl doc rebuild" [
    --from: string@"nu-complete crdtctl doc rebuild kind" # Read the file as this kind, whatever it looks like
    --out(-O): path           # The file to write; `-` is standard output
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc rebuild global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc rebuild global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc rebuild global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc rebuild global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc rebuild global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
  ]

  def "nu-complete crdtctl doc load kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc load global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc load global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc load global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc load global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc load global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Load an update into a document
  export extern "crdtctl doc load" [
    --doc: string             # The document; the full id for a new one. Not needed for a file of a store
    --doubled                 # Load even content that will then appear twice
    --from: string@"nu-complete crdtctl doc load kind" # Read the file as this kind, whatever it looks like
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc load global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc load global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc load global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc load global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc load global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    file: path                # The update, or any file in which `doc kind` finds updates; `-` is standard input
  ]

  def "nu-complete crdtctl doc anonymize kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl doc anonymize global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl doc anonymize global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl doc anonymize global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl doc anonymize global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl doc anonymize global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Write a copy of a document without what people wrote, for bug reports
  export extern "crdtctl doc anonymize" [
    --members                 # Replace the ids of members too, each by the same substitute throughout the entity
    --from: string@"nu-complete crdtctl doc anonymize kind" # Read the file as this kind, whatever it looks like
    --out(-O): path           # The file to write; `-` is standard output
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl doc anonymize global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl doc anonymize global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl doc anonymize global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl doc anonymize global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl doc anonymize global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl doc help" [
  ]

  # List the documents of the store or, with -e, of one entity
  export extern "crdtctl doc help list" [
  ]

  # Identify files: updates, messages, logs, databases, packed or as text
  export extern "crdtctl doc help kind" [
  ]

  # Show what a document is and what it holds
  export extern "crdtctl doc help show" [
  ]

  # Print the live content of a document as JSON
  export extern "crdtctl doc help dump" [
  ]

  # Print the values that a JSONPath finds in a document
  export extern "crdtctl doc help get" [
  ]

  # Show the paths of a document, with their types and counts
  export extern "crdtctl doc help tree" [
  ]

  # Show what every byte of a document is used for
  export extern "crdtctl doc help size" [
  ]

  # Show the raw blocks of a document
  export extern "crdtctl doc help blocks" [
  ]

  # Show what differs between two documents, files, stores or bundles
  export extern "crdtctl doc help diff" [
  ]

  # Convert a file to another form
  export extern "crdtctl doc help convert" [
  ]

  # Merge files of one document, in any order
  export extern "crdtctl doc help merge" [
  ]

  # Write the update that one file lacks from another
  export extern "crdtctl doc help diff-update" [
  ]

  # Print the state vector of a file or document, or compare two
  export extern "crdtctl doc help vector" [
  ]

  # Explain what an update does
  export extern "crdtctl doc help explain" [
  ]

  # Show the history that a document or a file still has
  export extern "crdtctl doc help log" [
  ]

  # Show who wrote which part of a text, a list or a map
  export extern "crdtctl doc help blame" [
  ]

  # Rewrite the content of a document without its history
  export extern "crdtctl doc help rebuild" [
  ]

  # Load an update into a document
  export extern "crdtctl doc help load" [
  ]

  # Write a copy of a document without what people wrote, for bug reports
  export extern "crdtctl doc help anonymize" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl doc help help" [
  ]

  def "nu-complete crdtctl digest kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl digest global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl digest global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl digest global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl digest global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl digest global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Print digests of the store or of one document, to compare replicas
  export extern "crdtctl digest" [
    --words                   # Print the content digest as four words, to read over a telephone
    --from: string@"nu-complete crdtctl digest kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl digest global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl digest global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl digest global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl digest global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl digest global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc?: string              # The document, or a file (`-` is standard input); by default the whole store
  ]

  def "nu-complete crdtctl check kind" [] {
    [ "v1" "v2" "state-vector" "snapshot" "sync" "hocuspocus" "awareness" "log" "log-varint" "log-u32-be" "log-u32-le" "ndjson" "base64" "hex" "json" "gzip" "zstd" "brotli" "sqlite" "ystore" "y-sweet" ]
  }

  def "nu-complete crdtctl check global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl check global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl check global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl check global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl check global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Check the store for problems, and name the command that fixes each
  export extern "crdtctl check" [
    --deep                    # Have yrs re-encode every document, and compare; read all of the log, and the indexes of crdtctl.db
    --from: string@"nu-complete crdtctl check kind" # Read the file as this kind, whatever it looks like
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl check global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl check global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl check global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl check global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl check global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    ...doc: string            # The documents, or files; all documents by default
  ]

  def "nu-complete crdtctl repair global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl repair global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl repair global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl repair global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl repair global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Repair findings of `crdtctl check`: only those that are named
  export extern "crdtctl repair" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl repair global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl repair global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl repair global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl repair global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl repair global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    ...finding: string        # The findings
  ]

  def "nu-complete crdtctl recover global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl recover global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl recover global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl recover global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl recover global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Rebuild a damaged document from what is left of it and what others have
  export extern "crdtctl recover" [
    --from: path              # Bundles, stores and .yrs files of others, most trusted first
    --apply                   # Replace the damaged file with the result, and keep it beside it
    --out(-O): path           # The directory to write to; nothing in it is overwritten
    --records                 # Show one row per record, as JSON and ids always do
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl recover global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl recover global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl recover global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl recover global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl recover global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    doc: string               # The document, or a file; `-` is standard input
  ]

  def "nu-complete crdtctl batch global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl batch global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl batch global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl batch global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl batch global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Run many operations as one: one lock, one load, one commit
  export extern "crdtctl batch" [
    --keep-going(-k)          # Skip lines that fail, and apply the rest
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl batch global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl batch global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl batch global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl batch global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl batch global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    file?: path               # The file; without one, or with `-`, standard input
  ]

  def "nu-complete crdtctl log global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl log global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl log global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl log global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl log global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show what happened in this store: by whom, by which command, from whose bundle
  export extern "crdtctl log" [
    --since: string           # Only since this time: RFC 3339, a date, or `2d`, `3h`, `1w` ago
    --until: string           # Only before this time
    --limit: string           # Only the last N
    --record: string          # Only what happened to this record, of any kind: its id, or a unique prefix of it
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl log global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl log global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl log global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl log global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl log global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete crdtctl log show global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl log show global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl log show global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl log show global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl log show global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Show one command: its operations, and what it did to which records
  export extern "crdtctl log show" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl log show global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl log show global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl log show global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl log show global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl log show global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    seq: string               # Its number in the log
  ]

  def "nu-complete crdtctl log revert global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl log revert global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl log revert global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl log revert global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl log revert global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Revert what one command did, with new edits that do the opposite
  export extern "crdtctl log revert" [
    --dry-run(-n)             # Show what would happen; write nothing
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl log revert global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl log revert global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl log revert global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl log revert global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl log revert global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    seq: string               # Its number in the log
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl log help" [
  ]

  # Show one command: its operations, and what it did to which records
  export extern "crdtctl log help show" [
  ]

  # Revert what one command did, with new edits that do the opposite
  export extern "crdtctl log help revert" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl log help help" [
  ]

  def "nu-complete crdtctl sql schema" [] {
    [ "entities" "members" "messages" "messages_fts" "threads" "reactions" "attachments" "cards" "columns" "issues" "comments" "elements" "files" "tombstones" "acknowledgements" "conflicts" "peers" "log" "documents" "sizes" "" ]
  }

  def "nu-complete crdtctl sql global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl sql global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl sql global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl sql global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl sql global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Query the store in SQL: one query over views of everything it holds
  export extern "crdtctl sql" [
    --param(-p): string       # A value for `:NAME` in the query; `:now` is the current time, or that of `--now`
    --timeout: string         # How long the command may take, including printing the rows; by default the query alone may take 10s
    --live-only               # Leave out what is in the archive and no longer in its document
    --explain                 # Show how the query would be executed, and what it would read
    --schema: string@"nu-complete crdtctl sql schema" # List the views or, with the name of one, its columns
    --save: path              # Write all views into a new SQLite file, with the full-text index
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl sql global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl sql global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl sql global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl sql global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl sql global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    query?: string            # One SELECT; `-` reads it from stdin
  ]

  def "nu-complete crdtctl demo global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl demo global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl demo global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl demo global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl demo global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Run a tour: two replicas, a USB stick between them, deletions and pruning
  export extern "crdtctl demo" [
    --messages: string        # Make one store with this many messages instead of the tour
    --seed: string            # The same seed makes the same messages
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl demo global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl demo global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl demo global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl demo global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl demo global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    dir?: path                # A folder that is empty or does not exist yet; by default crdtctl-demo, or the next free number
  ]

  def "nu-complete crdtctl completions shell" [] {
    [ "bash" "zsh" "fish" "powershell" "elvish" "nushell" ]
  }

  def "nu-complete crdtctl completions global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl completions global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl completions global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl completions global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl completions global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Print the completion script for a shell
  export extern "crdtctl completions" [
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl completions global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl completions global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl completions global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl completions global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl completions global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
    shell: string@"nu-complete crdtctl completions shell"
  ]

  def "nu-complete crdtctl man global.output" [] {
    [ "table" "json" "ndjson" "tsv" "csv" "id" ]
  }

  def "nu-complete crdtctl man global.time" [] {
    [ "local" "utc" "relative" ]
  }

  def "nu-complete crdtctl man global.color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete crdtctl man global.fold" [] {
    [ "now" "later" ]
  }

  def "nu-complete crdtctl man global.progress" [] {
    [ "auto" "always" "never" ]
  }

  # Print the manual page, or write one page per command
  export extern "crdtctl man" [
    --out(-O): path           # Write one page per command into this directory
    --store(-s): path         # The store directory; by default the nearest one here or above, else the XDG data directory
    --entity(-e): string      # The entity: TYPE:ID, or only the id if it is unique
    --as: string              # The member to act as, by id or a unique prefix; by default the store's own member
    --output(-o): string@"nu-complete crdtctl man global.output" # The output format; by default a table on a terminal, else tab-separated
    --json                    # Same as `--output json`
    --quiet(-q)               # Print nothing but errors on standard error
    --full                    # Show multi-line cells of tables and long columns of boards in full
    --fields: string          # Show only these fields, in this order, by column or JSON field name
    --template: string        # Format each record with a template: `{{ title }}` is a field, as named in --json
    --no-header               # Leave out column and field names
    --time: string@"nu-complete crdtctl man global.time" # How to show times to people; JSON, TSV and CSV are not affected
    --verbose(-v)             # Say which store, entity and member are used
    --yes(-y)                 # Answer yes to every question
    --no-input                # Never ask: do as without a terminal, and fail if an answer is needed
    --no-pager                # Do not use a pager on a terminal
    --color: string@"nu-complete crdtctl man global.color" # When to use colour
    --lock-wait: string       # How long to wait while another process writes
    --fold: string@"nu-complete crdtctl man global.fold" # When to write the files of changed documents: before the command ends, or `later`
    --now: string             # The time to use as now
    --progress: string@"nu-complete crdtctl man global.progress" # When to show progress
    --state-dir: path         # The directory for the leases of this machine's replicas; by default the XDG state directory
    --help(-h)                # Print help (see more with '--help')
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl help" [
  ]

  # Create a store, or make an existing one your replica
  export extern "crdtctl help init" [
  ]

  # Show the store on one screen: who you are, who is behind, what waits, what is wrong or nearly full
  export extern "crdtctl help status" [
  ]

  # Print the acting member, its roles and its replica
  export extern "crdtctl help whoami" [
  ]

  # Create, list, show and rename entities: groups, channels, projects, organizations
  export extern "crdtctl help entity" [
  ]

  # Create an entity; its creator becomes its owner
  export extern "crdtctl help entity create" [
  ]

  # List the entities of the store
  export extern "crdtctl help entity list" [
  ]

  # Show one entity: its metadata, members and documents
  export extern "crdtctl help entity show" [
  ]

  # Rename an entity
  export extern "crdtctl help entity rename" [
  ]

  # Set the default entity, for commands that do not name one
  export extern "crdtctl help entity use" [
  ]

  # Add, remove and list the members of an entity
  export extern "crdtctl help member" [
  ]

  # Add a member, or add a removed one again
  export extern "crdtctl help member add" [
  ]

  # Remove a member; removing yourself means leaving
  export extern "crdtctl help member remove" [
  ]

  # Give a member another role
  export extern "crdtctl help member role" [
  ]

  # List the members
  export extern "crdtctl help member list" [
  ]

  # Show one member, with every field of its record
  export extern "crdtctl help member show" [
  ]

  # Messages, threads and reactions of an entity: send, edit, delete, list, search
  export extern "crdtctl help chat" [
  ]

  # Send a message; prints its id
  export extern "crdtctl help chat send" [
  ]

  # Get the files attached to a message
  export extern "crdtctl help chat attachment" [
  ]

  # Get a file that is attached to a message
  export extern "crdtctl help chat attachment get" [
  ]

  # Change the text of your own message
  export extern "crdtctl help chat edit" [
  ]

  # Delete your own message; admins and owners can delete anybody's
  export extern "crdtctl help chat delete" [
  ]

  # React to a message; prints nothing
  export extern "crdtctl help chat react" [
  ]

  # List messages, oldest first
  export extern "crdtctl help chat list" [
  ]

  # Mark messages and replies as read, in this store only: the marks are not part of any document
  export extern "crdtctl help chat read" [
  ]

  # Show the last messages and replies; with -f, follow new ones
  export extern "crdtctl help chat tail" [
  ]

  # Show one message or reply, with every field of its record
  export extern "crdtctl help chat show" [
  ]

  # Show a message and its replies, oldest first
  export extern "crdtctl help chat thread" [
  ]

  # Write the chat to a file: Markdown, HTML, CSV or NDJSON
  export extern "crdtctl help chat export" [
  ]

  # Find messages and replies that contain all of the given words, ignoring case
  export extern "crdtctl help chat search" [
  ]

  # Show and edit the kanban board of an entity: its columns and cards
  export extern "crdtctl help kanban" [
  ]

  # Show the board: its columns side by side, as wide as the terminal
  export extern "crdtctl help kanban board" [
  ]

  # Add a card at the end of a column; prints its id
  export extern "crdtctl help kanban add" [
  ]

  # Edit a card
  export extern "crdtctl help kanban edit" [
  ]

  # Move a card to another column, or to another place in its own
  export extern "crdtctl help kanban move" [
  ]

  # Take a card off the board
  export extern "crdtctl help kanban archive" [
  ]

  # Put an archived card back at the end of its column, or of the first if that is gone
  export extern "crdtctl help kanban restore" [
  ]

  # List the cards, in board order
  export extern "crdtctl help kanban list" [
  ]

  # Write the board to a file: Markdown, HTML, CSV or NDJSON
  export extern "crdtctl help kanban export" [
  ]

  # Show one card, with every field of its record
  export extern "crdtctl help kanban show" [
  ]

  # Add, rename, move and remove columns
  export extern "crdtctl help kanban column" [
  ]

  # Add a column after the others; prints its id
  export extern "crdtctl help kanban column add" [
  ]

  # Give a column another title
  export extern "crdtctl help kanban column rename" [
  ]

  # Move a column to another place on the board; to the end if no place is given
  export extern "crdtctl help kanban column move" [
  ]

  # Remove a column; one that has cards needs --to
  export extern "crdtctl help kanban column remove" [
  ]

  # Open, edit, comment on, close and list the issues of an entity
  export extern "crdtctl help issue" [
  ]

  # Open an issue; prints its id
  export extern "crdtctl help issue open" [
  ]

  # Change the title or the description of an issue
  export extern "crdtctl help issue edit" [
  ]

  # Set the status of an issue; it stays open until it is closed
  export extern "crdtctl help issue status" [
  ]

  # Set the priority of an issue
  export extern "crdtctl help issue priority" [
  ]

  # Assign an issue to a member
  export extern "crdtctl help issue assign" [
  ]

  # Comment on an issue, and print the comment's id; or change or delete a comment
  export extern "crdtctl help issue comment" [
  ]

  # List the comments on an issue, oldest first
  export extern "crdtctl help issue comments" [
  ]

  # Close an issue
  export extern "crdtctl help issue close" [
  ]

  # Open a closed issue again, as todo
  export extern "crdtctl help issue reopen" [
  ]

  # List the issues, oldest first unless sorted otherwise
  export extern "crdtctl help issue list" [
  ]

  # Write the issues to a file: Markdown, HTML, CSV or NDJSON
  export extern "crdtctl help issue export" [
  ]

  # Show one issue with its comments and every field of its record
  export extern "crdtctl help issue show" [
  ]

  # Draw on the whiteboard of an entity, view it, and connect it to a live relay
  export extern "crdtctl help canvas" [
  ]

  # Put an element on the canvas, above all others; prints its id
  export extern "crdtctl help canvas add" [
  ]

  # Set fields of an element
  export extern "crdtctl help canvas set" [
  ]

  # Move an element
  export extern "crdtctl help canvas move" [
  ]

  # Delete an element
  export extern "crdtctl help canvas delete" [
  ]

  # List the elements, lowest first
  export extern "crdtctl help canvas list" [
  ]

  # Show one element, with every field of its record
  export extern "crdtctl help canvas show" [
  ]

  # Undo this replica's last change to the canvas
  export extern "crdtctl help canvas undo" [
  ]

  # Redo the last undone change
  export extern "crdtctl help canvas redo" [
  ]

  # Draw the canvas as an SVG, or as a PNG if the file name ends in .png
  export extern "crdtctl help canvas render" [
  ]

  # Apply messages of a live relay as they arrive, one JSON object per line
  export extern "crdtctl help canvas apply" [
  ]

  # Print this replica's changes to the canvas as messages for a relay, until acknowledged
  export extern "crdtctl help canvas events" [
  ]

  # Put, get, edit and list the files on the disks of an entity
  export extern "crdtctl help disk" [
  ]

  # Put a file at a path; an existing text is edited where it differs
  export extern "crdtctl help disk put" [
  ]

  # Get a file or, with -r, all files below a path
  export extern "crdtctl help disk get" [
  ]

  # Print a file
  export extern "crdtctl help disk cat" [
  ]

  # List the files
  export extern "crdtctl help disk list" [
  ]

  # Show a file's record
  export extern "crdtctl help disk show" [
  ]

  # Edit a text in $VISUAL or $EDITOR; with `-`, read the whole new text from standard input
  export extern "crdtctl help disk edit" [
  ]

  # Move a file, or all files of a directory
  export extern "crdtctl help disk move" [
  ]

  # Remove a file or, with -r, all files of a directory
  export extern "crdtctl help disk remove" [
  ]

  # Restore a removed file, until every member has acknowledged its removal; or an earlier version of a file
  export extern "crdtctl help disk restore" [
  ]

  # Take in what changed in the directories: new, edited, moved and removed files
  export extern "crdtctl help disk scan" [
  ]

  # Show what differs between the store and the directories, and what is missing
  export extern "crdtctl help disk status" [
  ]

  # Publish /public/website: hash its files into B3SUMS, whose own hash is the root
  export extern "crdtctl help disk publish" [
  ]

  # Remove stored file contents that nobody needs: replaced versions, unfinished parts
  export extern "crdtctl help disk gc" [
  ]

  # Check a copy of a website against what was published: which files differ, are missing or extra
  export extern "crdtctl help disk verify" [
  ]

  # Show what happened to a file, as far as the log reaches back
  export extern "crdtctl help disk history" [
  ]

  # Show how the store's text differs from the file in the directory, another store's text, or what importing a bundle would make of it
  export extern "crdtctl help disk diff" [
  ]

  # Sync by file: export and import bundles, see what peers have
  export extern "crdtctl help sync" [
  ]

  # Write a bundle: everything, or with --for what one peer lacks
  export extern "crdtctl help sync export" [
  ]

  # Read bundles: all of them in one commit, or none
  export extern "crdtctl help sync import" [
  ]

  # Sync with a USB stick: import what is new on it, write to it what others lack
  export extern "crdtctl help sync stick" [
  ]

  # Show each peer: what it lacks, what we lack, what waits
  export extern "crdtctl help sync status" [
  ]

  # Write a bundle without updates, which tells others what is here
  export extern "crdtctl help sync receipt" [
  ]

  # Show what a bundle says it holds, without importing it
  export extern "crdtctl help sync show" [
  ]

  # Check a whole bundle, without a store: bounds, hashes, every update
  export extern "crdtctl help sync verify" [
  ]

  # List the replicas that bundles came from
  export extern "crdtctl help sync peers" [
  ]

  # Forget a peer: its next export is a full one
  export extern "crdtctl help sync forget" [
  ]

  # Move finished records into a file beside the documents, to keep the documents small
  export extern "crdtctl help archive" [
  ]

  # Move finished records into the archive, and say which wait for whom
  export extern "crdtctl help archive run" [
  ]

  # Show whether documents over their limit are archived automatically, or switch that on or off
  export extern "crdtctl help archive auto" [
  ]

  # Show how documents are archived, or change that for everybody
  export extern "crdtctl help archive mode" [
  ]

  # List what is in the archive, oldest first
  export extern "crdtctl help archive list" [
  ]

  # Show one archived record, with every version that was archived
  export extern "crdtctl help archive show" [
  ]

  # Bring an archived record back into its document, under its own id
  export extern "crdtctl help archive restore" [
  ]

  # Control when document files are written: with every command, or many changes at once
  export extern "crdtctl help fold" [
  ]

  # Write all pending changes to the files, so that other programs see them
  export extern "crdtctl help fold run" [
  ]

  # Show when the files of this store are written, or change that
  export extern "crdtctl help fold mode" [
  ]

  # Remove the tombstones that every active member has acknowledged
  export extern "crdtctl help prune" [
  ]

  # Show deleted records: which are still there, and whom they wait for
  export extern "crdtctl help tombstone" [
  ]

  # List the tombstones of the store or, with -e, of one entity
  export extern "crdtctl help tombstone list" [
  ]

  # Explain one tombstone: who deleted it, whom it waits for, and what pruning it frees
  export extern "crdtctl help tombstone why" [
  ]

  # Show records that are gone for good, kept for 30 days, and make new ones from them
  export extern "crdtctl help trash" [
  ]

  # List the records in the trash, latest first
  export extern "crdtctl help trash list" [
  ]

  # Show one record, with every field that it had
  export extern "crdtctl help trash show" [
  ]

  # Make a new record with the content of one in the trash; prints the new id
  export extern "crdtctl help trash restore" [
  ]

  # List and restore values that lost a merge
  export extern "crdtctl help conflict" [
  ]

  # List the values that lost, latest first
  export extern "crdtctl help conflict list" [
  ]

  # Show one conflict, with both values in full
  export extern "crdtctl help conflict show" [
  ]

  # Accept that a value stays lost: `conflict list` no longer shows it
  export extern "crdtctl help conflict dismiss" [
  ]

  # Restore the value that lost, as a new edit
  export extern "crdtctl help conflict restore" [
  ]

  # Inspect documents: what is in them, how large it is, what differs
  export extern "crdtctl help doc" [
  ]

  # List the documents of the store or, with -e, of one entity
  export extern "crdtctl help doc list" [
  ]

  # Identify files: updates, messages, logs, databases, packed or as text
  export extern "crdtctl help doc kind" [
  ]

  # Show what a document is and what it holds
  export extern "crdtctl help doc show" [
  ]

  # Print the live content of a document as JSON
  export extern "crdtctl help doc dump" [
  ]

  # Print the values that a JSONPath finds in a document
  export extern "crdtctl help doc get" [
  ]

  # Show the paths of a document, with their types and counts
  export extern "crdtctl help doc tree" [
  ]

  # Show what every byte of a document is used for
  export extern "crdtctl help doc size" [
  ]

  # Show the raw blocks of a document
  export extern "crdtctl help doc blocks" [
  ]

  # Show what differs between two documents, files, stores or bundles
  export extern "crdtctl help doc diff" [
  ]

  # Convert a file to another form
  export extern "crdtctl help doc convert" [
  ]

  # Merge files of one document, in any order
  export extern "crdtctl help doc merge" [
  ]

  # Write the update that one file lacks from another
  export extern "crdtctl help doc diff-update" [
  ]

  # Print the state vector of a file or document, or compare two
  export extern "crdtctl help doc vector" [
  ]

  # Explain what an update does
  export extern "crdtctl help doc explain" [
  ]

  # Show the history that a document or a file still has
  export extern "crdtctl help doc log" [
  ]

  # Show who wrote which part of a text, a list or a map
  export extern "crdtctl help doc blame" [
  ]

  # Rewrite the content of a document without its history
  export extern "crdtctl help doc rebuild" [
  ]

  # Load an update into a document
  export extern "crdtctl help doc load" [
  ]

  # Write a copy of a document without what people wrote, for bug reports
  export extern "crdtctl help doc anonymize" [
  ]

  # Print digests of the store or of one document, to compare replicas
  export extern "crdtctl help digest" [
  ]

  # Check the store for problems, and name the command that fixes each
  export extern "crdtctl help check" [
  ]

  # Repair findings of `crdtctl check`: only those that are named
  export extern "crdtctl help repair" [
  ]

  # Rebuild a damaged document from what is left of it and what others have
  export extern "crdtctl help recover" [
  ]

  # Run many operations as one: one lock, one load, one commit
  export extern "crdtctl help batch" [
  ]

  # Show what happened in this store: by whom, by which command, from whose bundle
  export extern "crdtctl help log" [
  ]

  # Show one command: its operations, and what it did to which records
  export extern "crdtctl help log show" [
  ]

  # Revert what one command did, with new edits that do the opposite
  export extern "crdtctl help log revert" [
  ]

  # Query the store in SQL: one query over views of everything it holds
  export extern "crdtctl help sql" [
  ]

  # Run a tour: two replicas, a USB stick between them, deletions and pruning
  export extern "crdtctl help demo" [
  ]

  # Print the completion script for a shell
  export extern "crdtctl help completions" [
  ]

  # Print the manual page, or write one page per command
  export extern "crdtctl help man" [
  ]

  # Print this message or the help of the given subcommand(s)
  export extern "crdtctl help help" [
  ]

}

export use completions *
