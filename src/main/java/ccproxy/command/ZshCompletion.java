package ccproxy.command;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The completion script for zsh: a file `_ccproxy` in a folder of `fpath`.
final class ZshCompletion {
    private static final String SCRIPT =
            """
            #compdef ccproxy
            # Completes ccproxy in zsh. Made by: ccproxy completion zsh
            local -a flags
            case ${words[2]} in
            %sesac
            local -a commands=(
            %s)
            if (( CURRENT == 2 )) && [[ ${words[2]} != -* ]]; then
                _describe 'subcommand' commands
                return
            fi
            if [[ ${words[2]} != -* ]]; then
                shift words
                (( CURRENT-- ))
            fi
            _arguments -S $flags
            """;

    private ZshCompletion() {}

    static String script() {
        String kinds =
                CompletionCommand.kinds()
                        .filter(command -> command != Subcommand.SERVE)
                        .map(command -> kind(command.text(), command))
                        .collect(Collectors.joining());
        String commands =
                Stream.of(Subcommand.values())
                        .map(command -> "    '%s:%s'\n".formatted(command.text(), meaning(command)))
                        .collect(Collectors.joining());
        return SCRIPT.formatted(kinds + kind("*", Subcommand.SERVE), commands);
    }

    private static String kind(String pattern, Subcommand command) {
        String flags =
                CompletionCommand.flags(command).stream()
                        .map(flag -> "    '" + argument(flag) + "'\n")
                        .collect(Collectors.joining());
        String words = "";
        if (command.takesPaths()) words = "    '*: :_files'\n";
        if (!command.words().isEmpty())
            words = "    '1: :(%s)'\n".formatted(String.join(" ", command.words()));
        return pattern + ") flags=(\n" + flags + words + ") ;;\n";
    }

    private static String argument(CompletionCommand.Flag flag) {
        String text = flag.name() + "%s[" + escaped(flag.meaning()) + "]";
        if (flag.isSwitch()) return text.formatted("");
        String values = flag.isPath() ? "_files" : "(" + String.join(" ", flag.choices()) + ")";
        // "=" also takes a value that is the next word.
        return text.formatted("=") + ":value:" + (values.equals("()") ? " " : values);
    }

    private static String meaning(Subcommand command) {
        return escaped(command.meaning());
    }

    private static String escaped(String text) {
        return text.replaceAll("[\\\\\\[\\]:]", "\\\\$0").replace("'", "'\\''");
    }
}
