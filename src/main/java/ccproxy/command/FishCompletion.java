package ccproxy.command;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The completion script for fish.
final class FishCompletion {
    private static final String HEAD =
            """
            # Completes ccproxy in fish. Made by: ccproxy completion fish
            complete -c ccproxy -f
            """;

    private FishCompletion() {}

    static String script() {
        String commands =
                Stream.of(Subcommand.values())
                        .map(command ->
                                "complete -c ccproxy -n __fish_use_subcommand -a %s -d %s\n"
                                        .formatted(command.text(), quoted(command.meaning())))
                        .collect(Collectors.joining());
        String words =
                Stream.of(Subcommand.values())
                        .filter(command -> command.takesPaths() || !command.words().isEmpty())
                        .map(command -> words(command))
                        .collect(Collectors.joining());
        // Those of `serve` are also those without a subcommand, so they hide where others are.
        String flags =
                CompletionCommand.kinds().map(FishCompletion::flags).collect(Collectors.joining());
        return HEAD + commands + words + flags;
    }

    private static String words(Subcommand command) {
        String words =
                command.takesPaths() ? "-F" : "-a " + quoted(String.join(" ", command.words()));
        return "complete -c ccproxy -n '__fish_seen_subcommand_from %s' %s\n"
                .formatted(command.text(), words);
    }

    private static String flags(Subcommand command) {
        String others =
                CompletionCommand.kinds()
                        .filter(kind -> kind != Subcommand.SERVE)
                        .map(Subcommand::text)
                        .collect(Collectors.joining(" "));
        String where =
                command == Subcommand.SERVE
                        ? "not __fish_seen_subcommand_from " + others
                        : "__fish_seen_subcommand_from " + command.text();
        return CompletionCommand.flags(command).stream()
                .map(flag -> line(flag, where))
                .collect(Collectors.joining());
    }

    private static String line(CompletionCommand.Flag flag, String where) {
        String value = "";
        if (flag.isPath()) value = " -r -F";
        else if (!flag.isSwitch())
            value = " -x" + (flag.choices().isEmpty() ? "" : " -a " + quoted(choices(flag)));
        String line = "complete -c ccproxy -n '%s' -l %s%s -d %s\n";
        String name = flag.name().substring(2);
        return line.formatted(where, name, value, quoted(flag.meaning()));
    }

    private static String choices(CompletionCommand.Flag flag) {
        return String.join(" ", flag.choices());
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
