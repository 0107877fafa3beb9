package ccproxy.command;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The completion script for bash, 3.2 (macOS) and newer; the package bash-completion is not
/// needed.
final class BashCompletion {
    private static final String SCRIPT =
            """
            # Completes ccproxy in bash. Made by: ccproxy completion bash
            _ccproxy_files() {
                local IFS=$'\\n'
                COMPREPLY=($(compgen -f -- "$word"))
                compopt -o filenames 2>/dev/null
            }
            _ccproxy() {
                local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]} is_joined=
                local command=${COMP_WORDS[1]} flags words choices
                COMPREPLY=()
                # bash takes --flag=value apart, at the = and around it.
                if [[ $word == = ]]; then
                    is_joined=yes word=
                elif [[ $flag == = ]]; then
                    is_joined=yes flag=${COMP_WORDS[COMP_CWORD - 2]}
                fi
                [[ $command == -* ]] && command=serve
                case $command in
            %s        *) flags= words= ;;
                esac
                ((COMP_CWORD == 1)) && words='%s'
                case $flag in
            %s        *) choices= ;;
                esac
                case $flag in
                    %s) [[ $is_joined ]] || choices= ;;
                    %s)
                        _ccproxy_files
                        return
                        ;;
                    %s) [[ $choices ]] || return ;;
                esac
                if [[ $choices ]]; then
                    COMPREPLY=($(compgen -W "$choices" -- "$word"))
                elif [[ $word == -* ]]; then
                    COMPREPLY=($(compgen -W "$flags" -- "$word"))
                elif [[ $is_joined ]]; then
                    return
                elif ((COMP_CWORD > 1)) && [[ %s == *" $command "* ]]; then
                    _ccproxy_files
                else
                    COMPREPLY=($(compgen -W "$words" -- "$word"))
                fi
            }
            complete -F _ccproxy ccproxy
            """;

    private BashCompletion() {}

    static String script() {
        List<CompletionCommand.Flag> all =
                CompletionCommand.kinds()
                        .flatMap(command -> CompletionCommand.flags(command).stream())
                        .distinct()
                        .toList();
        return SCRIPT.formatted(
                commands(),
                String.join(" ", Subcommand.names()),
                choices(all),
                names(all.stream().filter(CompletionCommand.Flag::isSwitch).toList()),
                names(all.stream().filter(CompletionCommand.Flag::isPath).toList()),
                names(all.stream().filter(flag -> !flag.isSwitch() && !flag.isPath()).toList()),
                Stream.of(Subcommand.values())
                        .filter(Subcommand::takesPaths)
                        .map(Subcommand::text)
                        .collect(Collectors.joining(" ", "' ", " '")));
    }

    private static String commands() {
        var lines = new StringBuilder();
        for (Subcommand command : Subcommand.values()) {
            String line = "        %s) flags='%s' words='%s' ;;\n";
            String flags = String.join(" ", command.flags());
            lines.append(line.formatted(command.text(), flags, String.join(" ", command.words())));
        }
        return lines.toString();
    }

    private static String choices(List<CompletionCommand.Flag> flags) {
        return flags.stream()
                .filter(flag -> !flag.choices().isEmpty())
                .map(flag ->
                        "        %s) choices='%s' ;;\n"
                                .formatted(flag.name(), String.join(" ", flag.choices())))
                .collect(Collectors.joining());
    }

    private static String names(List<CompletionCommand.Flag> flags) {
        return flags.stream().map(CompletionCommand.Flag::name).collect(Collectors.joining(" | "));
    }
}
