package ccproxy.claude;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/// What is to be known of the Claude Code CLI. An empty string means "not set".
///
/// @param path the program, or `""` to look for `claude` on the PATH
/// @param workFolder where the CLI works, or `""` for a private empty folder a process
/// @param tools built-in tools the CLI may use: `""` for none, `default`, or a list
/// @param permissionMode as the CLI's own flag
/// @param messageMode what of the CLI's own doings a client sees
/// @param warm processes started ahead
/// @param processesMax processes at once, busy, idle and warm
/// @param stateFolder where sessions are kept over a restart
/// @param environment the variables of this program
public record CliSettings(
        String path,
        String workFolder,
        String tools,
        String permissionMode,
        MessageMode messageMode,
        int warm,
        int processesMax,
        Path stateFolder,
        Map<String, String> environment) {
    /// What of the CLI's own doings reaches a client.
    public enum MessageMode {
        /// Nothing: the model's own answer only.
        IGNORE,
        /// Tool uses, results and system lines as XML-tagged text.
        FORMATTED,
        /// The same as content blocks of their own types.
        FORWARD
    }

    /// No CLI at all.
    public static final CliSettings NONE =
            new CliSettings("", "", "", "default", MessageMode.IGNORE, 0, 1, Path.of(""), Map.of());

    /// Checks that every part is there.
    public CliSettings {
        Objects.requireNonNull(path);
        Objects.requireNonNull(workFolder);
        Objects.requireNonNull(tools);
        Objects.requireNonNull(permissionMode);
        Objects.requireNonNull(messageMode);
        Objects.requireNonNull(stateFolder);
        environment = Map.copyOf(environment);
    }
}
