package ccproxy.command;

import java.util.Objects;

/// Why the program cannot go on, as one line for the person who started it, and its exit code.
final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ExitCode code;

    /// What to say and how to end. Line breaks and control characters in `message` (a value may
    /// hold any) are shown as `?`, so that it stays one line.
    CommandException(ExitCode code, String message) {
        super(message.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?"));
        this.code = Objects.requireNonNull(code);
    }

    /// {@return the exit code}
    ExitCode code() {
        return code;
    }
}
