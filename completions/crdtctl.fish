# crdtctl 0.1.0: init, status, whoami, entity, member, chat, kanban, issue, canvas, sync, prune, tombstone, trash, conflict, doc, digest, check, repair, recover, batch, log, sql, demo, completions, man
complete --keep-order --exclusive --command crdtctl --arguments "(CRDTCTL_COMPLETE=fish crdtctl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
