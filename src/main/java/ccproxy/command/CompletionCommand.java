package ccproxy.command;

import ccproxy.observe.UsageReport;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// `completion`: the script that completes subcommands, flags and values in a shell, from the
/// tables of both. So it is always of the version that wrote it.
final class CompletionCommand {
    /// The shells that there is one for.
    static final List<String> SHELLS = List.of("bash", "zsh", "fish");

    private CompletionCommand() {}

    /// Prints the script for the shell that the words name.
    ///
    /// @throws CommandException if they name none
    static ExitCode run(List<String> words, Surroundings surroundings) {
        String shell = String.join(" ", words);
        Supplier<String> script =
                switch (shell) {
                    case "bash" -> BashCompletion::script;
                    case "zsh" -> ZshCompletion::script;
                    case "fish" -> FishCompletion::script;
                    default -> {
                        String message = "completion: expected bash, zsh or fish, found '%s'";
                        throw new CommandException(ExitCode.USAGE, message.formatted(shell));
                    }
                };
        surroundings.out().print(script.get());
        return ExitCode.OK;
    }

    /// One flag, as a completion script needs it.
    ///
    /// @param name such as `--port`
    /// @param meaning one line for people
    /// @param choices what its value can be, if that is a list
    /// @param isPath whether its value is the name of a file or folder
    /// @param isSwitch whether it alone says all
    record Flag(
            String name, String meaning, List<String> choices, boolean isPath, boolean isSwitch) {
        private static Flag of(Key<?> key) {
            var type = key.type();
            return new Flag(
                    key.flag(), key.meaning(), type.choices(), type.isPath(), key.isSwitch());
        }
    }

    /// {@return every flag of `subcommand`, in the order of its help}
    static List<Flag> flags(Subcommand subcommand) {
        return subcommand.flags().stream().map(CompletionCommand::flag).toList();
    }

    /// {@return the subcommands that take other flags than `serve`, and `serve` itself}
    static Stream<Subcommand> kinds() {
        return Stream.of(Subcommand.values())
                .filter(c -> c == Subcommand.SERVE || !c.flags().equals(Subcommand.SERVE.flags()));
    }

    private static Flag flag(String name) {
        return switch (name) {
            case Args.CONFIG -> new Flag(name, "the settings file", List.of(), true, false);
            case Args.HELP -> new Flag(name, "what there is", List.of(), false, true);
            case Args.VERSION -> new Flag(name, "the version", List.of(), false, true);
            case "--session" -> new Flag(name, "the session to go on", List.of(), false, false);
            case "--client" ->
                    new Flag(name, "the client to play", ClientScript.NAMES, false, false);
            case "--model" -> new Flag(name, "the model to ask", List.of(), false, false);
            case "--by" -> {
                List<String> groups =
                        Stream.of(UsageReport.By.values()).map(UsageReport.By::text).toList();
                yield new Flag(name, "what to add up by", groups, false, false);
            }
            case "--since" -> new Flag(name, "from when on", List.of(), false, false);
            case Args.JSON -> new Flag(name, "for programs", List.of(), false, true);
            default ->
                    Keys.ALL.stream()
                            .filter(key -> key.flag().equals(name))
                            .map(Flag::of)
                            .findFirst()
                            .orElseThrow();
        };
    }
}
