# crdtctl 0.1.0: init, status, whoami, entity, member, chat, kanban, issue, canvas, disk, sync, archive, fold, prune, tombstone, trash, conflict, doc, digest, check, repair, recover, batch, log, sql, demo, completions, man
_clap_complete_crdtctl() {
    # Bash takes `:` and `=` for the ends of words, and ids have them inside: the words are put
    # together again as the line has them.
    local line=${COMP_LINE:0:COMP_POINT} word i
    local -a words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i == 0)) || [[ $line == [[:blank:]]* ]]; then
            line=${line#"${line%%[![:blank:]]*}"}
            words+=("")
        fi
        # The last word ends at the cursor.
        ((i == COMP_CWORD)) && word=$line
        line=${line:${#word}}
        words[${#words[@]}-1]+=$word
    done
    local last=$((${#words[@]} - 1))
    # Quotes and backslashes are the shell's, and no part of what is meant.
    local typed=${words[last]} quote=
    case $typed in
        \"* | \'*) quote=${typed:0:1} ;;
    esac
    for ((i = 0; i <= last; i++)); do
        word=${words[i]//\\/}
        case $word in
            \"*\" | \'*\') word=${word:1:${#word}-2} ;;
            \"* | \'*) word=${word:1} ;;
        esac
        words[i]=$word
    done
    local IFS=$'\013' space=true
    compopt +o nospace 2>/dev/null && space=false
    COMPREPLY=($(
        _CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX=$last _CLAP_COMPLETE_COMP_TYPE=$COMP_TYPE \
            _CLAP_COMPLETE_SPACE=$space CRDTCTL_COMPLETE=bash "crdtctl" -- "${words[@]}"
    )) || {
        unset COMPREPLY
        return
    }
    if [[ $space == false && ${COMPREPLY-} =~ [=/:]$ ]]; then
        compopt -o nospace
    fi
    # What Bash replaces begins behind the last of its word breaks.
    local head=
    if [[ -z $quote ]]; then
        local breaks=${COMP_WORDBREAKS//[^:=]/}
        [[ -n $breaks && $typed == *["$breaks"]* ]] && head=${words[last]%"${words[last]##*["$breaks"]}"}
    fi
    for i in "${!COMPREPLY[@]}"; do
        word=${COMPREPLY[i]#"$head"}
        [[ -z $quote && $word == *' '* ]] && word=${word// /\\ }
        COMPREPLY[i]=$word
    done
}
if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -o nospace -o bashdefault -o nosort -F _clap_complete_crdtctl crdtctl
else
    complete -o nospace -o bashdefault -F _clap_complete_crdtctl crdtctl
fi
