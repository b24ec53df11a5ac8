# crdtctl 0.1.0: init, status, whoami, entity, member, chat, kanban, issue, canvas, disk, sync, archive, fold, prune, tombstone, trash, conflict, doc, digest, check, repair, recover, batch, log, sql, demo, completions, man
set edit:completion:arg-completer[crdtctl] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) CRDTCTL_COMPLETE="elvish" crdtctl -- $@words) | to-lines
}

