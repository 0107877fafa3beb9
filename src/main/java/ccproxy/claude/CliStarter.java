package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Starts CLI processes.
final class CliStarter {
    private final ClaudeSettings settings;
    private final CliProgram program;
    private final CliCounters counters;

    CliStarter(ClaudeSettings settings, CliProgram program, CliCounters counters) {
        this.settings = settings;
        this.program = program;
        this.counters = counters;
    }

    /// {@return a process}
    ///
    /// @param more arguments of an agent; none for one that is the model alone
    /// @throws ApiException when there is no usable program
    ClaudeProcess start(List<String> more) throws InterruptedException {
        Path path = program.path();
        CliFolders folders = CliFolders.open();
        try {
            ClaudeProcess process =
                    ClaudeProcess.start(
                            CliCommand.of(path, settings.cli(), more),
                            CliEnvironment.of(settings, folders.temporary(), more.isEmpty()),
                            folders,
                            settings.cli().workFolder());
            counters.started.increment();
            Log.debug("process started").with("pid", process.pid()).write();
            return process;
        } catch (IOException e) {
            folders.close();
            throw new ApiException(
                            ErrorKind.UNAVAILABLE,
                            "the Claude Code CLI at "
                                    + path
                                    + " cannot be started: "
                                    + e.getMessage())
                    .code("cli_unavailable");
        }
    }
}
