# crdtctl 0.1.0: init, status, whoami, entity, member, chat, kanban, issue, canvas, disk, sync, archive, fold, prune, tombstone, trash, conflict, doc, digest, check, repair, recover, batch, log, sql, demo, completions, man
Register-ArgumentCompleter -Native -CommandName crdtctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $prev = $env:CRDTCTL_COMPLETE;
    $env:CRDTCTL_COMPLETE = "powershell";

    $args = $commandAst.Extent.Text
    $args = $args.Substring(0, [math]::Min($cursorPosition, $args.Length));
    if ($wordToComplete -eq "") {
        $args += " ''";
    }

    $results = Invoke-Expression @"
& crdtctl -- $args
"@;
    if ($null -eq $prev) {
        Remove-Item Env:\CRDTCTL_COMPLETE;
    } else {
        $env:CRDTCTL_COMPLETE = $prev;
    }
    $results | ForEach-Object {
        $split = $_.Split("`t");
        $cmd = $split[0];

        if ($split.Length -eq 2) {
            $help = $split[1];
        }
        else {
            $help = $split[0];
        }

        [System.Management.Automation.CompletionResult]::new($cmd, $cmd, 'ParameterValue', $help)
    }
};
        
