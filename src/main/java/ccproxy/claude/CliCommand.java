package ccproxy.claude;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The command line of a CLI process.
final class CliCommand {
    /// Less than any answer costs: after the first one the CLI stops by itself, where it would ask
    /// again (`max_tokens`, `refusal`, an empty answer) and pay twice. Whether an answer was cut
    /// short is told by its own events.
    private static final String ONE_ANSWER_USD = "0.000000000001";

    private CliCommand() {}

    /// {@return the command}
    ///
    /// @param more arguments of one process only
    static List<String> of(Path program, CliSettings settings, List<String> more) {
        var command = new ArrayList<String>(List.of(program.toString()));
        command.addAll(List.of("--output-format", "stream-json", "--input-format", "stream-json"));
        command.addAll(List.of("--verbose", "--include-partial-messages"));
        command.addAll(List.of("--setting-sources=", "--strict-mcp-config"));
        // Given with initialize when a request has one: an argument has a limit of 128 kB.
        command.addAll(List.of("--system-prompt", ""));
        command.addAll(List.of("--permission-mode", settings.permissionMode()));
        command.addAll(more);
        if (more.isEmpty()) command.addAll(plainModel());
        return command;
    }

    /// {@return what makes it answer once, as the model alone, and remember nothing}
    private static List<String> plainModel() {
        return List.of(
                "--tools",
                "",
                // Each request names its own. Where the CLI itself knows of none it adds a
                // temperature, which many models refuse beside a client's top_p.
                "--thinking",
                "adaptive",
                "--max-turns",
                "1",
                "--max-budget-usd",
                ONE_ANSWER_USD,
                "--no-session-persistence");
    }
}
